"""What each kind of defect is, from which value on, and where that value comes from.

An epoch is unusable where its cause hides more than half of it: the AASM manual scores an epoch by its stage as long
as artefact obscures no more than half of it (rule on major body movements). A smaller share is doubtful. "Measured"
refers to 9,065 real epochs: 6,068 of 20 patients of UCDDB (C3-A2 or C4-A1, 128 Hz) and 2,997 of five subjects of
Sleep-EDF awake in the evening (Pz-Oz, 100 Hz). ``benchmarks/quality_alarms.py`` counts the alarms in them.

========================  =======================================  ===================================================
kind                      definition                               limits and their source
========================  =======================================  ===================================================
flat                      seconds in which the samples are         half a step of quantisation, or the rounding of
                          constant                                 float32; any second is doubtful, more than half of
                                                                   the epoch unusable
noise-floor               windows of 2 s with less activity than   EEG 0.75 µV rms in 1-30 Hz, EOG 0.5 µV: amplifiers
                          any sleeper has, mains left out          have 0.4-0.6 µV rms broadband; in 99.5 % of the
                                                                   epochs measured awake (Sleep-EDF) no window is below
                                                                   2.3 µV rms. Chin 0.1 µV rms above 10 Hz (a relaxed
                                                                   chin has 0.5-1 µV); ECG 2 µV. More than half of the
                                                                   epoch unusable, less doubtful
mains                     such windows where 50 or 60 Hz, or its   9 tenths of the power; more than half of the epoch
                          alias, holds nearly all power            unusable. With activity beneath: doubtful
open-input                density (µV²/Hz) that does not fall with  highest by lowest of five bands in 0.9-28 Hz below
                          frequency, as that of any EEG does       2.0, and 0.25-0.9 Hz less than 2.0 times the middle
                                                                   one: 98 % of epochs of white noise. Measured: EEG
                                                                   awake under muscle is as flat above 0.9 Hz, and rises
                                                                   below, typically 3.5 times. Two epochs in a row are
                                                                   unusable, with neighbours up to 2.6, and up to 4.0
                                                                   below 0.9 Hz between two such; one alone, or up to
                                                                   3.0 below 0.9 Hz, is doubtful. Not judged for chin
                                                                   and ECG, nor below 36 Hz
clipped                   samples at a limit of the header; runs   0.5 % of the samples doubtful (as for the whole
                          of three at the extreme value of the     recording, see ``plausibility``), half unusable.
                          recording; quarter seconds that move by  The plateaus (EEG, EOG) find amplifiers that saturate
                          less than 2 µV, 100 µV off the median    within the header's limits: so those of UCDDB
pops                      steps within 30 ms that keep half of     EEG 150 µV (as drift: a slow wave rises more slowly),
                          their height for 0.15 s                  EOG 400 µV (saccades are steps, too). 7 % of the N3
                                                                   epochs measured have one: high waves at the
                                                                   amplifier's limit, R waves on slow waves. A pop
                                                                   decays with the amplifier's time constant (0.5 s at
                                                                   0.3 Hz) and hides its second and the next one: any is
                                                                   doubtful, more than half of the epoch unusable
drift                     means of neighbouring seconds that       EEG 150 µV (three such steps in 5 % of measured N3
                          differ widely                            epochs), EOG 400 µV; three doubtful, more than half
                                                                   of the epoch unusable
ecg-leak                  sharp deflections with the R waves of    25 µV and six standard errors of the beat-locked
                          the ECG channel; without one, alike      mean: doubtful. More than 300 µV and eight times the
                          sharp deflections at 40-140 a minute in  rest (half the distance of the 16th and the 84th
                          neighbouring epochs                      percentile): unusable
lost-reference            all EEG channels alike though their      correlation above 0.98 at a gain of 0.8 to 1.25:
                          sites differ                             doubtful. With more than 150 µV rms in most windows,
                                                                   which no brain gives to all sites alike: unusable
tone                      one frequency of 2 to 35 Hz that holds   5 µV rms and 0.8 of the power within 1.5 Hz:
                          its pace for the whole epoch: a machine  doubtful. Measured: alpha and sleep of simulated
                          (CPAP, a pump, mains that was aliased)   nights stay below 0.75, Sleep-EDF awake below 0.61;
                                                                   UCDDB has true ones, aliased mains at 22 and 28 Hz
repeated                  samples that the recording held before,  one second of the epoch doubtful, more than half
                          to the last bit (:mod:`.quality_repeats`) unusable. No epoch of those measured has a piece of
                                                                   0.4 s twice; stored in steps of 2 µV 5 have, of less
                                                                   than half a second
steady                    an hour and a half whose epochs differ   highest F of five bands in 0.9-28 Hz (analysis of
                          no more from each other than the         variance of log power: windows of 2 s in epochs)
                          seconds within them do                   below 1.7 over 180 epochs: unusable. Noise of any
                                                                   slope has 1.5 at most, the 25 real recordings of that
                                                                   length 9.5 at least in each such piece; four of them
                                                                   with 2 s of each epoch lost 7.9, under white noise
                                                                   of 25 µV 1.8
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
SLOW_HZ = (0.25, 0.9)
FLATTEST, FLATTEST_BESIDE = 2.0, 2.6
SLOWEST, SLOWEST_BESIDE, SLOWEST_BETWEEN = 2.0, 2.6, 4.0
SLOWEST_DOUBTFUL = 3.0

CLIPPED_DOUBTFUL = 0.005

POP_STEP_S = 0.03

DRIFT_DOUBTFUL_S = 3

LEAK_UV = 25.0
LEAK_STANDARD_ERRORS = 6.0
LEAK_UNUSABLE_UV, LEAK_UNUSABLE_TIMES = 300.0, 8.0

ALIKE_CORRELATION = 0.98
ALIKE_GAIN = (0.8, 1.25)
ALIKE_UNUSABLE_UV = 150.0

TONE_HZ = (2.0, 35.0)
TONE_UV, TONE_SHARE = 5.0, 0.8

REPEATED_DOUBTFUL_S = 1

STEADY_EPOCHS = 180
STEADY_F = 1.7
# Variance of an epoch's log power (its middle nine windows) is a 26th of its spread (see MEASURES) in noise: F is 1.
STEADY_NOISE = 26.0


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
    "eeg": Modality(0.75, (1.0, 30.0), True, 150.0, 150.0),
    "eog": Modality(0.5, (1.0, 30.0), True, 400.0, 400.0),
    "emg": Modality(0.1, (10.0, 100.0), False, math.inf, math.inf),
    "ecg": Modality(2.0, (1.0, 30.0), False, math.inf, math.inf),
}
