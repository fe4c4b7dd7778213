"""Reasons for a whole night: how fast they are written, of how many tokens, and what they add to the whole process.

    python benchmarks/explain.py [--model FOLDER] [--hours H] [--runs N] [--reference 'COMMAND {night}']

A night is simulated; a rationale of every epoch is written, then the whole process is timed with reasons for no epoch,
for the least certain ones and for all, in turn, so that the ratios hold where the machine's speed drifts.
``--reference`` is another command to compare with, such as YASA's process in whole_process.py; ``{night}`` stands for
the file.

Without ``--model`` the geometry is the packaged model's and the weights are random: the time of a token is the same,
but texts are shorter than learnt ones, so epochs/s come out too high. Say with ``--model`` what is to be quoted.
"""

from __future__ import annotations

import argparse
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from eegvlm.images import load_layout, panel_signals
from eegvlm.model import EegVlmForConditionalGeneration, EegVlmProcessor, preset
from eegvlm.signals import Recording, read_recording
from eegvlm.simulation import simulate_night
from eegvlm.staging import Stager
from eegvlm.staging.explaining import Explainer, Grammars, Ground
from eegvlm.staging.journal import Answers
from eegvlm.staging.reading import Reader
from eegvlm.training.tokenizer import IMAGE, train_tokenizer

EXPLAIN = ("none", "uncertain", "all")


def save_untrained(folder: Path) -> None:
    """Write a checkpoint of the packaged geometry with random weights and both prompts."""
    torch.manual_seed(0)
    tokenizer, layout = train_tokenizer(), load_layout("nano")
    config = preset("nano", image_token_index=tokenizer.convert_tokens_to_ids(IMAGE))
    config.text_config.vocab_size = len(tokenizer)
    for name in ("pad", "bos", "eos"):
        setattr(config.text_config, f"{name}_token_id", getattr(tokenizer, f"{name}_token_id"))
    prompts = {"direct": "<image>Stage:", "reasoned": "<image>Reasons:"}
    processor = EegVlmProcessor.for_config(
        config, tokenizer, layout, image_mean=[0.0], image_std=[1.0], prompts=prompts
    )
    EegVlmForConditionalGeneration(config).to(torch.bfloat16).save_pretrained(folder)
    processor.save_pretrained(folder)


def write_all(model: Path, recording: Recording) -> None:
    """Print how fast rationales are written once pictures are drawn, and of how many tokens."""
    stager = Stager.from_pretrained(model)
    layout = stager.processor.layout
    started = time.perf_counter()
    ground = Ground.of(recording, layout)
    measured = time.perf_counter() - started
    words = ground.words
    reader, answers = Reader(stager.model, stager.processor), Answers.none(recording.n_epochs)
    grammar = Grammars(reader, {}).of(words)
    explainer = Explainer(reader, grammar, answers, batch_size=32)
    reading = 0.0
    for first in range(0, recording.n_epochs, 32):
        count = min(32, recording.n_epochs - first)
        pictures = stager.processor.draw(panel_signals(layout, recording, first, count), device=stager.model.device)
        started = time.perf_counter()
        _, prefix = reader.read_on(pictures)
        reading += time.perf_counter() - started
        explainer.add(torch.arange(first, first + count).numpy(), prefix)
    explainer.finish()
    chosen, forced = answers.tokens.mean(axis=0)
    n = recording.n_epochs
    print(f"channels spoken of: {', '.join(words)}; {stager.provenance['dtype']} on {stager.provenance['device']}")
    print(f"rationales: {n / explainer.seconds:.1f} epochs/s ({explainer.seconds:.2f} s for {n}), after reading the")
    print(f"  pictures ({n / reading:.1f} epochs/s) and measuring the night ({measured:.2f} s)")
    print(f"tokens a text: {chosen:.1f} chosen by the model, {forced:.1f} forced")
    print(f"different texts: {len(set(answers.texts))} of {n}; stages: {len(set(answers.stages.tolist()))}")


def whole_processes(model: Path, night: Path, out: Path, runs: int, reference: str) -> None:
    """Print medians of the whole process and their ratios to staging without reasons."""
    commands = {
        f"--explain {explain}": [
            *(sys.executable, "-m", "eegvlm", "stage", str(night), "--model", str(model), "--out", str(out)),
            *("--explain", explain, "--formats", "csv,edf,bids,json", "--quiet"),
        ]
        for explain in EXPLAIN
    }
    commands["none, with report"] = [*commands["--explain none"], "--formats", "csv,edf,bids,json,report"]
    if reference:
        commands["reference"] = [part.format(night=night) for part in shlex.split(reference)]
    times: dict[str, list[float]] = {name: [] for name in commands}
    for run in range(runs + 1):  # the first of each warms the disk's cache
        for name, command in commands.items():
            started = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            if run:
                times[name].append(time.perf_counter() - started)
    for name, seconds in times.items():
        ratios = [one / plain for one, plain in zip(seconds, times["--explain none"], strict=True)]
        said = f"{name:20} whole process: median {statistics.median(seconds):6.2f} s, "
        said += f"{statistics.median(ratios):.2f} x none"
        if reference:
            others = [one / other for one, other in zip(seconds, times["reference"], strict=True)]
            said += f", {statistics.median(others):.2f} x reference"
        print(said)


def main() -> None:
    """Print all of it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, help="a checkpoint with the reasoned prompt")
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=3, help="of the whole process; 0 leaves it out")
    parser.add_argument("--reference", default="", help="a command; {night} is the file")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        night, model = Path(folder, "night.edf"), arguments.model or Path(folder, "model")
        simulate_night(hours=arguments.hours, seed=arguments.seed).write(night)
        if arguments.model is None:
            save_untrained(model)
            print("random weights of the packaged model's geometry")
        write_all(model, read_recording(night))
        if arguments.runs:
            whole_processes(model, night, Path(folder, "out"), arguments.runs, arguments.reference)


if __name__ == "__main__":
    main()
