"""How fast epochs become pictures: this project's rasteriser against Pillow and matplotlib, on one core.

The same 336x336 single-channel RGB picture is drawn three ways in one run: by ``eegvlm.images.render``, by Pillow as a
line at twice the size that is then scaled down, and by a matplotlib figure (Agg, no axes) that is made once and whose
line gets new data. All three end as an RGB array. Rounds alternate between the contestants; the medians of the
processor time are printed, which a busy machine disturbs less than the time on the wall.

    python benchmarks/render.py [--rounds N]
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import matplotlib
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from eegvlm.images import ImageLayout, layout_names, load_layout, render

BATCH = 64  # epochs a call, as a stager draws them


def eeg_like(n: int, rate: float, *, rms: float = 22.0, seed: int = 0) -> NDArray[np.float32]:
    """Return noise with the spectrum of sleep EEG, 0.3-35 Hz, and a little alpha; ``(n, 30 * rate)`` µV."""
    rng = np.random.default_rng(seed)
    n_samples = round(30 * rate)
    hz = np.fft.rfftfreq(n_samples, 1 / rate)
    shape = np.where((hz > 0.3) & (hz < 35), np.maximum(hz, 0.3) ** -0.9, 0) + 0.15 * np.exp(-((hz - 10) ** 2))
    noise = rng.standard_normal((n, len(hz))) + 1j * rng.standard_normal((n, len(hz)))
    signal = np.fft.irfft(noise * shape, n_samples)
    gain = rms * rng.lognormal(0, 0.35, (n, 1)) / signal.std(axis=1, keepdims=True)
    return (signal * gain).astype(np.float32)


def pillow_pictures(epochs: NDArray[np.float32], layout: ImageLayout) -> list[NDArray[np.uint8]]:
    """Draw with Pillow at twice the size and scale down by averaging."""
    panel, width, height = layout.panels[0], 2 * layout.width, 2 * layout.height
    x = (np.arange(epochs.shape[1]) + 0.5) * width / epochs.shape[1]
    pictures = []
    for epoch in epochs:
        image = Image.new("RGB", (width, height), layout.background)
        y = height / 2 - epoch * (2 / panel.microvolt_per_pixel)
        ImageDraw.Draw(image).line(np.stack([x, y], 1).ravel().tolist(), fill=panel.colour, width=2)
        pictures.append(np.asarray(image.resize((layout.width, layout.height), Image.Resampling.BOX)))
    return pictures


def matplotlib_pictures(layout: ImageLayout) -> Callable[[NDArray[np.float32]], list[NDArray[np.uint8]]]:
    """Make a figure whose line takes one epoch after the other."""
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    panel = layout.panels[0]
    figure = plt.figure(figsize=(layout.width / 100, layout.height / 100), dpi=100)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    reach = panel.microvolt_per_pixel * layout.height / 2
    axes.set(xlim=(0, 30), ylim=(-reach, reach))
    n_samples = round(30 * layout.rate)
    (line,) = axes.plot(np.arange(n_samples) / layout.rate, np.zeros(n_samples), "k", linewidth=0.9)

    def draw(epochs: NDArray[np.float32]) -> list[NDArray[np.uint8]]:
        pictures = []
        for epoch in epochs:
            line.set_ydata(epoch)
            figure.canvas.draw()
            canvas: Any = figure.canvas
            pictures.append(np.asarray(canvas.buffer_rgba())[..., :3].copy())
        return pictures

    return draw


def seconds(function: Callable[[], object]) -> float:
    """Return the processor time of a call."""
    start = time.process_time()
    function()
    return time.process_time() - start


def compare(rounds: int) -> None:
    """Print the three ways of drawing side by side."""
    layout = load_layout("eeg-vlm-336")
    epochs = eeg_like(8 * BATCH, layout.rate)
    tensors = torch.from_numpy(epochs).split(BATCH)
    out = torch.empty((BATCH, 3, layout.height, layout.width), dtype=torch.uint8)
    with_matplotlib = matplotlib_pictures(layout)

    def ours_reused() -> None:
        for tensor in tensors:
            render(layout, {"eeg": tensor}, out=out)

    def ours_fresh() -> None:
        for tensor in tensors:
            render(layout, {"eeg": tensor})

    few = 24
    contestants: dict[str, tuple[Callable[[], object], int]] = {
        f"eegvlm, {BATCH} epochs a call, one output tensor": (ours_reused, len(epochs)),
        f"eegvlm, {BATCH} epochs a call, new tensors": (ours_fresh, len(epochs)),
        "Pillow, 2x supersampling": (lambda: pillow_pictures(epochs[:few], layout), few),
        "matplotlib, one figure reused": (lambda: with_matplotlib(epochs[:few]), few),
    }
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, (function, n) in contestants.items():
            function()  # the caches are each contestant's own again
            times[name].append(seconds(function) / n)
    medians = {name: statistics.median(values) for name, values in times.items()}
    best = next(iter(medians.values()))
    print(f"one 336x336 RGB picture of one channel, one core, median of {rounds} rounds")
    for name, median in medians.items():
        spread = f"{min(times[name]) * 1e6:.0f}-{max(times[name]) * 1e6:.0f}"
        print(f"  {name:48s} {median * 1e6:7.0f} us ({spread:>11s})   {median / best:6.1f} x")


def throughput(rounds: int) -> None:
    """Print epochs per second of every shipped layout, all panels drawn."""
    print(f"epochs per second, one core, {BATCH} epochs a call, all panels drawn")
    for name in layout_names():
        layout = load_layout(name)
        epochs = torch.from_numpy(eeg_like(BATCH, layout.rate))
        signals = {panel.name: epochs for panel in layout.panels}
        size = (BATCH, layout.channels, layout.height, layout.width)
        out = torch.empty(size, dtype=torch.uint8)
        times = [seconds(lambda: render(layout, signals, out=out)) for _ in range(4 * rounds)]  # noqa: B023
        shape = f"{layout.width}x{layout.height}x{layout.channels}, {len(layout.panels)} panel(s)"
        print(f"  {name:14s} {shape:24s} {BATCH / statistics.median(times):8.0f}")


def main() -> None:
    """Run both parts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    compare(rounds)
    throughput(rounds)


if __name__ == "__main__":
    main()
