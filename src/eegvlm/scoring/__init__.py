"""Scoring: the one table of what is known of findings and rules, and the epoch that answers questions.

The door of the room: :data:`TABLE` holds an entry for every kind of finding, every rule and every argument against a
stage; an :class:`Epoch` is asked what it shows, and :func:`supported_rules` which rules that meets. Detectors take
their limits from :mod:`eegvlm.scoring.limits`; composing, parsing and verifying (:mod:`eegvlm.reasoning`), the texts
and numbers for models (:mod:`eegvlm.evidence`) and the report take the rest. Not covered: how anything is measured.
"""

from eegvlm.scoring.arguments import Argument
from eegvlm.scoring.claim import Claim, Outcome, OwnKind, Verdict, faithfulness
from eegvlm.scoring.context import Context, Neighbours
from eegvlm.scoring.epoch import Epoch, supported_rules
from eegvlm.scoring.facts import Fact
from eegvlm.scoring.finding import Finding
from eegvlm.scoring.kinds import FindingKind, Kind
from eegvlm.scoring.rules import Rule
from eegvlm.scoring.table import TABLE, Table

__all__ = [
    "TABLE",
    "Argument",
    "Claim",
    "Context",
    "Epoch",
    "Fact",
    "Finding",
    "FindingKind",
    "Kind",
    "Neighbours",
    "Outcome",
    "OwnKind",
    "Rule",
    "Table",
    "Verdict",
    "faithfulness",
    "supported_rules",
]
