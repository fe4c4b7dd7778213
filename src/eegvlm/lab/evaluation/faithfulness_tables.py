"""The tables of a model's faithfulness, and what a reader of them must know."""

from __future__ import annotations

from dataclasses import replace

from eegvlm.lab.evaluation.claim_verdicts import VerdictRow
from eegvlm.lab.evaluation.comparison import difference_table, system_table
from eegvlm.lab.evaluation.deletion import DRAWS
from eegvlm.lab.evaluation.faithfulness import Faithfulness
from eegvlm.lab.evaluation.tables import FigureTable
from eegvlm.reasoning import Outcome

_STATED = {
    "free": "reasons were free: the model stated what it sees, and nothing kept it to what was measured",
    "grounded": "reasons were grounded: only what holds in the epoch could be stated, so that verdicts say nothing of "
    "what the model sees",
}


def faithfulness_tables(faithfulness: Faithfulness) -> list[FigureTable]:
    """Return all tables: claims, texts, deletion, both answers."""
    answers = system_table(faithfulness.answers)
    return [
        _verdict_table("Claims of the rationales against the signal", "claim", faithfulness.by_kind),
        _verdict_table("Claims by the stage in which the rationale ends", "stage", faithfulness.by_stage),
        _text_table(faithfulness),
        _deletion_table(faithfulness),
        replace(answers, title="Reasoned and direct answers, each epoch alone, before smoothing"),
        difference_table((faithfulness.comparison,)),
    ]


def faithfulness_notes(faithfulness: Faithfulness) -> list[str]:
    """Say which epochs were explained, and what is left out."""
    explained = f"{faithfulness.flaws.texts} of {faithfulness.scored} scored epochs with signal were explained"
    sample = (
        "all of them"
        if faithfulness.epochs_a_night is None
        else f"at most {faithfulness.epochs_a_night} a night, drawn by seed {faithfulness.seed}"
    )
    notes = [f"faithfulness: {explained}, {sample}", f"faithfulness: {_STATED[faithfulness.reasons]}"]
    if faithfulness.subjects < 2:
        notes.append("faithfulness: one subject: no interval over subjects can be given")
    if faithfulness.without_room:
        notes.append(
            f"deletion: {faithfulness.without_room} confirmed claims are left out, as equal segments did not fit "
            "beside what they cite"
        )
    return [*notes, *(f"faithfulness: night {name} is left out: {why}" for name, why in faithfulness.errors.items())]


def _verdict_table(title: str, first: str, rows: tuple[VerdictRow, ...]) -> FigureTable:
    cells = tuple((row.name, str(row.claims), *(row.shares[outcome].text for outcome in Outcome)) for row in rows)
    return FigureTable(title, (first, "number", "confirmed", "contradicted", "not measurable"), cells)


def _text_table(faithfulness: Faithfulness) -> FigureTable:
    flaws, swap = faithfulness.flaws, faithfulness.swap
    rows = (
        ("rationales", str(flaws.texts)),
        ("not read whole", str(flaws.not_whole)),
        ("contradict their own stage", str(flaws.contradictory)),
        ("share repeated by another epoch of the night", flaws.repeated.text),
        ("share that comes to another stage than the direct answer", faithfulness.differ.text),
        ("pictures swapped with an epoch of another stage", str(swap.pairs)),
        ("share of texts that the swap changes", swap.changed.text),
        ("claims confirmed by the epoch's own signal, own picture", swap.confirmed.text),
        ("claims confirmed by the epoch's own signal, the other's picture", swap.confirmed_after.text),
        ("fall of that share", swap.drop.text),
    )
    return FigureTable("Rationales, and the swap test", ("", "all nights"), rows)


def _deletion_table(faithfulness: Faithfulness) -> FigureTable:
    rows = tuple(
        (row.kind, str(row.claims), *(figure.text for figure in (row.cited, row.chance, row.difference, row.ratio)))
        for row in faithfulness.deletion
    )
    columns = ("claim", "number", "cited segment", f"chance segments (mean of {DRAWS})", "difference", "ratio")
    return FigureTable("Deletion test: fall of the stage's probability after blanking", columns, rows)
