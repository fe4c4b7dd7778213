"""What each kind of defect is, from which value on, and where that value comes from.

An epoch is unusable where its cause hides more than half of it: the AASM manual lets an epoch be scored as long as
less than half of it is obscured (Manual for the Scoring of Sleep, v2.6, IV.9, major body movements). A smaller share
is doubtful. "Measured" refers to 5,996 real epochs, 20 patients of UCDDB (C3-A2 or C4-A1, 128 Hz) and five subjects
of Sleep-EDF awake in the evening (Pz-Oz, 100 Hz); ``benchmarks/quality_alarms.py`` repeats the counts.

========================  =======================================  ===================================================
kind                      definition                               limits and their source
========================  =======================================  ===================================================
flat                      seconds in which the samples are         half a step of quantisation, or the rounding of
                          constant                                 float32; any second is doubtful, more than half of
                                                                   the epoch unusable
noise-floor               windows of 2 s with less activity than   EEG 0.75 µV rms in 1-30 Hz, EOG 0.5 µV: amplifiers
                          any sleeper has, mains left out          have 0.4-0.6 µV rms broadband; the quietest real
                                                                   window measured had 2.3 µV rms. Chin 0.1 µV rms
                                                                   above 10 Hz (a relaxed chin has 0.5-1 µV); ECG 2 µV
mains                     such windows where 50 or 60 Hz, or its   9 tenths of the power; more than half of the epoch
                          alias, holds nearly all power            unusable. With activity beneath: doubtful
open-input                density (µV²/Hz) of five bands in        flattest real epoch measured, awake under muscle:
                          0.9-28 Hz that differs less than that    2.39 between the highest and the lowest band; white
                          of any EEG: no slope                     noise: below 2.0 in 99.8 % of epochs. Unusable
                                                                   below 2.0; below 2.6 where the epoch before or after
                                                                   is; doubtful below 2.3. Not judged for chin and ECG,
                                                                   whose spectrum is broad
clipped                   samples at a limit of the header, or in  0.5 % of the samples doubtful (as for the whole
                          runs of three at the extreme value of    recording, see ``plausibility``), half unusable
                          the recording
pops                      steps of more than 100 µV within 30 ms   measured: N3 and K-complexes stay below 100 µV in
                          that stay for 0.25 s                     30 ms; a pop decays with the amplifier's time
                                                                   constant (0.5 s at 0.3 Hz) and hides its second and
                                                                   the next one
drift                     means of neighbouring seconds that       150 µV between two seconds: slow waves of N3 stay
                          differ widely                            below (measured); three seconds doubtful, more than
                                                                   half of the epoch unusable
ecg-leak                  sharp deflections at every beat of the   25 µV at the R wave and six standard errors of the
                          ECG channel; without one, alike sharp    beat-locked mean: doubtful. More than 300 µV and
                          deflections at a steady 40-140 a minute  eight times the rest: unusable
lost-reference            all EEG channels alike though their      correlation above 0.98 at a gain of 0.8 to 1.25:
                          sites differ                             doubtful. With more than 150 µV rms in most windows,
                                                                   which no brain gives to all sites alike: unusable
========================  =======================================  ===================================================

Not covered: muscle and movement (the evidence room finds them), sweat below the limits of drift, exchanged leads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

HALF = 0.5

MAINS_HZ = (50.0, 60.0)
MAINS_SHARE = 0.9

SLOPE_BANDS_HZ = ((0.9, 2.6), (2.6, 6.0), (6.0, 11.0), (11.0, 18.0), (18.0, 28.0))
SLOPE_UNUSABLE, SLOPE_DOUBTFUL, SLOPE_BESIDE_UNUSABLE = 2.0, 2.3, 2.6

CLIPPED_DOUBTFUL = 0.005

POP_STEP_S = 0.03

DRIFT_DOUBTFUL_S = 3

LEAK_UV = 25.0
LEAK_STANDARD_ERRORS = 6.0
LEAK_UNUSABLE_UV, LEAK_UNUSABLE_TIMES = 300.0, 8.0

ALIKE_CORRELATION = 0.98
ALIKE_GAIN = (0.8, 1.25)
ALIKE_UNUSABLE_UV = 150.0


@dataclass(frozen=True)
class Modality:
    """What differs between modalities.

    Parameters
    ----------
    floor_uv
        Root mean square in ``band_hz`` below which there is no signal.
    band_hz
        Where that activity is measured; an edge beyond the signal's own band is moved down to it.
    sloped
        Whether the spectrum falls from 1 to 28 Hz in every sleeper.
    pop_uv
        Step within 30 ms that no sleeper makes; infinite where steps are no artefact.
    drift_uv
        Difference between the means of neighbouring seconds that no sleeper makes; infinite where it does not matter.
    """

    floor_uv: float
    band_hz: tuple[float, float]
    sloped: bool
    pop_uv: float
    drift_uv: float


MODALITIES = {
    "eeg": Modality(0.75, (1.0, 30.0), True, 100.0, 150.0),
    "eog": Modality(0.5, (1.0, 30.0), True, 400.0, 400.0),
    "emg": Modality(0.1, (10.0, 100.0), False, math.inf, math.inf),
    "ecg": Modality(2.0, (1.0, 30.0), False, math.inf, math.inf),
}
