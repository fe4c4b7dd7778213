"""The words for sleep stages: what scoring software and scorers of nine languages write.

Spellings are keys: lower case, without accents, spaces and punctuation, after the words that only say "stage"
or "sleep" were taken away at either end (:func:`eegvlm.hypnogram.stage.stage_of_spelling` makes them). Sources:
the stage names that Alice/Sleepware, Cadwell, Compumedics, DOMINO, Dreem, EDFbrowser, Embla/RemLogic, Natus/XLTEK,
Nihon Kohden, Noxturnal, NSRR, Polyman and U-Sleep export, and the terms of the AASM manual's translations.

Not covered: abbreviations that mean something else among events (``SP`` is paradoxical sleep in French and a
spindle everywhere), and the light and deep sleep of wearables, see :data:`LIGHT_SLEEP`.
"""

from __future__ import annotations

from typing import Final

DEEP_SLEEP: Final = frozenset(
    (
        *("deep", "tief", "tiefschlaf", "profond", "lentprofond", "profundo", "profondo", "diep", "diepe"),
        *("gleboki", "hluboky"),
    )
)
# Rechtschaffen and Kales 1968 to AASM: S1 -> N1, S2 -> N2, S3 and S4 -> N3, movement time -> unscored.
SPELLINGS: Final[dict[str, tuple[str, ...]]] = {
    "W": (
        *("w", "wake", "wk", "awake", "awa", "wakefulness", "waking", "wakestate", "s0", "n0"),
        *("wach", "wachheit", "wachzustand", "wachsein", "eveil", "eveille", "veille", "vigilia", "vigile"),
        *("despierto", "veglia", "sveglio", "waak", "wakker", "waken", "vigil", "acordado", "desperto"),
        *("czuwanie", "jawa", "bdeni", "bdely", "vzhuru", "vagen", "vaken"),
    ),
    "N1": ("n1", "s1", "st1", "nrem1", "nonrem1", "nremn1", "nonremn1", "nremi", "nonremi", "nrems1"),
    "N2": ("n2", "s2", "st2", "nrem2", "nonrem2", "nremn2", "nonremn2", "nremii", "nonremii", "nrems2"),
    "N3": (
        *("n3", "s3", "st3", "nrem3", "nonrem3", "nremn3", "nonremn3", "nremiii", "nonremiii", "nrems3"),
        *("n4", "s4", "st4", "nrem4", "nonrem4", "nremn4", "nonremn4", "nremiv", "nonremiv", "nrems4"),
        *("sws", "slowwave", "deltasleep", "n3n4", "s3s4", "n34", "s34", "nrem34", "slp", *DEEP_SLEEP),
    ),
    "R": (
        *("r", "rem", "paradoxical", "paradoxal", "paradox", "rems", "remschlaf", "remslaap", "traumschlaf"),
        *("mor", "paradoxalny", "paradoxni", "rapideyemovement", "rapideyemovementsleep"),
    ),
    "?": (
        *("unscored", "uns", "unknown", "undefined", "unsure", "notscored", "nostage", "unstaged", "notstaged"),
        *("na", "nan", "none", "null", "outofbounds", "indeterminate", "nichtbewertet", "unbewertet", "unbekannt"),
        *("nonscore", "noncote", "sinpuntuar", "nonvalutato", "nietgescoord", "naoclassificado"),
        *("nieoceniono", "nehodnoceno", "desconocido", "sconosciuto", "onbekend", "inconnu"),
        *("movementtime", "movement", "mt", "m", "bewegung", "bewegungszeit", "mouvement", "movimiento"),
        *("movimento", "beweging", "ruch", "pohyb"),
        *("artefact", "artifact", "art", "artefakt", "artefacto", "artefatto", "artefato"),
    ),
}
# Digits, Roman numerals and single letters are labels only after a word that says so: never a bare ``1``.
AFTER_THE_WORD_STAGE: Final[dict[str, tuple[str, ...]]] = {
    "W": ("0",),
    "N1": ("1", "i"),
    "N2": ("2", "ii"),
    "N3": ("3", "4", "34", "iii", "iv", "iiiiv"),
    "?": ("u", "no"),
}
RECHTSCHAFFEN_KALES: Final = frozenset(
    (
        *("1", "2", "3", "4", "34", "i", "ii", "iii", "iv", "iiiiv", "s1", "s2", "s3", "s4", "s3s4", "s34"),
        *("n4", "n3n4", "n34", "nrem4", "nonrem4", "nremiv", "st1", "st2", "st3", "st4", "movementtime", "mt"),
    )
)
# Light sleep is N1 and N2 together: a scoring that has it does not say which epochs are N1.
LIGHT_SLEEP: Final = frozenset(
    (
        *("light", "leicht", "leichtschlaf", "leger", "lentleger", "sll", "ligero", "superficial", "leggero"),
        *("lichte", "leve", "lekki", "plytki", "lehky", "core"),
    )
)
# What may stand before or after the name of a stage without changing it.
AROUND: Final = frozenset(
    (
        *("sleep", "stage", "stages", "sdo", "schlaf", "schlafstadium", "stadium", "schlafphase", "schlafstufe"),
        *("phase", "stade", "sommeil", "fase", "estadio", "etapa", "sueno", "stadio", "sonno", "slaap"),
        *("slaapstadium", "slaapfase", "stadia", "estagio", "sono", "faza", "snu", "sen", "stopien"),
        *("spanek", "spanku", "de", "du", "del", "di", "do", "des", "nonrapideyemovementsleep", "faze"),
    )
)
# Of the above, those that are about stages or sleep: after ``de`` alone a digit is no stage.
SAYS_STAGE: Final = AROUND - {"de", "du", "del", "di", "do", "des"}
