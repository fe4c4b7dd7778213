"""What a format is, and the file that one is read from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from eegvlm.hypnogram.codings import Coding
from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.stage import Stage, stage_of_spelling
from eegvlm.hypnogram.stage_map import StageMap, folded

HEAD_BYTES = 65536
# A night in the wordiest text format takes some 200 KiB; what is larger by far is not a scoring.
MOST_BYTES = 128 * 2**20


@dataclass(frozen=True)
class ScoringSource:
    """A file to be read, with what the user said about it.

    Attributes
    ----------
    path
        The file.
    head
        Its first 64 KiB.
    coding
        The convention of its integer codes, if the user named one.
    epoch_s
        The length of its epochs in seconds, if the user gave one.
    onset_unit
        What its times count, if the user said so: see :mod:`.onset_unit`.
    scorer
        Whose stages are wanted, if the user named a scorer.
    stage_map
        What the user's own names of stages mean, see :func:`eegvlm.hypnogram.stage_map.parse_stage_map`.
    recording_s
        The length of the recording in seconds, where it is known.
    signal
        The signal of an EDF file that holds the codes, if the user named one.
    """

    path: Path
    head: bytes
    coding: Coding | None = None
    epoch_s: float | None = None
    onset_unit: str | None = None
    scorer: str | None = None
    stage_map: StageMap = field(default_factory=dict)
    recording_s: float | None = None
    signal: str | None = None

    def stage_of(self, text: str) -> Stage | None:
        """Return the stage that a text names, by the user's own names first; None where it names none."""
        mapped = self.stage_map.get(folded(text), text)
        return stage_of_spelling(text) if isinstance(mapped, str) else mapped

    def error(self, field: str, value: object, hint: str) -> HypnogramError:
        """Make the error that names this file."""
        return HypnogramError(self.path, field, value, hint)

    def data(self) -> bytes:
        """Return the whole file.

        Raises
        ------
        HypnogramError
            If it is far larger than any scoring.
        """
        size = self.path.stat().st_size
        if size > MOST_BYTES:
            raise self.error("size", f"{size} bytes", f"a scoring has at most {MOST_BYTES}; is this the right file?")
        return self.path.read_bytes()

    def text(self) -> str:
        """Return the whole file as text: UTF-8, UTF-16 with its mark, or else Latin-1.

        Raises
        ------
        HypnogramError
            If it holds zero bytes: it is not text.
        """
        data = self.data()
        text = decoded(data)
        if "\0" in text:
            if max(data[:4096:2].count(0), data[1:4096:2].count(0)) > 0.4 * len(data[:4096]):
                hint = "it seems to be UTF-16 without the mark that says so; save it as UTF-8"
                raise self.error("content", "a zero byte in every character", hint)
            raise self.error("content", "zero bytes", "it is not text; name its format if the extension is wrong")
        return text


def decoded(data: bytes) -> str:
    """Decode text: UTF-8, UTF-16 with its byte order mark, or else Latin-1, which takes any byte."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The beginning of a file may end within a character.
        if error.reason == "unexpected end of data":
            return data[: error.start].decode("utf-8-sig")
        return data.decode("latin-1")


@dataclass(frozen=True)
class Format:
    """A format that can be read, and perhaps written.

    Attributes
    ----------
    name
        What a user writes to choose it.
    title
        What it is, for people.
    extensions
        Ends of file names, lower case with the dot, that suggest it; the first is the usual one.
    recognises
        Tells from a file whether its content is of this format.
    read
        Reads it; raises :class:`HypnogramError` and nothing else.
    write
        Makes the files of a scoring, as a mapping from path to bytes, the main file last; None if the format
        can only be read.
    carries
        Which of ``start``, ``onset_s``, ``epoch_s``, ``probabilities``, ``notes``, ``lights``, ``quality`` it keeps.
    holds_codes
        Whether its files may hold integer codes, which need a coding.
    holds_scorers
        Whether its files may hold the stages of several scorers, of whom the user names one.
    holds_units
        Whether its files may leave open what their times count, which the user says then.
    """

    name: str
    title: str
    extensions: tuple[str, ...]
    recognises: Callable[[ScoringSource], bool]
    read: Callable[[ScoringSource], Hypnogram]
    write: Callable[[Hypnogram, Path, Coding | None], Mapping[Path, bytes]] | None
    carries: frozenset[str] = frozenset()
    holds_codes: bool = False
    holds_scorers: bool = False
    holds_units: bool = False


def from_the_recordings_start(hypnogram: Hypnogram, path: Path) -> Hypnogram:
    """Put unscored epochs before a scoring, for a format that cannot say when its first epoch starts.

    Raises
    ------
    HypnogramError
        If the scoring starts before the recording or between two epochs counted from its start.
    """
    lead = hypnogram.onset_s / hypnogram.epoch_s
    if lead < 0 or abs(lead - round(lead)) > 1e-6:
        hint = "this format counts epochs from the recording's start; resample the scoring onto them first"
        raise HypnogramError(path, "first epoch", f"at {hypnogram.onset_s:g} s", hint)
    return hypnogram.resample_to(hypnogram.epoch_s, onset_s=0.0, n_epochs=round(lead) + len(hypnogram))
