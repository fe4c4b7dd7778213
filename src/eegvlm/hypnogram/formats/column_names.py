"""What the name of a table's column says it is: stage, start, end, length, epoch number, scorer, or something else.

Names are compared in lower case, without accents and punctuation; a unit at the end (``onset_s``, ``Duration [ms]``)
is taken away and kept. English, German, French, Spanish, Italian, Dutch, Portuguese, Polish and Czech.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final, NamedTuple

from eegvlm.core.accents import without_accents


class ColumnRole(Enum):
    """What a column is."""

    STAGE = "stage"
    TEXT = "text"  # an event or annotation, which may be a stage
    ONSET = "onset"
    END = "end"
    LENGTH = "length"
    EPOCH = "epoch"
    DATE = "date"
    SCORER = "scorer"
    NIGHT = "night"
    OTHER = "other"  # known, and nothing to do with time or stage


class Meaning(NamedTuple):
    """What a name says: the role, the unit, and whether times are of day (``clock``) or ``elapsed``."""

    role: ColumnRole
    unit: str | None = None
    times: str | None = None


_UNITS: Final = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds", "sek", "sekunden", "secondes", "segundos"), "s"),
    **dict.fromkeys(("secondi", "seconden", "sekundy"), "s"),
    **dict.fromkeys(("ms", "msec", "millisecond", "milliseconds", "millis", "millisekunden"), "ms"),
    **dict.fromkeys(("min", "mins", "minute", "minutes", "minuten", "minutos", "minuti", "minuty"), "min"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours", "stunden", "heures", "horas", "ore", "uren"), "h"),
    **dict.fromkeys(("sample", "samples", "smp", "samp", "frame", "frames", "datapoints", "points"), "samples"),
    **dict.fromkeys(("epochs", "epochen"), "epochs"),
    **dict.fromkeys(("hhmmss", "hhmm", "hms"), "hms"),
    **dict.fromkeys(("hh mm ss", "hh mm"), "hms"),
}
_NAMES: Final[dict[ColumnRole, tuple[str, ...]]] = {
    ColumnRole.STAGE: (
        *("stage", "stages", "sleep stage", "sleep stages", "sleepstage", "sleepstages", "hypnogram", "hypno"),
        *("stage label", "stage name", "sleep state", "scored stage", "consensus", "stage code", "stage number"),
        *("stagecode", "aasm", "stadium", "schlafstadium", "schlafstadien", "schlafphase", "schlafstufe", "stade"),
        *("stade de sommeil", "stades", "fase", "fase de sueno", "fase del sueno", "estadio", "stadio"),
        *("stadio del sonno", "fase del sonno", "slaapstadium", "slaapfase", "fase do sono", "estagio"),
        *("estagio do sono", "faza", "faza snu", "stadium snu", "faze", "faze spanku", "spankova faze", "profil"),
        *("schlafprofil", "sleep profile", "staging"),
    ),
    ColumnRole.TEXT: (
        *("trial type", "annotation", "annotations", "event", "events", "event type", "event name", "label"),
        *("labels", "description", "score", "scoring", "value", "type", "name", "text", "state", "class"),
        *("ereignis", "evenement", "evento", "gebeurtenis", "zdarzenie", "udalost", "beschreibung", "bezeichnung"),
    ),
    ColumnRole.ONSET: (
        *(
            "onset",
            "onsets",
            "recording onset",
            "start",
            "begin",
            "beginning",
            "from",
            "time",
            "times",
            "t",
            "start time",
        ),
        *(
            "starttime",
            "begin time",
            "onset time",
            "epoch start",
            "epoch onset",
            "stage start",
            "event start",
            "timestamp",
        ),
        *("time stamp", "datetime", "date time", "elapsed", "elapsed time", "relative time", "rel time", "clock"),
        *("clock time", "time of day", "start datetime", "start date time", "uhrzeit", "zeit", "startzeit", "beginn"),
        *("anfang", "von", "heure", "heure de debut", "debut", "temps", "hora", "inicio", "hora de inicio"),
        *("hora inicio", "tiempo", "ora", "ora inizio", "ora di inizio", "inizio", "tempo", "tijd", "starttijd"),
        *("begintijd", "begin tijd", "czas", "godzina", "poczatek", "czas rozpoczecia"),
        *("cas", "zacatek", "cas zacatku"),
    ),
    ColumnRole.END: (
        *("end", "ends", "stop", "offset", "to", "until", "till", "end time", "endtime", "stop time", "stoptime"),
        *("offset time", "finish", "epoch end", "stage end", "event end", "end datetime", "end date time"),
        *("ende", "endzeit", "bis", "heure de fin", "fin", "hora de fin", "hora fin", "ora fine", "fine", "einde"),
        *("eindtijd", "fim", "hora de fim", "hora de termino", "koniec", "czas zakonczenia", "konec", "cas konce"),
    ),
    ColumnRole.LENGTH: (
        *(
            "duration",
            "durations",
            "dur",
            "length",
            "epoch length",
            "epoch duration",
            "stage duration",
            "event duration",
        ),
        *("n epochs", "num epochs", "number of epochs", "epoch count"),
        *("dauer", "lange", "duree", "duracion", "durata", "duur", "duracao", "czas trwania", "trvani", "delka"),
    ),
    ColumnRole.EPOCH: (
        *(
            "epoch",
            "epochs",
            "epoch number",
            "epoch no",
            "epoch nr",
            "epoch num",
            "epoch index",
            "epoch idx",
            "epoch id",
        ),
        *("epochnumber", "epochno", "no", "nr", "num", "number", "n", "index", "idx", "row", "id", "unnamed 0", ""),
        *("epoche", "epochennummer", "epoque", "numero d epoque", "epoca", "epocas", "epok", "epoka", "numer epoki"),
        *(
            "epocha",
            "cislo epochy",
            "start epoch",
            "first epoch",
            "fenster",
            "window",
            "segment",
            "30s epoch",
            "line",
            "sleep epoch",
        ),
    ),
    ColumnRole.DATE: ("date", "day", "datum", "fecha", "data", "jour", "start date", "startdate", "recording date"),
    ColumnRole.SCORER: (
        *("scorer", "scorers", "rater", "reader", "annotator", "scored by", "scorer id", "scorer name", "rater id"),
        *("expert", "technician", "tech", "user", "auswerter", "evaluateur", "scoreur", "evaluador", "valutatore"),
        *("beoordelaar", "avaliador", "hodnotitel", "observer", "coder", "reviewer", "source", "model", "scoring id"),
    ),
    ColumnRole.NIGHT: (
        *("subject", "subject id", "participant", "participant id", "patient", "patient id", "recording", "record"),
        *("recording id", "file", "filename", "file name", "night", "session", "study", "sub", "ses", "visit"),
    ),
}
_ROLE_OF: Final = {name: role for role, names in _NAMES.items() for name in names}
_ELAPSED = frozenset(("onset", "recording onset", "elapsed", "elapsed time", "relative time", "rel time", "onset time"))
_CLOCK = frozenset(("clock", "clock time", "time of day", "uhrzeit", "heure", "hora", "ora", "godzina"))
# Measures that tables of epochs carry beside the stage, by a word in the name.
_OTHER = re.compile(
    r"^(?:p|pr|prob|proba|probs|probability|wahrscheinlichkeit|likelihood|logit)\b|"
    r"\b(?:p|prob|probability)$|"
    r"\b(?:confidence|certainty|entropy|quality|arousals?|apn?o?eas?|hypopn?o?eas?|rera|desaturations?|desats?|"
    r"spo2|sp o2|sao2|sa o2|heart|hr|bpm|pulse|snor\w*|position|plms?|lms?|limb|legs?|comments?|notes?|remarks?|"
    r"kommentar\w*|"
    r"bemerkung\w*|commentaires?|comentarios?|commenti|channels?|linked|artefacts?|artifacts?|delta|theta|alpha|"
    r"sigma|beta|gamma|power|emg|eog|ecg|lights?|temperature|spindles?|kcomplex\w*|hypno_?density|lux|activity)\b"
)
_PROBABILITY = re.compile(r"(?:w|wake|n1|n2|n3|n4|r|rem|s1|s2|s3|s4|nrem|sleep)")
_BRACKET = re.compile(r"[\[(]([^\])]*)[\])]")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def meaning_of(name: str) -> Meaning | None:
    """Return what a column's name says, or None where it says nothing that is known.

    Examples
    --------
    >>> meaning_of("Onset [ms]")
    Meaning(role=<Role.ONSET: 'onset'>, unit='ms', times='elapsed')
    >>> meaning_of("Heure de début").role, meaning_of("epoch_no").role, meaning_of("foo")
    (<Role.ONSET: 'onset'>, <Role.EPOCH: 'epoch'>, None)
    """
    bracketed = [_folded(match) for match in _BRACKET.findall(name)]
    unit = next((_UNITS[text] for text in bracketed if text in _UNITS), None)
    words = _folded(_BRACKET.sub(" ", name)).split()
    while words and words[0] in ("the", "in"):
        words.pop(0)
    plain = " ".join(words)
    if name.strip() and not plain:
        return None  # punctuation, or a unit alone
    role = _ROLE_OF.get(plain)
    if role is None and words and words[-1] in _UNITS:
        unit = unit or _UNITS[words[-1]]
        words.pop()
        while words and words[-1] in ("in", "no"):
            words.pop()
        plain = " ".join(words)
        role = _ROLE_OF.get(plain) if plain else ColumnRole.ONSET  # a column named 'seconds' or 'Sample #'
    if role is None and plain.endswith(" no") and plain.removesuffix(" no") in _UNITS:
        role, unit = ColumnRole.ONSET, _UNITS[plain.removesuffix(" no")]
    if role is None and (_OTHER.search(plain) or _PROBABILITY.fullmatch(plain)):
        role = ColumnRole.OTHER
    if role is None:
        return None
    times = "elapsed" if plain in _ELAPSED else ("clock" if plain in _CLOCK else None)
    return Meaning(role, unit, times)


def _folded(text: str) -> str:
    """Lower case without accents, one space between words, ``startTime`` split in two."""
    spaced = _CAMEL.sub(" ", text).replace("#", " no ")
    return " ".join(re.findall(r"[^\W_]+", without_accents(spaced)))
