"""Stage twenty simulated minutes from Python and compare them with the truth."""

from __future__ import annotations

from eegvlm.hypnogram import agreement, sleep_statistics
from eegvlm.simulation import simulate_night
from eegvlm.staging import Stager

simulated = simulate_night(hours=1 / 3, seed=1)
night = Stager.from_pretrained("nano").stage(simulated.recording())

print("stages: ", " ".join(night.hypnogram.labels))
print("truth:  ", " ".join(simulated.hypnogram().labels))
print(f"kappa:   {agreement(simulated.hypnogram(), night.hypnogram).kappa}")
print(f"asleep:  {sleep_statistics(night.hypnogram).tst_min} min")
