"""What a machine's tone in the EEG costs, and what is left of that cost once it is taken out.

    python benchmarks/tones.py --ucddb ROOT --evening FILE.npz

A sine whose frequency wanders by 0.005 Hz in ten minutes is added to the only EEG of patient 018 of UCDDB and of
evenings of Sleep-EDF, all awake; each is staged with the tone and with the tone taken out. Prints the share of epochs
staged as the expert has them, and lists the recordings at hand in which a tone is found that nobody added.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from unittest.mock import patch

import numpy as np

from eegvlm.images import PreparedNight, load_layout
from eegvlm.lab.evaluation.perturbations import edited
from eegvlm.signals import Channel
from eegvlm.staging import Stager
from left_out import COMPLETE, Scored, evening, ucddb

Samples = np.ndarray
TONES = ((22.0, 20.0), (28.0, 8.0), (10.0, 10.0), (5.0, 12.0))  # Hz, µV rms


def with_tone(night: Scored, hz: float, microvolt: float) -> Scored:
    """Return the night with a tone in every channel."""

    def add(channel: Channel, samples: Samples) -> tuple[Samples, float]:
        at = np.arange(len(samples)) / channel.rate
        phase = 2 * np.pi * hz * at + np.pi * np.sin(2 * np.pi * at / 600)
        return (samples + np.sqrt(2) * microvolt * np.sin(phase)).astype(np.float32), channel.rate

    return Scored(night.subject, edited(night.recording, add), night.stages)


def accuracy(stager: Stager, night: Scored) -> float:
    """Return the share of scored epochs staged as the expert has them; unstaged ones are wrong."""
    stages = stager.stage(night.recording).hypnogram.stages
    count = min(len(stages), len(night.stages))
    scored = night.stages[:count] >= 0
    return float((stages[:count] == night.stages[:count])[scored].mean())


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ucddb", type=Path, required=True)
    parser.add_argument("--evening", type=Path, required=True)
    chosen = parser.parse_args()
    stager = Stager.from_pretrained("nano")
    patients, evenings = ucddb(chosen.ucddb), list(evening(chosen.evening))
    nights = [*(patient for patient in patients if patient.subject == COMPLETE), *evenings[::3]]
    print(f"| tone | {' | '.join(f'{night.subject}: left in, taken out' for night in nights)} |")
    print("|---" * (len(nights) + 1) + "|")
    print(f"| none | {' | '.join(f'{accuracy(stager, night):.3f}' for night in nights)} |", flush=True)
    for hz, microvolt in TONES:
        cells = []
        for night in nights:
            noisy = with_tone(night, hz, microvolt)
            with patch("eegvlm.images.night.without_tones", lambda *signals: None):
                left_in = accuracy(stager, noisy)
            cells.append(f"{left_in:.3f}, {accuracy(stager, noisy):.3f}")
        print(f"| {hz:g} Hz, {microvolt:g} µV | {' | '.join(cells)} |", flush=True)
    print("\nTones that nobody added:")
    for night in [*patients, *evenings]:
        for name, tone in PreparedNight.read(night.recording, load_layout("nano")).tones.items():
            hz = ", ".join(f"{frequency:.1f}" for frequency in tone.hz)
            print(f"{night.subject}, {name}: {hz} Hz, {tone.microvolt:.0f} µV, {int(tone.epochs.sum())} epochs")


if __name__ == "__main__":
    main()
