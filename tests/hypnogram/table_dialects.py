"""Scorings written as tables in the many ways that people write them, for tests of the reader of tables.

``random_table(seed)`` draws a scoring and a dialect and returns the text with what it means; ``difference`` tells
how a reading differs from that. A reader may refuse a table. It may not read another scoring out of it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

from eegvlm.hypnogram import Hypnogram
from eegvlm.hypnogram.timing import NO_DATE

CODES = {"W": 0, "N1": 1, "N2": 2, "N3": 3, "R": 4, "?": -2}
NAMES = (
    {"W": "W", "N1": "N1", "N2": "N2", "N3": "N3", "R": "R", "?": "?"},
    {"W": "Wake", "N1": "N1", "N2": "N2", "N3": "N3", "R": "REM", "?": "Unscored"},
    {"W": "WK", "N1": "S1", "N2": "S2", "N3": "S3", "R": "REM", "?": "MT"},
    {"W": "Wach", "N1": "Stadium 1", "N2": "Stadium 2", "N3": "Stadium 3", "R": "REM", "?": "Bewegung"},
    {"W": "Éveil", "N1": "Stade 1", "N2": "Stade 2", "N3": "Stade 3", "R": "Sommeil paradoxal", "?": "?"},
    {"W": "Sleep stage W", "N1": "Sleep stage 1", "N2": "Sleep stage 2", "N3": "Sleep stage 3", "R": "Sleep stage R"}
    | {"?": "Sleep stage ?"},
    {"W": "SLEEP-S0", "N1": "SLEEP-S1", "N2": "SLEEP-S2", "N3": "SLEEP-S3", "R": "SLEEP-REM", "?": "SLEEP-UNSCORED"},
    {"W": "Vigilia", "N1": "Fase N1", "N2": "Fase N2", "N3": "Fase N3", "R": "Fase REM", "?": "?"},
)


@dataclass
class Night:
    """A scoring: a label an epoch, the length of an epoch (s), and the clock time of the first."""

    labels: list[str]
    epoch_s: float
    start: datetime

    @property
    def runs(self) -> list[tuple[int, int, str]]:
        """First epoch, number of epochs and label of each stretch."""
        runs, first = [], 0
        for label, group in groupby(self.labels):
            n = len(list(group))
            runs.append((first, n, label))
            first += n
        return runs


@dataclass
class Table:
    """A table as text, and what it says.

    ``first_s`` and ``clock`` are where its first epoch starts, None where the table does not say; ``open_end`` tells
    that its last stretch has no end; ``options`` are what a reader must be told.
    """

    dialect: str
    text: str
    night: Night
    first_s: float | None = 0.0
    clock: datetime | None = None
    dated: bool = False
    open_end: bool = False
    options: dict[str, object] = field(default_factory=dict)


def random_night(rng: random.Random) -> Night:
    """Draw a night of 8 to 1100 epochs; its stages come in stretches, as stages do."""
    n = rng.choice((8, 20, 60, rng.randint(100, 400), rng.randint(700, 1100)))
    labels: list[str] = []
    before = ""
    while len(labels) < n:
        stage = rng.choice([label for label in ("W", "N1", "N2", "N2", "N3", "R") if label != before])
        if rng.random() < 0.03:
            stage = "?"
        labels += [stage] * rng.choice((1, 1, 2, 3, rng.randint(4, 90)))
        before = stage
    day = datetime(2024, rng.choice((1, 2, 5, 9)), rng.randint(1, 28))
    clock = timedelta(
        hours=rng.choice((20, 21, 22, 23, 0, 1, 13)), minutes=rng.randint(0, 59), seconds=rng.randint(0, 59)
    )
    return Night(labels[:n], rng.choice((30.0, 30.0, 30.0, 20.0)), day + clock)


class _Writer:
    """How one person writes tables: delimiter, quotes, names of stages and columns, line ends."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.delimiter = rng.choice((",", ",", ";", "\t"))
        self.comma = self.delimiter != "," and rng.random() < 0.3
        self.names = rng.choice(NAMES)
        self.newline = rng.choice(("\n", "\n", "\r\n"))
        self.quoted = rng.random() < 0.15

    def number(self, value: float) -> str:
        text = f"{value:.6f}".rstrip("0").rstrip(".") if self.rng.random() < 0.7 else f"{value:.3f}"
        return text.replace(".", ",") if self.comma else text

    def table(self, header: Sequence[str] | None, rows: Sequence[Sequence[object]]) -> str:
        quote = (lambda cell: f'"{cell}"') if self.quoted else str
        lines = [self.delimiter.join(quote(cell) for cell in row) for row in ([header] if header else []) + list(rows)]
        tail = self.delimiter if header and self.rng.random() < 0.05 else ""
        comment = "# exported by hand\n" if self.rng.random() < 0.05 else ""
        return comment + self.newline.join(line + tail for line in lines) + self.newline


Dialect = Callable[[random.Random, Night, _Writer], Table]
DIALECTS: dict[str, Dialect] = {}


def dialect(function: Dialect) -> Dialect:
    """Add a dialect."""
    DIALECTS[function.__name__] = function
    return function


def _stage_header(rng: random.Random) -> str:
    return rng.choice(("stage", "Stage", "Sleep Stage", "sleep_stage", "Schlafstadium", "hypnogram"))


def _epoch_header(rng: random.Random) -> str:
    return rng.choice(("epoch", "Epoch", "Epoch No.", "epoch_number", "Epoche", "#", "No."))


@dialect
def one_label_a_line(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """Labels alone."""
    text = pen.newline.join(pen.names[label] for label in night.labels) + pen.newline
    return Table("", text, night, options={"epoch_s": night.epoch_s})


@dialect
def one_code_a_line(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """Codes alone."""
    text = "\n".join(str(CODES[label]) for label in night.labels)
    return Table("", text, night, options={"coding": "yasa", "epoch_s": night.epoch_s})


@dialect
def one_code_a_second(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """Codes, one a second, which the reader is not told."""
    while len(night.labels) < 60 or len(night.runs) < 5:  # less is no night from which it could be told
        night = random_night(rng)
    text = "\n".join(str(CODES[label]) for label in night.labels for _ in range(int(night.epoch_s)))
    return Table("", text, night, options={"coding": "yasa"})


@dialect
def all_in_one_line(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """Codes in one line."""
    text = rng.choice((", ", " ", ";")).join(str(CODES[label]) for label in night.labels)
    return Table("", text, night, options={"coding": "yasa", "epoch_s": night.epoch_s})


def _numbered(rng: random.Random, night: Night, pen: _Writer, kept: Sequence[int]) -> Table:
    first = rng.choice((0, 1, 1))
    rows = [(k + first, pen.names[night.labels[k]]) for k in kept]
    options = {} if night.epoch_s == 30 else {"epoch_s": night.epoch_s}
    return Table("", pen.table((_epoch_header(rng), _stage_header(rng)), rows), night, options=options)


@dialect
def epoch_numbers(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """Epoch and stage."""
    return _numbered(rng, night, pen, range(len(night.labels)))


@dialect
def epoch_numbers_with_holes(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """Epoch and stage, artefact epochs left out."""
    begin = rng.randint(1, max(1, len(night.labels) - 3))
    stop = min(len(night.labels) - 1, begin + rng.randint(1, max(1, len(night.labels) // 5)))
    night = Night([*night.labels[:begin], *"?" * (stop - begin), *night.labels[stop:]], night.epoch_s, night.start)
    kept = [k for k in range(len(night.labels)) if not begin <= k < stop]
    return _numbered(rng, night, pen, kept)


@dialect
def epoch_numbers_unsorted(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """Epoch and stage in any order."""
    kept = list(range(len(night.labels)))
    rng.shuffle(kept)
    return _numbered(rng, night, pen, kept)


@dialect
def epoch_numbers_twice(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """Epoch and stage, one row twice."""
    kept = list(range(len(night.labels)))
    kept.insert(rng.randrange(len(kept)), rng.randrange(len(night.labels)))
    return _numbered(rng, night, pen, kept)


@dialect
def epoch_numbers_on_change(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """Epoch and stage where the stage changes."""
    table = _numbered(rng, night, pen, [first for first, _, _ in night.runs])
    table.open_end = True
    return table


@dialect
def epoch_numbers_from_any_start(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """Epochs counted from 1, scored from a later one on."""
    first = rng.randint(2, 60)
    rows = [(k + first, pen.names[label]) for k, label in enumerate(night.labels)]
    text = pen.table((_epoch_header(rng), _stage_header(rng)), rows)
    return Table("", text, night, (first - 1) * night.epoch_s, options={"epoch_s": night.epoch_s})


@dialect
def filtered_data_frame(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """A data frame with its index, some rows dropped."""
    kept = sorted(rng.sample(range(len(night.labels)), max(2, int(0.8 * len(night.labels)))))
    labels = [label if k in set(kept) else "?" for k, label in enumerate(night.labels)]
    rows = [(k, night.labels[k]) for k in kept]
    table = Table("", pen.table(("", "stage"), rows), Night(labels, night.epoch_s, night.start))
    table.options = {"epoch_s": night.epoch_s}
    table.first_s = 0.0 if kept[0] == 0 else None  # an index that does not begin with 0 may count from 1
    return table


def _timed(night: Night, *, per_epoch: bool) -> list[tuple[float, float, str]]:
    if per_epoch:
        return [(k * night.epoch_s, night.epoch_s, label) for k, label in enumerate(night.labels)]
    return [(first * night.epoch_s, n * night.epoch_s, label) for first, n, label in night.runs]


@dialect
def onset_and_duration(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """Onset and duration in seconds, named or not."""
    lead = rng.choice((0.0, 0.0, 600.0, 11.3))
    unit = rng.choice(("", "_s", " (s)", " [sec]"))
    rows = [
        (pen.number(lead + at), pen.number(length), pen.names[label])
        for at, length, label in _timed(night, per_epoch=rng.random() < 0.5)
    ]
    header = [f"{rng.choice(('onset', 'Start'))}{unit}", f"duration{unit}", rng.choice(("stage", "annotation"))]
    return Table("", pen.table(header, rows), night, lead)


@dialect
def onset_and_end(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """Start and end in seconds, in any order of columns."""
    rows = [
        (pen.names[label], pen.number(at), pen.number(at + length))
        for at, length, label in _timed(night, per_epoch=rng.random() < 0.3)
    ]
    return Table("", pen.table((_stage_header(rng), "start", rng.choice(("end", "stop", "Ende"))), rows), night)


@dialect
def onset_and_end_with_gaps(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """Start and end in seconds; some stretches end before the next begins."""
    labels, rows = list(night.labels), []
    for first, n, label in night.runs:
        cut = rng.randint(1, n - 1) if n > 3 and rng.random() < 0.2 else 0
        labels[first + n - cut : first + n] = "?" * cut
        rows.append(
            (pen.number(first * night.epoch_s), pen.number((first + n - cut) * night.epoch_s), pen.names[label])
        )
    gapped = Night(labels, night.epoch_s, night.start)
    return Table("", pen.table(("start", "end", "stage"), rows), gapped)


@dialect
def onset_in_another_unit(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """Onset and duration in milliseconds, minutes, hours or samples; the name says which, or nothing does."""
    unit, per_s = rng.choice((("ms", 1000), ("min", 1 / 60), ("h", 1 / 3600), ("samples", 256), ("samples", 100)))
    named = rng.random() < 0.5
    suffix = f"_{unit}" if named else ""
    decimals = 9 if per_s < 1 else 3
    rows = [
        (f"{at * per_s:.{decimals}f}", f"{length * per_s:.{decimals}f}", pen.names[label])
        for at, length, label in _timed(night, per_epoch=rng.random() < 0.5)
    ]
    return Table("", pen.table((f"onset{suffix}", f"duration{suffix}", "stage"), rows), night)


@dialect
def onset_alone(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """Onset in seconds, one row an epoch or one a change."""
    changes = rng.random() < 0.5
    rows = [(pen.number(at), pen.names[label]) for at, _, label in _timed(night, per_epoch=not changes)]
    return Table("", pen.table(("onset", "stage"), rows), night, open_end=True)


@dialect
def duration_alone(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """Stage and how long it lasts."""
    unit, per_s = rng.choice((("(s)", 1.0), ("(min)", 1 / 60), ("", 1.0), ("", 1 / 60)))
    rows = [(pen.names[label], f"{length * per_s:.9f}") for _, length, label in _timed(night, per_epoch=False)]
    return Table("", pen.table(("stage", f"Duration {unit}".strip()), rows), night)


@dialect
def stage_and_end_without_header(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """Stage and the second at which it ends."""
    rows = [f"{pen.names[label]}\t{at + length:g}" for at, length, label in _timed(night, per_epoch=False)]
    return Table("", "\n".join(rows), night)


@dialect
def numbers_without_header(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """Start, length or end, and stage, split at blanks."""
    ends = rng.random() < 0.5
    rows = [
        f"{at:g} {at + length if ends else length:g} {label.replace('?', 'MT')}"
        for at, length, label in _timed(night, per_epoch=rng.random() < 0.5)
    ]
    return Table("", "\n".join(rows), night)


def _clock(night: Night, at: float, pattern: str) -> str:
    return (night.start + timedelta(seconds=at)).strftime(pattern)


_DATES = ("%d.%m.%Y", "%Y-%m-%d", "%d/%m/%Y", "%Y/%m/%d", "%d-%b-%Y")
_CLOCKS = ("%H:%M:%S", "%I:%M:%S %p", "%H:%M:%S", "%H.%M.%S")


@dialect
def clock_times(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """Clock time of each epoch, over midnight."""
    pattern = rng.choice(_CLOCKS)
    rows = [(_clock(night, at, pattern), pen.names[label]) for at, _, label in _timed(night, per_epoch=True)]
    header = (rng.choice(("Time", "Uhrzeit", "Start Time", "clock")), "Stage")
    return Table("", pen.table(header, rows), night, None, night.start)


@dialect
def clock_times_with_holes(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """Clock time of each epoch; rows are missing or in another order."""
    kept = sorted(rng.sample(range(len(night.labels)), max(2, int(0.8 * len(night.labels)))))
    labels = [label if k in set(kept) else "?" for k, label in enumerate(night.labels)]
    rows = [(_clock(night, k * night.epoch_s, "%H:%M:%S"), pen.names[night.labels[k]]) for k in kept]
    if rng.random() < 0.3:
        rng.shuffle(rows)
    return Table("", pen.table(("Time", "Stage"), rows), Night(labels, night.epoch_s, night.start), None, night.start)


@dialect
def clock_times_on_change(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """A running number, and the clock time at which the stage changes."""
    pattern = rng.choice(_CLOCKS)
    timed = _timed(night, per_epoch=False)
    rows = [(k, _clock(night, at, pattern), pen.names[label]) for k, (at, _, label) in enumerate(timed, start=1)]
    return Table("", pen.table(("No.", "Start Time", "Stage"), rows), night, None, night.start, open_end=True)


@dialect
def clock_start_end_duration(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """Clock times of start and end, and the duration in seconds, minutes or hh:mm:ss."""
    pattern = rng.choice(_CLOCKS[:3])
    unit, write = rng.choice(
        (
            (" (s)", lambda s: f"{s:g}"),
            ("", lambda s: f"{s:g}"),
            (" (min)", lambda s: f"{s / 60:.6f}"),
            ("", lambda s: f"{s / 60:.6f}"),
            ("", lambda s: f"{int(s) // 3600:02d}:{int(s) % 3600 // 60:02d}:{int(s) % 60:02d}"),
        )
    )
    rows = [
        (_clock(night, at, pattern), _clock(night, at + length, pattern), write(length), pen.names[label])
        for at, length, label in _timed(night, per_epoch=False)
    ]
    header = ("Start Time", "End Time", f"Duration{unit}", "Stage")
    return Table("", pen.table(header, rows), night, None, night.start)


@dialect
def date_and_time(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """Date and time in two columns or in one; the date may be that of the evening throughout."""
    date, clock = rng.choice(_DATES), rng.choice(_CLOCKS[:3])
    evening = rng.random() < 0.2
    rows = []
    for at, _, label in _timed(night, per_epoch=True):
        day = night.start.strftime(date) if evening else _clock(night, at, date)
        rows.append((day, _clock(night, at, clock), pen.names[label]))
    if rng.random() < 0.2:
        rng.shuffle(rows)
    header: tuple[str, ...] = ("Date", "Time", "Stage")
    if rng.random() < 0.5:
        joint = rng.choice((" ", "T")) if date.startswith("%Y-") else " "
        rows = [(f"{day}{joint}{time}", label) for day, time, label in rows]
        header = ("Start Time", "Stage")
    return Table("", pen.table(header, rows), night, None, night.start, dated=True)


# When clocks were changed, by the clock before, and by how many hours: Europe and North America.
_CHANGES = (
    (datetime(2024, 10, 27, 3), -1),
    (datetime(2024, 11, 3, 2), -1),
    (datetime(2024, 3, 31, 2), 1),
    (datetime(2024, 3, 10, 2), 1),
)


@dialect
def clocks_changed(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """The clock of a wall, which is set forward or back in the night, an epoch a row or with ends and durations."""
    change, hours = rng.choice(_CHANGES)
    before = timedelta(hours=rng.choice((1, 2, 3, 5)), minutes=rng.randint(1, 59), seconds=rng.randint(0, 59))
    night = Night(night.labels, night.epoch_s, change - before)

    def wall(at: float, pattern: str) -> str:
        time = night.start + timedelta(seconds=at)
        return (time if time < change else time + timedelta(hours=hours)).strftime(pattern)

    pattern, date = rng.choice(_CLOCKS[:3]), rng.choice(_DATES)
    if rng.random() < 0.3:
        rows = [
            (wall(at, pattern), wall(at + length, pattern), f"{length:g}", pen.names[label])
            for at, length, label in _timed(night, per_epoch=False)
        ]
        return Table("", pen.table(("Start", "End", "Duration (s)", "Stage"), rows), night, None, night.start)
    timed = list(enumerate(_timed(night, per_epoch=True), start=1))
    form = rng.choice(("alone", "number", "date", "evening"))
    if form == "alone":
        rows, header = [(wall(at, pattern), pen.names[label]) for _, (at, _, label) in timed], ("Time", "Stage")
    elif form == "number":
        rows = [(k, wall(at, pattern), pen.names[label]) for k, (at, _, label) in timed]
        header = ("Epoch", "Time", "Stage")
    else:
        evening = night.start.strftime(date) if form == "evening" else None
        rows = [(evening or wall(at, date), wall(at, pattern), pen.names[label]) for _, (at, _, label) in timed]
        header = ("Date", "Time", "Stage")
    return Table("", pen.table(header, rows), night, None, night.start, dated=form in ("date", "evening"))


@dialect
def wrapped_list(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """Labels, or one character an epoch, in lines of one width."""
    names = [pen.names[label] for label in night.labels]
    if any(" " in name for name in names) or rng.random() < 0.3:
        names = [{"N1": "1", "N2": "2", "N3": "3"}.get(label, label) for label in night.labels]
        width, between = rng.choice((60, 80, 120)), ""
    else:
        width, between = rng.choice((10, 12, 20, 40, 120)), rng.choice((" ", ",", ";"))
    lines = [between.join(names[k : k + width]) for k in range(0, len(names), width)]
    return Table("", pen.newline.join(lines) + pen.newline, night, options={"epoch_s": night.epoch_s})


@dialect
def epoch_with_clock(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """Epoch number and clock time, which may have no seconds; the clocks may be set back in the night."""
    pattern = rng.choice(("%H:%M:%S", "%I:%M:%S %p", "%H:%M"))
    back_at = rng.uniform(0, len(night.labels)) if rng.random() < 0.3 else float("inf")
    rows = []
    for k, label in enumerate(night.labels):
        at = k * night.epoch_s - (3600 if k > back_at else 0)
        rows.append((k + 1, _clock(night, at, pattern), pen.names[label]))
    clock = None if pattern == "%H:%M" else night.start
    options = {"epoch_s": night.epoch_s} if pattern == "%H:%M" else {}
    table = Table("", pen.table(("Epoch", "Time", "Stage"), rows), night, None, clock, options=options)
    return table


@dialect
def elapsed_times(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """Onset as hh:mm:ss after the start."""
    pen.names = NAMES[5]
    rows = [
        (
            str(timedelta(seconds=at)) if rng.random() < 0.5 else f"0{timedelta(seconds=at)}",
            f"{length:g}",
            pen.names[label],
        )
        for at, length, label in _timed(night, per_epoch=rng.random() < 0.5)
    ]
    return Table("", pen.table(("Onset", "Duration", "Annotation"), rows), night)


def _second_scorer(rng: random.Random, labels: Sequence[str]) -> list[str]:
    return [label if rng.random() < 0.8 else rng.choice(("W", "N1", "N2", "R")) for label in labels]


@dialect
def two_scorers_below_each_other(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """A column of scorers; the reader may be told whose to read."""
    both = (("A", night.labels), ("B", _second_scorer(rng, night.labels)))
    rows = [(who, k + 1, label) for who, labels in both for k, label in enumerate(labels)]
    options: dict[str, object] = {"epoch_s": night.epoch_s} | ({"scorer": "A"} if rng.random() < 0.7 else {})
    return Table("", pen.table((rng.choice(("scorer", "Rater")), "epoch", "stage"), rows), night, options=options)


@dialect
def two_scorings_without_a_scorer(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """Two scorings below each other, of which nothing says so; only a refusal is right, unless they agree."""
    other = [night.labels[-1], *night.labels[1:]]
    rows = [(k + 1, label) for labels in (night.labels, other) for k, label in enumerate(labels)]
    return Table("", pen.table(("epoch", "stage"), rows), night, options={"epoch_s": night.epoch_s})


@dialect
def two_scorers_side_by_side(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """A column for each scorer."""
    rows = [(k + 1, a, b) for k, (a, b) in enumerate(zip(night.labels, _second_scorer(rng, night.labels), strict=True))]
    options: dict[str, object] = {"epoch_s": night.epoch_s} | ({"scorer": "human"} if rng.random() < 0.7 else {})
    return Table("", pen.table(("epoch", "human", "machine"), rows), night, options=options)


@dialect
def events_between_stages(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """Stages among arousals and comments."""
    rows: list[tuple[float, str, str]] = []
    for at, length, label in _timed(night, per_epoch=rng.random() < 0.5):
        rows.append((at, f"{length:g}", NAMES[5][label]))
        if rng.random() < 0.3:
            rows.append(
                (at + rng.uniform(1, 15), f"{rng.uniform(3, 10):.2f}", rng.choice(("Arousal", "Hypopnea", "REM")))
            )
    cells = [(f"{at:g}" if at == int(at) else f"{at:.3f}", length, text) for at, length, text in rows]
    return Table("", pen.table(("Onset", "Duration", "Annotation"), cells), night)


@dialect
def light_and_deep_sleep(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """Wake, light, deep, REM: only a refusal is right where there is N1."""
    names = {"W": "Wake", "N1": "Light", "N2": "Light", "N3": "Deep", "R": "REM", "?": "Unscored"}
    form = rng.choice(("lines", "epochs", "events"))
    if form == "lines":
        text = "\n".join(names[label] for label in night.labels)
    elif form == "epochs":
        text = pen.table(("epoch", "stage"), [(k + 1, names[label]) for k, label in enumerate(night.labels)])
    else:
        rows = [(f"{at:g}", f"{length:g}", names[label]) for at, length, label in _timed(night, per_epoch=False)]
        text = pen.table(("onset", "duration", "event"), rows)
    return Table("", text, night, options={"epoch_s": night.epoch_s})


@dialect
def labels_with_codes(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """A label, its code and measures in one table, as R or a spreadsheet writes them."""
    rows = [
        (k + 1, label, CODES[label], f"{rng.random():.3f}", rng.randint(0, 3)) for k, label in enumerate(night.labels)
    ]
    header = ("epoch", "stage", "stage_code", "confidence", "arousals")
    return Table("", pen.table(header, rows), night, options={"epoch_s": night.epoch_s})


@dialect
def a_column_nobody_knows(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """A stage beside numbers of which the name says nothing: they may be the times."""
    step = rng.choice((1.0, night.epoch_s, 0.5, 7.25))
    kept = sorted(rng.sample(range(len(night.labels)), max(2, int(0.9 * len(night.labels)))))
    labels = [label if k in set(kept) else "?" for k, label in enumerate(night.labels)]
    rows = [(f"{k * step:g}", night.labels[k]) for k in kept]
    options = {"epoch_s": night.epoch_s}
    return Table(
        "", pen.table(("xyz", "stage"), rows), Night(labels, night.epoch_s, night.start), None, options=options
    )


def _long(night: Night, rng: random.Random) -> Night:
    """Return a night of two hours or more with ten changes of stage or more: less shows no pattern."""
    while len(night.labels) < 240 or len(night.runs) < 10:
        night = random_night(rng)
    return night


def _events(rng: random.Random, night: Night) -> list[tuple[float, float, str]]:
    """Draw at most one event an epoch, shorter than it, with the stage in which it lies."""
    chosen = sorted(rng.sample(range(len(night.labels)), max(4, len(night.labels) // 8)))
    return [
        (round(k * night.epoch_s + rng.uniform(1, 8), 1), round(rng.uniform(0.5, 10), 1), night.labels[k])
        for k in chosen
    ]


@dialect
def events_with_their_stage(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """Arousals or spindles, each with the stage in which it lies, or with a type that looks like one: no scoring."""
    night = _long(night, rng)
    type_of = rng.choice((lambda stage: stage, lambda stage: rng.choice("RS"), lambda stage: rng.choice("RMW")))
    rows = [(pen.number(at), pen.number(length), type_of(label)) for at, length, label in _events(rng, night)]
    header = rng.choice(
        (("onset", "duration", "stage"), ("onset_s", "duration_s", "stage"), ("Start_s", "Dur_s", "Type"))
    )
    return Table("", pen.table(header, rows), night)


@dialect
def changes_of_one_length(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """A row at each change of stage, and the length of an epoch in each: no scoring, unless few or short stages."""
    night = _long(night, rng)
    rows = [
        (pen.number(first * night.epoch_s), pen.number(night.epoch_s), pen.names[label])
        for first, _, label in night.runs
    ]
    return Table("", pen.table(("onset_s", "duration_s", "stage"), rows), night)


@dialect
def titles_among_labels(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """Labels alone, with a title or the numbers of pages among them."""
    night = _long(night, rng)
    every = rng.choice((50, 400))
    lines: list[str] = []
    for k, label in enumerate(night.labels):
        if k % every == every // 2:
            lines.append(rng.choice((f"Page {k // every + 1}", "Lights Off", "--- 00:00 ---")))
        lines.append(pen.names[label])
    text = pen.newline.join(lines) + pen.newline
    return Table("", text, night, options={"epoch_s": night.epoch_s})


@dialect
def merged_cells(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """A sheet with merged cells: the stage stands in the first row of each stretch, the others are empty."""
    night = _long(night, rng)
    firsts = {first for first, _, _ in night.runs}
    stage = [pen.names[label] if k in firsts else "" for k, label in enumerate(night.labels)]
    pattern = rng.choice(("", "%H:%M:%S"))
    rows = [(_clock(night, k * night.epoch_s, pattern) if pattern else k + 1, text) for k, text in enumerate(stage)]
    clock = night.start if pattern else None
    header = ("Time" if pattern else "Epoch", "Stage")
    return Table("", pen.table(header, rows), night, None, clock, options={"epoch_s": night.epoch_s})


@dialect
def sums_of_stages(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """How long each stage lasted in all: no scoring, unless the night had no other."""
    night = _long(night, rng)
    stages = sorted(set(night.labels))
    sums = [(pen.names[stage], pen.number(night.labels.count(stage) * night.epoch_s / 60)) for stage in stages]
    header = ("Stage", rng.choice(("Duration (min)", "Minutes", "Duration")))
    return Table("", pen.table(header, sums), night)


@dialect
def clock_as_numbers(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """Seconds or hours since midnight, which begin again there."""
    midnight = night.start.replace(hour=0, minute=0, second=0)
    name, unit_s = rng.choice((("Time", 1.0), ("Time (s)", 1.0), ("time_h", 3600.0)))
    since = (night.start - midnight).total_seconds()
    rows = [
        (f"{(since + k * night.epoch_s) % 86400 / unit_s:.6f}", pen.names[label])
        for k, label in enumerate(night.labels)
    ]
    return Table("", pen.table((name, "Stage"), rows), night, None)


@dialect
def clock_beyond_24(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """A clock that goes on beyond 24 h, or shows 24:00 before 0:00; the reader may be told that it is one."""
    since = (night.start - night.start.replace(hour=0, minute=0, second=0)).total_seconds()
    only_midnight = rng.random() < 0.4
    rows = []
    for k, label in enumerate(night.labels):
        whole = int(since + k * night.epoch_s)
        if only_midnight and whole >= 87000:
            whole -= 86400
        rows.append((f"{whole // 3600:02d}:{whole % 3600 // 60:02d}:{whole % 60:02d}", pen.names[label]))
    options: dict[str, object] = {"onset_unit": "clock"} if rng.random() < 0.5 else {}
    return Table("", pen.table(("Time", "Stage"), rows), night, None, night.start, options=options)


@dialect
def two_lengths_of_epochs(rng: random.Random, night: Night, pen: _Writer) -> Table:
    """Epochs of 30 s, then of 20 s, with their starts alone."""
    half = len(night.labels) // 2
    tens = [label for k, label in enumerate(night.labels) for _ in range(3 if k < half else 2)]
    rows, at = [], 0
    for k, label in enumerate(night.labels):
        rows.append((at, pen.names[label]))
        at += 30 if k < half else 20
    return Table("", pen.table((rng.choice(("onset", "onset_s")), "stage"), rows), Night(tens, 10.0, night.start))


def random_table(seed: int) -> Table:
    """Draw a table; the same seed gives the same table."""
    rng = random.Random(seed)
    night = random_night(rng)
    name = rng.choice(sorted(DIALECTS))
    table = DIALECTS[name](rng, night, _Writer(rng))
    table.dialect = name
    return table


def difference(table: Table, read: Hypnogram) -> str | None:
    """Tell how a reading differs from what the table says; None where it does not."""
    night = table.night
    first_scored = next((k for k, label in enumerate(night.labels) if label != "?"), None)
    if first_scored is None:
        return None if not read.scored.any() else "a stage where there is none"
    lead_s = _lead(table, read)
    if lead_s is None:
        return "the start is wrong"
    ends, found = len(night.labels), read.labels
    if table.open_end:
        ends = night.runs[-1][0] + 1
    for k in range(ends):
        at = lead_s + (k + 0.5) * night.epoch_s - read.onset_s
        epoch = int(at // read.epoch_s)
        label = found[epoch] if 0 <= epoch < len(read) else "?"
        if label != night.labels[k]:
            return f"epoch {k + 1} of {len(night.labels)} is {label}, not {night.labels[k]}"
    for epoch, label in enumerate(found):
        at = read.onset_s + (epoch + 0.5) * read.epoch_s - lead_s
        if label != "?" and not 0 <= at <= len(night.labels) * night.epoch_s:
            return f"{label} at {at:g} s of {len(night.labels) * night.epoch_s:g} s"
    return None


def _lead(table: Table, read: Hypnogram) -> float | None:
    """Seconds from the reading's second 0 to the table's first epoch; None where the reading has it elsewhere."""
    if table.clock is not None:
        if read.start is None:
            return None
        lead = (table.clock - read.start).total_seconds()
        if table.dated and read.start.date() != NO_DATE:  # which of 05/11/2024 is the day may not be known
            return lead if abs(lead) < 86400 else None
        lead %= 86400
        return lead if lead <= 43200 else lead - 86400
    if table.first_s is not None:
        return table.first_s
    first = next(k for k, label in enumerate(table.night.labels) if label != "?")
    found = next((k for k, label in enumerate(read.labels) if label != "?"), None)
    return None if found is None else read.onset_s + found * read.epoch_s - first * table.night.epoch_s
