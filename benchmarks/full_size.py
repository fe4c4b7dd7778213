"""Speed at full size with random weights: training, staging by label, and staging with reasons.

    python benchmarks/full_size.py --geometry llava-1.5-7b [--device cuda] [--profile FOLDER]
    python benchmarks/full_size.py --geometry tiny --device cpu

Weights are random, because speed does not depend on them; nothing is downloaded. Epochs are simulated, and drawn on
the device that computes. Timed are whole batches, after one that is not counted, and the device is waited for.

Training: LoRA (rank 128, alpha 256, dropout 0.05) on every matrix of the language model's layers and the projector,
AdamW, gradient checkpointing, bf16; the answer is a rationale. Augmentation and reading from disk are left out.
Staging: ``Reader.read``, as for a night. Reasons: the same, then ``Reader.read_on``, then ``Decoder.write`` from the
picture's keys and values under the grammar of each epoch, as ``Stager`` does. Measuring the night is left out. A model
with random weights would write short texts, so a script makes the choices; the model is asked at each of them as ever.
``tiny`` has the visual tokens of LLaVA-1.5 (2 x 576) and a language model of two layers: it shows that this script
runs, and its figures say nothing about a GPU.

FLOP: two a multiply-add of every matrix product and convolution, counted by ``torch.utils.flop_counter`` in one epoch;
of the language model's attention, the causal half counts. Training counts forward pass, gradients of activations and
gradients of what is trained (frozen matrices have none), and not what checkpointing computes twice: so a share of the
card's rate is MFU. "With recomputing" adds that second forward pass. The roof of staging is the card's rate over the
FLOP of one forward pass. The rate is that of the SXM cards' data sheets, bf16 without sparsity; give another with
``--card-tflops``.
"""

from __future__ import annotations

import argparse
import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from eegvlm.evidence import measure_night
from eegvlm.hypnogram import Stage
from eegvlm.images import PreparedNight, load_layout, panel_signals
from eegvlm.lab.simulation import simulate_night
from eegvlm.lab.training.adapters import put_in
from eegvlm.lab.training.objectives import OBJECTIVES
from eegvlm.lab.training.phase_recipe import Lora, Phase
from eegvlm.lab.training.tokenizer import IMAGE, train_tokenizer
from eegvlm.lab.training.trainable_weights import release
from eegvlm.model import EegVlmConfig, EegVlmForConditionalGeneration, EegVlmProcessor, preset
from eegvlm.model.night_inputs import EpochInputs
from eegvlm.reasoning import channel_words, compose, night_contexts
from eegvlm.staging.decoding import Decoder
from eegvlm.staging.explaining import Grammars
from eegvlm.staging.kv_cache import Prefix
from eegvlm.staging.reading import Reader

CARD_TFLOPS = {"H100": 989.4, "H200": 989.4}
PHASE = Phase("speed", "reason", ("language", "projector"), steps=1, lora=Lora())
PROMPTS = {"direct": "<image>Stage:", "reasoned": "<image>Reasons:"}
GEOMETRIES = ("tiny", "nano", "llava-1.5-7b", "llava-1.5-13b")
TEXT_TOKENS = 120


def configuration(geometry: str, image_token: int) -> EegVlmConfig:
    """Return a geometry's configuration."""
    config = preset(geometry, image_token_index=image_token)
    if geometry == "tiny":  # with as many visual tokens as LLaVA-1.5
        config.vision_config.patch_size, config.text_config.max_position_embeddings = 14, 4096
    return config


def build(geometry: str, device: torch.device) -> tuple[EegVlmForConditionalGeneration, EegVlmProcessor]:
    """Return a model with random weights, made on the device, in bf16 where that is a GPU; and its processor."""
    torch.manual_seed(0)
    tokenizer = train_tokenizer(vocab_size=512)  # words cut about as finely as Llama's cuts them
    tokenizer.model_max_length = 4096
    config = configuration(geometry, tokenizer.convert_tokens_to_ids(IMAGE))
    for name in ("pad", "bos", "eos"):
        setattr(config.text_config, f"{name}_token_id", getattr(tokenizer, f"{name}_token_id"))
    layout = load_layout("nano" if geometry == "nano" else "eeg-vlm-336")
    colours = {"image_mean": [0.5] * layout.channels, "image_std": [0.5] * layout.channels}
    processor = EegVlmProcessor.for_config(config, tokenizer, layout, **colours, prompts=PROMPTS)
    with device:
        dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
        model = EegVlmForConditionalGeneration._from_config(config, dtype=dtype)
    model.model.enhancement.to(memory_format=torch.channels_last)
    return model.eval(), processor


@dataclass(frozen=True)
class Epochs:
    """Simulated epochs: signals by panel, rationales of about the wanted length, and what these may be made of.

    The rationales are not about the same epochs as the signals: they are chosen for their length.
    """

    signals: dict[str, torch.Tensor]
    texts: list[str]
    grounds: list[tuple[Any, Any, Stage]]

    @classmethod
    def simulate(cls, processor: EegVlmProcessor, n: int) -> Epochs:
        """Simulate so many; texts are about a whole montage, whatever the layout shows."""
        night = simulate_night(hours=1, seed=1)
        recording = night.recording()
        evidence = measure_night(PreparedNight.read(recording, load_layout("nano")))
        named = channel_words({one.role: one.name for one in recording.channels})
        contexts = night_contexts(evidence, named, night.stages)
        found = list(zip(evidence.findings, contexts, map(Stage, night.stages.tolist()), strict=True))
        texts = [compose(*one).text for one in found]
        lengths = [len(processor.encode_rationale(text)[1]) for text in texts]
        nearest = sorted(range(len(texts)), key=lambda k: abs(lengths[k] - TEXT_TOKENS))[:32]
        chosen = [nearest[k % len(nearest)] for k in range(n)]
        drawn = panel_signals(processor.layout, recording)
        rows = torch.arange(n) % recording.n_epochs
        signals = {panel: torch.from_numpy(values)[rows] for panel, values in drawn.items()}
        return cls(signals, [texts[k] for k in chosen], [found[k] for k in chosen])

    def draw(self, processor: EegVlmProcessor, rows: slice, device: torch.device) -> torch.Tensor:
        """Return pictures, drawn on the device."""
        return processor.draw({panel: values[rows] for panel, values in self.signals.items()}, device=device)


class ScriptedDecoder(Decoder):
    """A decoder whose every choice is made by a script, after the model was asked."""

    passes = 0

    _answers: list[list[int]]
    _rows_of: dict[int, list[int]]

    def script(self, answers: list[list[int]]) -> None:
        """Say what the next texts will be, in the tokens of each."""
        self._answers, self._rows_of = answers, {}

    def _go_on(self, ready: list[Any], logits: torch.Tensor) -> None:
        self.passes += 1
        if not self._rows_of:
            self._rows_of = {id(row): answer for row, answer in zip(ready, self._answers, strict=True)}
        wanted = [self._rows_of[id(row)][len(row.tokens) - row.asked] for row in ready]
        super()._go_on(ready, logits.scatter(1, torch.tensor(wanted, device=logits.device)[:, None], 1e4))


@dataclass(frozen=True)
class Timer:
    """Times batches on a device, and profiles them where a folder is given."""

    device: torch.device
    repeats: int
    profile: Path | None

    def wait(self) -> None:
        """Wait for the device."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def seconds(self, what: str, work: Callable[[], object]) -> float:
        """Return the mean seconds of some work, after a first time that is not counted."""
        work()
        with self._profiled(what):
            self.wait()
            started = time.perf_counter()
            for _ in range(self.repeats):
                work()
            self.wait()
            return (time.perf_counter() - started) / self.repeats

    @contextlib.contextmanager
    def _profiled(self, what: str) -> Iterator[None]:
        if self.profile is None:
            yield
            return
        self.profile.mkdir(parents=True, exist_ok=True)
        with torch.profiler.profile(record_shapes=True) as profiler:
            yield
        profiler.export_chrome_trace(str(self.profile / f"{what}.json"))
        by = "self_cuda_time_total" if self.device.type == "cuda" else "self_cpu_time_total"
        print(f"\n{what}, {self.repeats} times, under the profiler, which slows it down")
        print(profiler.key_averages().table(sort_by=by, row_limit=15, max_name_column_width=60))


@dataclass
class FullSize:
    """A model, its epochs, and the table that is being filled."""

    model: EegVlmForConditionalGeneration
    processor: EegVlmProcessor
    epochs: Epochs
    timer: Timer
    peak: float | None  # FLOP/s of the card

    def label_only(self, batch: int) -> Iterator[str]:
        """Stage by label."""
        reader, device = Reader(self.model, self.processor), self.timer.device
        flop = self.counted(lambda: reader.model(**self._one("direct"), logits_to_keep=1, use_cache=False), passes=1)
        draw = self.timer.seconds("draw", lambda: self.epochs.draw(self.processor, slice(batch), device))
        pictures = self.epochs.draw(self.processor, slice(batch), device)
        read = self.timer.seconds("read", lambda: reader.read(EpochInputs(pictures)))
        yield f"staging, labels | {batch} | {batch / (draw + read):.2f} epochs/s | {self.share(batch * flop / read)}"
        yield f"... of it drawing | {batch} | {draw / (draw + read):.1%} of the time | "
        yield f"... FLOP of a forward pass | | {flop / 1e12:.4g} TFLOP an epoch | {self._roof(flop)}"

    def reasoned(self, batch: int) -> Iterator[str]:
        """Stage with reasons for every epoch."""
        reader, device = Reader(self.model, self.processor), self.timer.device
        grammars = Grammars(reader)
        decoder = ScriptedDecoder(self.model, reader.reasoned, reader.stage_ids)
        answers = [self.processor.encode_rationale(text)[1] for text in self.epochs.texts[:batch]]
        pictures = self.epochs.draw(self.processor, slice(batch), device)
        read = self.timer.seconds("read", lambda: reader.read(EpochInputs(pictures)))
        read_on = self.timer.seconds("read-on", lambda: reader.read_on(EpochInputs(pictures)))
        prefix: Prefix = reader.read_on(EpochInputs(pictures))[1]

        def write() -> None:
            decoder.script(answers)
            made = [grammars.of_epoch(*ground) for ground in self.epochs.grounds[:batch]]
            written = decoder.write(prefix, made)
            if [one.text for one in written] != self.epochs.texts[:batch]:
                raise RuntimeError("the script was not followed")

        seconds = self.timer.seconds("write", write)
        passes = decoder.passes / (self.timer.repeats + 1)
        tokens = sum(map(len, answers)) / batch
        whole = read + read_on + seconds
        yield f"staging, reasons for all | {batch} | {batch / whole:.2f} epochs/s | "
        yield f"... of it reading | {batch} | {read / whole:.1%} of the time | "
        yield f"... of it reading on | {batch} | {read_on / whole:.1%} of the time | "
        yield f"... of it writing | {batch} | {seconds / whole:.1%} of the time | "
        yield f"... a text | | {tokens:.0f} tokens, {passes:.0f} passes | {1e3 * seconds / passes:.1f} ms a pass"

    def training(self, batch: int) -> Iterator[str]:
        """Train with LoRA; the model is changed."""
        model, device = self.model, self.timer.device
        trained = adapt(model, self.processor)
        optimizer = torch.optim.AdamW(trained, lr=3e-4, fused=device.type == "cuda")
        inputs = self._rationales(batch)
        one = {name: values[:1] for name, values in inputs.items()}
        one["pixel_values"] = self._pixels(slice(1), torch.float32)
        once = self.counted(lambda: self._loss(one).backward(), passes=3)
        model.activation_checkpointing_enable({"use_reentrant": False})
        twice = self.counted(lambda: self._loss(one).backward(), passes=4)
        optimizer.zero_grad()

        def step() -> None:
            self._loss({**inputs, "pixel_values": self._pixels(slice(batch), torch.float32)}).backward()
            torch.nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
            optimizer.zero_grad()

        seconds = self.timer.seconds("train", step)
        tokens = inputs["input_ids"].shape[1]
        yield f"training, LoRA | {batch} | {batch / seconds:.2f} epochs/s | {self.share(batch * once / seconds)} (MFU)"
        yield f"... tokens | {batch} x {tokens} | {batch * tokens / seconds:.0f} tokens/s | "
        yield f"... with recomputing | | {twice / 1e12:.4g} TFLOP an epoch | {self.share(batch * twice / seconds)}"
        yield f"... trained | | {sum(value.numel() for value in trained) / 1e6:.1f} M parameters | "

    def counted(self, work: Callable[[], object], *, passes: int) -> float:
        """Return the FLOP of some work on one epoch.

        Attention is counted as plain matrix products, and the half of it that causality hides is taken away again:
        once a forward pass and twice a backward pass.
        """
        text, body = self.model.config.text_config, self.model.model
        length = 0

        def look(module: Any, inputs: Any, kwargs: dict[str, Any]) -> None:
            nonlocal length
            length = kwargs["inputs_embeds"].shape[1]

        hook = body.language_model.register_forward_pre_hook(look, with_kwargs=True)
        for part in (body.vision_tower, body.language_model):
            part.set_attn_implementation("eager")
        with FlopCounterMode(display=False) as counter:
            work()
        for part in (body.vision_tower, body.language_model):
            part.set_attn_implementation("sdpa")
        hook.remove()
        hidden = 2 * length**2 * text.hidden_size * text.num_hidden_layers
        return float(counter.get_total_flops() - passes * hidden)

    def share(self, flop_a_second: float) -> str:
        """Say which share of the card's rate this is."""
        rate = f"{flop_a_second / 1e12:.3g} TFLOP/s"
        return rate if self.peak is None else f"{rate}, {flop_a_second / self.peak:.1%}"

    def _roof(self, flop: float) -> str:
        return "" if self.peak is None else f"roof {self.peak / flop:.1f} epochs/s"

    def _loss(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        self.model.train()
        objective = OBJECTIVES[PHASE.objective](PHASE, self.processor, self.timer.device.type == "cuda")
        return objective.loss(self.model, inputs)[0]

    def _pixels(self, rows: slice, dtype: torch.dtype) -> torch.Tensor:
        return self.processor.normalise(self.epochs.draw(self.processor, rows, self.timer.device), dtype)

    def _one(self, prompt: str) -> dict[str, torch.Tensor]:
        ids = torch.tensor([self.processor.encode_prompt(prompt)], device=self.timer.device)
        return {"input_ids": ids, "pixel_values": self._pixels(slice(1), self.model.dtype)}

    def _rationales(self, batch: int) -> dict[str, torch.Tensor]:
        pairs = [self.processor.encode_rationale(text) for text in self.epochs.texts[:batch]]
        shortest = min(len(answer) for _, answer in pairs)  # one length: tokens/s then counts no padding
        ids = torch.tensor([asked + answer[:shortest] for asked, answer in pairs], device=self.timer.device)
        asked = torch.full((batch,), len(pairs[0][0]))
        return {"input_ids": ids, "labels": ids, "attention_mask": torch.ones_like(ids), "prompt_length": asked}


def adapt(model: EegVlmForConditionalGeneration, processor: EegVlmProcessor) -> list[torch.nn.Parameter]:
    """Give the model adapters as a training phase does; return what is trained: these and the projector."""
    put_in(model, PHASE.lora, processor.stage_token_ids)
    release(model, PHASE, frozen_in=model.dtype)
    return [value for value in model.parameters() if value.requires_grad]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--geometry", choices=GEOMETRIES, default="tiny")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--only", choices=("labels", "reasons", "training"), help="one part instead of all")
    parser.add_argument("--batch", type=int, default=16, help="of training")
    parser.add_argument("--staging-batch", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=5, help="batches that are timed")
    parser.add_argument("--card-tflops", type=float, help="the card's dense bf16 rate; known for H100 and H200 SXM")
    parser.add_argument(
        "--profile", type=Path, metavar="FOLDER", help="write traces there and print what takes longest"
    )
    asked = parser.parse_args()
    if asked.device == "cpu" and asked.geometry.startswith("llava"):
        parser.error(f"{asked.geometry} is not built on a CPU: use --geometry tiny, or a GPU with room for its weights")
    device = torch.device(asked.device)
    card = torch.cuda.get_device_name(device) if asked.device == "cuda" else "CPU"
    known = next((rate for name, rate in CARD_TFLOPS.items() if name in card), None)
    peak = asked.card_tflops or known
    model, processor = build(asked.geometry, device)
    count = sum(value.numel() for value in model.parameters()) / 1e9
    print(f"{asked.geometry}, {count:.3f} B random weights, {model.dtype}; {card}, torch {torch.__version__}")
    attention = model.config.text_config._attn_implementation
    print(f"visual tokens: {sum(model.config.visual_blocks)}; attention: {attention}")
    print(f"rate of the card: {'unknown' if peak is None else f'{peak:g} TFLOP/s, bf16, dense'}\n")
    epochs = Epochs.simulate(processor, max(asked.batch, asked.staging_batch))
    timer = Timer(device, asked.repeats, asked.profile)
    whole = FullSize(model, processor, epochs, timer, None if peak is None else peak * 1e12)
    print("| what | batch | speed | share of the card's rate |\n|---|---|---|---|")
    if asked.only in (None, "labels"):
        with torch.inference_mode():
            show(whole.label_only(asked.staging_batch))
    if asked.only in (None, "reasons"):
        with torch.inference_mode():
            show(whole.reasoned(asked.staging_batch))
    if asked.only in (None, "training"):
        show(whole.training(asked.batch))
    if device.type == "cuda":
        print(f"\nmost memory: {torch.cuda.max_memory_allocated(device) / 2**30:.1f} GiB")


def show(rows: Iterator[str]) -> None:
    """Print rows of the table as they come."""
    for row in rows:
        print(f"| {row} |", flush=True)


if __name__ == "__main__":
    main()
