"""Reasoning: findings to words, words to claims, claims against the signal.

The door of the room: :func:`compose` writes a :class:`Rationale` of an epoch, :func:`parse` reads any text back into
:class:`Claim` lists, :func:`verify` compares them with what was measured, :func:`acceptor` tells a decoder which text
may come next. All work from the table of :mod:`eegvlm.scoring`. Notable: texts are rounded, then claimed; what no
channel could show is said to be so. Not covered: free language; a sentence that the grammar does not know is handed
back unread.
"""

from eegvlm.reasoning.acceptor import Acceptor, acceptor
from eegvlm.reasoning.composing import Rationale, compose, describe
from eegvlm.reasoning.context import channel_words, night_contexts
from eegvlm.reasoning.gbnf import gbnf, grounded_gbnf
from eegvlm.reasoning.grounding import GroundedGrammar, grounded, true_sentences
from eegvlm.reasoning.parsing import Reading, derivation_note, parse
from eegvlm.reasoning.record import rationale_record
from eegvlm.reasoning.verifying import verify
from eegvlm.scoring import Claim, Context, Outcome, OwnKind, Verdict, faithfulness

__all__ = [
    "Acceptor",
    "Claim",
    "Context",
    "GroundedGrammar",
    "Outcome",
    "OwnKind",
    "Rationale",
    "Reading",
    "Verdict",
    "acceptor",
    "channel_words",
    "compose",
    "derivation_note",
    "describe",
    "faithfulness",
    "gbnf",
    "grounded",
    "grounded_gbnf",
    "night_contexts",
    "parse",
    "rationale_record",
    "true_sentences",
    "verify",
]
