"""Which annotation texts mark lights off or lights on.

A text counts as a marker only if all of it is explained: a spelling below, a clock time, digits, punctuation,
and the channel that EDF+ may append after ``@@``. ``Lights off in 5 min`` merely mentions lights, and ``Lights``
alone says nothing.

Not covered: numeric event codes, markers that recorders keep outside of annotations, and the length of an
annotation: the end of a long ``Lights off`` is not taken for lights on.
"""

from __future__ import annotations

import re
from typing import Literal

from eegvlm.core.accents import without_accents

Switch = Literal["off", "on"]

# Nouns, then the words for lights going off and for lights going on. Letters only, without accents.
_WORDS = (
    ("lights?|l", "off|out", "on"),  # also LOff and L Out
    ("lights?(?:turned|switched|are|were)", "off|out", "on"),
    ("lichte?r?", "aus|ausgeschaltet|geloscht", "an|ein|angeschaltet|eingeschaltet"),  # German
    ("licht(?:en)?", "uit", "aan"),  # Dutch
    ("lumieres?", "eteintes?", "allumees?"),  # French
    ("lu[cz]es|luz", "apagadas?", "encendidas?|prendidas?|acesas?"),  # Spanish, Portuguese
    ("luc[ei]", "spent[ae]", "acces[ae]"),  # Italian
    ("ljuset|ljus|lampan|lampa", "av|slackt", "pa|tant"),  # Swedish
    ("lyset|lys", "av|slukket", "pa|taendt"),  # Danish, Norwegian
    ("valot|valo", "pois", "paalle"),  # Finnish
    ("(?:extinction|fermeture)(?:des?|dela)?lumieres?", "", "(?!)"),  # French, as a noun
    ("(?:allumage|ouverture)(?:des?|dela)?lumieres?", "(?!)", ""),
    ("消灯|熄灯|关灯", "", "(?!)"),  # Japanese, Chinese
    ("点灯|开灯", "(?!)", ""),
)
_OFF = re.compile("|".join(f"(?:{noun})(?:{off})" for noun, off, _ in _WORDS))
_ON = re.compile("|".join(f"(?:{noun})(?:{on})" for noun, _, on in _WORDS))
_MENTION = re.compile(r"\blights? ?(?:off|out|on)\b|\blicht ?(?:aus|an|uit|aan)\b|\blumieres? (?:eteint|allum)\w*")
_CLOCK_TIME = re.compile(r"(?:\b(?:at|um|a)\s+)?\d{1,2}\s*[:.h]\s*\d{2}(?:[:.]\d{2})*(?:\s*[ap]\.?m\b\.?)?")
_CAPITAL_WITHIN = re.compile(r"(?<=[a-z])(?=[A-Z])")  # LightsOff


def marker_text(text: str) -> str:
    """Return an annotation's text in one printable line, without the channel after ``@@``."""
    line = " ".join(text.partition("@@")[0].split())
    return "".join(character for character in line if character.isprintable())


def lights_switch(text: str) -> Switch | None:
    """Tell whether an annotation marks lights off or lights on.

    Parameters
    ----------
    text
        The annotation, ``Lights Off``, ``LOff``, ``Licht aus@@EEG C4-M1`` ...

    Returns
    -------
    ``"off"``, ``"on"`` or None
        None for any other text, also for one that mentions lights beside other words.

    Examples
    --------
    >>> lights_switch("Lights-Off"), lights_switch("L Out"), lights_switch("Lumière allumée")
    ('off', 'off', 'on')
    >>> lights_switch("Lights") is lights_switch("Lights off in 5 min") is None
    True
    """
    if "?" in text:
        return None
    letters = "".join(_words(text))
    inner = letters
    for edge in ("startof", "beginningof"):
        inner = inner.removeprefix(edge)
    inner = inner.removesuffix("start")
    # The end of lights off is lights on; what the end of lights on would be, no recorder says.
    ended = inner.removeprefix("endof").removesuffix("end")
    if ended != inner:
        return "on" if _OFF.fullmatch(ended) else None
    if _OFF.fullmatch(inner):
        return "off"
    return "on" if _ON.fullmatch(inner) else None


def mentions_lights(text: str) -> bool:
    """Tell whether a text speaks of lights off or on, as a marker or among other words."""
    return lights_switch(text) is not None or _MENTION.search(" ".join(_words(text))) is not None


def _words(text: str) -> list[str]:
    """Split a text into words of lower-case letters without accents."""
    spaced = _CAPITAL_WITHIN.sub(" ", text.partition("@@")[0])
    return re.findall(r"[^\W\d_]+", _CLOCK_TIME.sub(" ", without_accents(spaced)))
