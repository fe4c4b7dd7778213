"""Rationales of whole nights: what they claim, how much of it holds, how long they are, how they are written and read.

Every epoch is measured, a rationale is composed for its scored stage with wordings drawn by chance, read back, and
verified against the same findings. That all claims are confirmed shows that composing, reading and verifying agree; it
says nothing of how well the detectors work (see detectors.py).

    python benchmarks/reasoning.py [--nights N] [--hours H] [--seed S] [--ucddb FOLDER] [--montage all|one]

``--ucddb`` names the folder with ``ucddb018.npz`` (one EEG channel, scored in five stages); without it only simulated
nights are shown.
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))

import argparse
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from eegvlm.evidence import Evidence, measure_recording
from eegvlm.hypnogram import STAGES, Stage
from eegvlm.lab.datasets import open_dataset
from eegvlm.lab.simulation import simulate_night
from eegvlm.reasoning import (
    Acceptor,
    Context,
    Outcome,
    Rationale,
    Verdict,
    acceptor,
    channel_words,
    compose,
    describe,
    night_contexts,
    parse,
    verify,
)
from eegvlm.signals import Recording, Role

# as a tokenizer with single digits and whole words would cut
PIECE = re.compile(r"\d| ?[^\W\d_]+| ?[^\w\s]+|\s")
ONE_EEG = ("EEG C4-M1",)


@dataclass
class Written:
    """Rationales of one or several nights of one montage."""

    rationales: list[Rationale] = field(default_factory=list)
    plain: list[Rationale] = field(default_factory=list)
    descriptions: list[str] = field(default_factory=list)
    verdicts: list[list[Verdict]] = field(default_factory=list)
    elsewhere: list[list[Verdict]] = field(default_factory=list)
    contexts: list[Context] = field(default_factory=list)
    seconds: Counter[str] = field(default_factory=Counter)

    def add(self, evidence: Evidence, words: dict[str, str], stages: Sequence[Stage], seed: int) -> None:
        """Compose, read and verify a night."""
        contexts = night_contexts(evidence, words, stages, expert=True)
        rows = [row for row in zip(evidence.findings, contexts, stages, strict=True) if row[2] is not Stage.UNSCORED]
        rng = np.random.default_rng(seed)
        begin = time.perf_counter()
        rationales = [compose(*row, rng=rng) for row in rows]
        composed = time.perf_counter()
        verdicts = [verify(one.claims, row[0], row[1]) for one, row in zip(rationales, rows, strict=True)]
        verified = time.perf_counter()
        readings = [parse(one.text) for one in rationales]
        read = time.perf_counter()
        if any(a.claims != b.claims or b.unread for a, b in zip(rationales, readings, strict=True)):
            raise RuntimeError("a text was not read back as it was written")
        self.seconds += Counter(compose=composed - begin, verify=verified - composed, parse=read - verified)
        self.rationales += rationales
        self.plain += [compose(*row) for row in rows]
        self.descriptions += [describe(row[0], row[1], rng=rng) for row in rows]
        self.verdicts += verdicts
        # what does a verdict tell? the same claims about an epoch drawn by chance
        others = [rows[k] for k in rng.permutation(len(rows))]
        self.elsewhere += [verify(one.claims, row[0], row[1]) for one, row in zip(rationales, others, strict=True)]
        self.contexts += [row[1] for row in rows]


def stages_of(recording: Recording, evidence: Evidence, stages: Sequence[Stage]) -> tuple[dict[str, str], list[Stage]]:
    """Return channel words, and one stage for each epoch that was measured."""
    found = {role: recording.channel(role) for role in Role}
    words = channel_words({role: channel.name for role, channel in found.items() if channel is not None})
    return words, [*stages, *([Stage.UNSCORED] * evidence.n_epochs)][: evidence.n_epochs]


def choices(machine: Acceptor, text: str) -> tuple[int, set[int]]:
    """Return at how many words or digits of a text something had to be chosen, and the states in which it was."""
    state, count, states = machine.start, 0, set()
    for piece in PIECE.findall(text):
        chosen = False
        for char in piece:
            after = machine.next(state)
            if len(after) > 1:
                chosen = True
                states.add(state)
            state = after[char]
        count += chosen
    return count, states


def counted(verdicts: list[list[Verdict]]) -> Counter[tuple[str, Outcome]]:
    """Count verdicts by kind and outcome."""
    return Counter((verdict.claim.kind, verdict.outcome) for one in verdicts for verdict in one)


def judged(verdict: Verdict) -> bool:
    """Tell whether a claim could be measured."""
    return verdict.outcome is not Outcome.NOT_MEASURABLE


def print_claims(written: Written) -> None:
    """Print verdicts by kind."""
    by_kind, elsewhere = counted(written.verdicts), counted(written.elsewhere)
    print("\n| claim | number | confirmed % | contradicted % | not measurable % | confirmed of another epoch % |")
    print("|---|---|---|---|---|---|")
    for kind in sorted({kind for kind, _ in by_kind}, key=lambda kind: -sum(by_kind[kind, one] for one in Outcome)):
        total = sum(by_kind[kind, one] for one in Outcome)
        shares = " | ".join(f"{100 * by_kind[kind, one] / total:.1f}" for one in Outcome)
        print(f"| `{kind}` | {total} | {shares} | {100 * elsewhere[kind, Outcome.CONFIRMED] / total:.1f} |")
    measurable = [one.outcome is Outcome.CONFIRMED for row in written.elsewhere for one in row if judged(one)]
    print(f"\nfaithfulness of a text to another epoch than its own: {100 * np.mean(measurable):.1f} %")


def print_stages(written: Written) -> None:
    """Print by stage how long texts are and how often the honest wordings are needed."""
    print("\n| stage | epochs | characters | words | no rule of the stage % | rule of another stage % | either % |")
    print("|---|---|---|---|---|---|---|")
    for stage in (*STAGES, None):
        mine = [one for one in written.rationales if stage in (None, one.stage)]
        if not mine:
            continue
        none = [any(claim.kind == "rule" and claim.negated for claim in one.claims) for one in mine]
        rival = [any(rule[0] != "X" and not rule.startswith(one.stage.label) for rule in one.rules) for one in mine]
        either = [a or b for a, b in zip(none, rival, strict=True)]
        length = np.mean([len(one.text) for one in mine])
        words = np.mean([len(one.text.split()) for one in mine])
        shares = " | ".join(f"{100 * np.mean(one):.0f}" for one in (none, rival, either))
        print(
            f"| {stage.label if stage is not None else 'all'} | {len(mine)} | {length:.0f} | {words:.0f} | {shares} |"
        )


def print_decoding(written: Written) -> None:
    """Print how many choices constrained decoding leaves."""
    print(
        "\n| permitted wordings | stage | choices a text, mean (95 %, most) | states with a choice |\n|---|---|---|---|"
    )
    for varied, texts in ((True, written.rationales), (False, written.plain)):
        for known in (False, True):
            counts, states = [], set()
            for one, context in zip(texts, written.contexts, strict=True):
                stage = one.stage if known else None
                machine = acceptor(context.words, stage=stage, expert=True, varied=varied)
                count, met = choices(machine, one.text)
                counts.append(count)
                states |= {(stage, state) for state in met}
            figures = f"{np.mean(counts):.1f} ({np.percentile(counts, 95):.0f}, {max(counts)})"
            names = ("all" if varied else "first of each", "given" if known else "open")
            print(f"| {names[0]} | {names[1]} | {figures} | {len(states)} |")


def report(title: str, written: Written, examples: int) -> None:
    """Print all figures of some nights."""
    texts = [one.text for one in written.rationales]
    print(f"\n## {title}: {len(texts)} epochs")
    print_claims(written)
    print_stages(written)
    print_decoding(written)
    same = 100 * (1 - len(set(texts)) / len(texts))
    same_plain = 100 * (1 - len({one.text for one in written.plain}) / len(texts))
    longest = max(len(text) for text in texts)
    print(f"\nidentical texts: {same:.2f} % (first wordings only: {same_plain:.2f} %); longest {longest} characters")
    lengths = [len(one.split()) for one in written.descriptions]
    print(f"descriptions: {np.mean(lengths):.1f} words (95 %: {np.percentile(lengths, 95):.0f})")
    per_night = {name: 960 * value / len(texts) for name, value in written.seconds.items()}
    print("seconds a night of 960 epochs: " + ", ".join(f"{name} {value:.3f}" for name, value in per_night.items()))
    drawn = np.random.default_rng(1)
    for stage in STAGES[:examples]:
        mine = [one.text for one in written.rationales if one.stage is stage]
        if mine:
            print(f"\n{stage.label}: {mine[drawn.integers(len(mine))]}")


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nights", type=int, default=4)
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--seed", type=int, default=900)
    parser.add_argument("--montage", choices=("all", "one"), default="all")
    parser.add_argument("--ucddb", type=Path)
    given = parser.parse_args()
    if given.ucddb is not None:
        real = Written()
        for night in open_dataset("ucddb-epochs", given.ucddb, only="ucddb018").nights:
            recording = night.recording()
            evidence = measure_recording(recording)
            words, stages = stages_of(recording, evidence, [Stage(int(stage)) for stage in night.hypnogram().stages])
            real.add(evidence, words, stages, seed=0)
        report("UCDDB 018", real, 5)
    simulated = Written()
    for k in range(given.nights):
        channels = {} if given.montage == "all" else {"channels": ONE_EEG}
        one = simulate_night(hours=given.hours, seed=given.seed + k, **channels)
        recording = one.recording()
        evidence = measure_recording(recording)
        words, stages = stages_of(recording, evidence, [Stage(int(stage)) for stage in one.stages])
        simulated.add(evidence, words, stages, seed=k)
    report("simulated nights", simulated, 5)


if __name__ == "__main__":
    main()
