"""Stage two simulated hours from Python and compare them with the truth."""

from __future__ import annotations

from eegvlm.hypnogram import agreement, sleep_statistics
from eegvlm.lab.simulation import simulate_night
from eegvlm.staging import Stager

simulated = simulate_night(hours=2, seed=7)
night = Stager.from_pretrained("nano").stage(simulated.recording())

print("stages:", night.hypnogram.as_text(), sep="\n")
print("truth:", simulated.hypnogram().as_text(), sep="\n")
print(f"kappa:  {agreement(simulated.hypnogram(), night.hypnogram).kappa:.2f}")
print(f"asleep: {sleep_statistics(night.hypnogram).tst_min} min")
