"""From the signals of a file to the channels that are scored.

For each role the candidates are tried in order of preference; one that is flat, uncalibrated, too slow or
impossible in size is passed over, and this is said. What nobody needs stays listed with the role ``OTHER``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from eegvlm.signals.aliases import MAXIMUM_RATE, MINIMUM_RATE, UNUSUAL_RATE, Lead
from eegvlm.signals.calibration import compare_amplitudes, judge_calibration
from eegvlm.signals.candidates import Leads
from eegvlm.signals.channel import Channel, as_recorded
from eegvlm.signals.label_parsing import modality_of, numbered_cap, read_label
from eegvlm.signals.overrides import choose
from eegvlm.signals.plausibility import Amplitude, judge, judge_lead, measure
from eegvlm.signals.problems import Problem, RecordingError
from eegvlm.signals.roles import Role
from eegvlm.signals.source import Source
from eegvlm.signals.unread_labels import report_unread

_ROLES = tuple(role for role in Role if role is not Role.OTHER)


@dataclass(frozen=True)
class Montage:
    """What was matched.

    Parameters
    ----------
    channels
        One channel a role where there is one, then every other signal of the file.
    problems
        What was found on the way.
    unusable
        Per modality the reasons why none of its channels can be used; absent where one can.
    others
        Of each EEG role, what could play it beside the channel that does, best first; not tested yet. Empty where the
        user chose.
    """

    channels: tuple[Channel, ...]
    problems: tuple[Problem, ...]
    unusable: Mapping[str, tuple[str, ...]]
    others: Mapping[Role, tuple[Channel, ...]] = field(default_factory=dict)

    def derivations(self, source: Source, role: Role) -> tuple[Channel, ...]:
        """Return every usable channel that can play a role, best first."""
        inspector = _Inspector(source)
        usable = [channel for channel in self.channels if channel.role is role]
        for channel in self.others.get(role, ()):
            if not any(problem.severity == "error" for problem in inspector.test(channel)):
                usable.append(channel)
        return tuple(usable)


@dataclass
class _Inspector:
    """Tests candidates, each signal once."""

    source: Source
    measured: dict[tuple[tuple[int, float], ...], Amplitude] = field(default_factory=dict)

    def amplitude(self, terms: tuple[tuple[int, float], ...]) -> Amplitude:
        if terms not in self.measured:
            self.measured[terms] = measure(self.source, terms)
        return self.measured[terms]

    def test(self, channel: Channel) -> list[Problem]:
        """Return the channel's problems; one of severity ``"error"`` rules it out."""
        problems: list[Problem] = []
        modality = channel.role.modality
        for index, _ in channel.terms:
            problems += self.source.signals[index].faults
        if any(problem.severity == "error" for problem in problems):
            return problems
        minimum = MINIMUM_RATE[modality]
        if channel.rate < minimum:
            message = (
                f"{channel.name} is sampled at {channel.rate:g} Hz, an {modality.upper()} waveform needs "
                f"{minimum:g} Hz; it is an envelope or a trend, and is not used"
            )
            return [*problems, Problem("low-rate", message, channel.name, "error")]
        if channel.rate > MAXIMUM_RATE:
            message = (
                f"{channel.name} is sampled at {channel.rate:g} Hz, more than any amplifier of biosignals does "
                f"({MAXIMUM_RATE:g} Hz): the header is wrong, and the signal is not used"
            )
            return [*problems, Problem("high-rate", message, channel.name, "error")]
        if channel.exact_rate.denominator != 1 or channel.rate > UNUSUAL_RATE:
            message = (
                f"{channel.name} has {channel.rate:.6g} samples a second, which is unusual: the duration of a data "
                "record may be wrong, and all times with it"
            )
            problems.append(Problem("odd-rate", message, channel.name))
        for index, _ in channel.terms:
            problems += judge_calibration(self.source.signals[index], self.amplitude(((index, 1.0),)))
        if channel.derived:
            for index, _ in channel.terms:
                label = self.source.signals[index].label
                problems += judge_lead(label, self.amplitude(((index, 1.0),)))
            if any(problem.severity == "error" for problem in problems):
                return problems
        units = tuple(self.source.signals[index].unit for index, _ in channel.terms)
        return problems + judge(channel.name, modality, self.amplitude(channel.terms), units)


def match(source: Source, choice: Mapping[str, str | Sequence[str]] | None = None) -> Montage:
    """Match the signals of a store to roles.

    Parameters
    ----------
    source
        The store.
    choice
        The user's channels, see :mod:`eegvlm.signals.overrides`.

    Returns
    -------
    Montage

    Raises
    ------
    RecordingError
        Where a channel that the user chose does not exist or cannot be used.
    """
    chosen, replaced = choose(source, choice or {})
    inspector = _Inspector(source)
    labels = [signal.raw_label for signal in source.signals]
    leads: tuple[Lead | None, ...] = tuple(map(read_label, labels))
    problems: list[Problem] = []
    numbered = numbered_cap(labels)
    if numbered:
        leads = (None,) * len(labels)
        message = (
            "the electrodes are numbered, not named after the 10-20 system: none is matched; "
            "name yours with --channels eeg=LABEL"
        )
        problems.append(Problem("numbered-electrodes", message))
    table = Leads(source, leads)
    channels: list[Channel] = []
    failures: dict[str, list[str]] = {}
    others: dict[Role, tuple[Channel, ...]] = {}
    for role in _ROLES:
        if role in replaced:
            for channel in chosen.get(role, ()):
                channel_problems = inspector.test(channel)
                _refuse_chosen(source, channel, channel_problems)
                problems += channel_problems
                channels.append(channel)
            continue
        candidates = table.candidates(role)
        best, passed_over = _best(inspector, candidates, problems)
        if best is not None:
            channels.append(best)
            if role.modality == "eeg":
                others[role] = tuple(candidate for candidate in candidates if candidate.terms != best.terms)
        elif passed_over:
            failures.setdefault(role.modality, []).extend(problem.message for problem in passed_over)
    serving = {index for channel in channels for index, _ in channel.terms}
    if not numbered:
        problems += report_unread(
            [(signal, leads[index]) for index, signal in enumerate(source.signals) if index not in serving],
            present={modality_of(lead) for lead in leads if lead is not None},
        )
    problems += compare_amplitudes(
        {
            channel.name: (source.signals[channel.terms[0][0]], inspector.amplitude(channel.terms))
            for channel in channels
            if channel.role.modality == "eeg" and not channel.derived
        }
    )
    used = {channel.role.modality for channel in channels}
    alone = {index for channel in channels if not channel.derived for index, _ in channel.terms}
    channels += [as_recorded(source, i, Role.OTHER) for i in range(len(labels)) if i not in alone]
    unusable = {m: tuple(dict.fromkeys(why)) for m, why in failures.items() if m not in used}
    return Montage(tuple(channels), tuple(dict.fromkeys(problems)), unusable, others)


def _best(
    inspector: _Inspector, candidates: list[Channel], problems: list[Problem]
) -> tuple[Channel | None, list[Problem]]:
    passed_over: list[Problem] = []
    for channel in candidates:
        channel_problems = inspector.test(channel)
        errors = [problem for problem in channel_problems if problem.severity == "error"]
        if not errors:
            problems += channel_problems
            if passed_over:
                reasons = dict.fromkeys(problem.channel or "" for problem in passed_over)
                reason = f"serves because {', '.join(reasons)} cannot be used"
                channel = replace(channel, note="; ".join(filter(None, (channel.note, reason))))
            return channel, passed_over
        problems += errors
        passed_over += errors
    return None, passed_over


def _refuse_chosen(source: Source, channel: Channel, channel_problems: list[Problem]) -> None:
    for problem in channel_problems:
        if problem.severity == "error":
            hint = "choose another channel, or correct the file and export it again"
            raise RecordingError(source.name, f"channel {channel.name}", problem.message, hint)
