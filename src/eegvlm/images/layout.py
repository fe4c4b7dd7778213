"""What is drawn where: :class:`ImageLayout`, its panels and its grid, as data.

A layout says everything about a picture but the signal: size, the panels and the roles they show, the fixed
scale in microvolt per pixel, the level a recording is brought to, the band each channel is filtered to, line, colours
and grid. It is saved with the model it belongs to, so that training and inference draw the same. Amplitude is never
fitted to the epoch.

Reading a layout from JSON or from a dictionary is strict and lives in :mod:`eegvlm.images.layout_json`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from typing import Any

from eegvlm.errors import InputError
from eegvlm.signals import Role

# Positions are fixed-point numbers of 1/256 pixel held exactly in float32 while border values are interpolated
# with weights of 1/256: 255 pixels above and below a row's middle keep every product below 2**24.
MAX_ROW_HEIGHT = 510


class LayoutError(InputError):
    """A layout that cannot be drawn."""


@dataclass(frozen=True, kw_only=True)
class GridLines:
    """Vertical lines at equal intervals of time, one column of pixels wide, drawn under the trace.

    Parameters
    ----------
    every_s
        The interval in seconds, counted from the start of the epoch. No line is drawn at a row's left border.
    colour
        The lines' level in each of the picture's channels, 0-255.
    """

    every_s: float
    colour: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Level:
    """To which level a panel's channel is brought, by one factor for the whole recording.

    Parameters
    ----------
    band
        (low, high) in Hz.
    microvolt
        The median over the recording's epochs of the rms in this band, after it.
    """

    band: tuple[float, float]
    microvolt: float


@dataclass(frozen=True, kw_only=True)
class ArtefactLimit:
    """How much the quietest epochs of a recording may hold in a band, and what is drawn where they hold more.

    Parameters
    ----------
    band
        (low, high) in Hz.
    microvolt
        The most that the tenth percentile over the recording's epochs of the rms in this band may be, at the panel's
        level.
    keep
        (low, high) in Hz to which a recording with more is narrowed; None leaves a side as it is.
    """

    band: tuple[float, float]
    microvolt: float
    keep: tuple[float | None, float | None]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A horizontal strip of the picture that shows one channel.

    Parameters
    ----------
    name
        What :func:`~eegvlm.images.render` calls the panel's signal.
    roles
        Channel roles in order of preference; the first that a recording has is shown.
    rows
        How many rows the 30-s epoch is wrapped into; they divide `height`.
    top, height
        Where the panel lies, in pixels.
    microvolt_per_pixel
        The vertical scale. Zero microvolt lies in the middle of a row; what leaves the row is drawn at its border.
    band
        (low, high) cut-off in Hz that the signal is filtered to before it is drawn; None leaves a side open.
    colour
        The trace's level in each of the picture's channels, 0-255.
    negative_up
        Whether negative voltage points up, as EEG does on a scorer's screen.
    level
        The level that recordings are brought to (:mod:`eegvlm.images.corrections`); None draws them as they are.
    floors
        Bands that an artefact may fill all night long, and what is drawn then.
    """

    name: str
    roles: tuple[Role, ...]
    rows: int
    top: int
    height: int
    microvolt_per_pixel: float
    band: tuple[float | None, float | None]
    colour: tuple[int, ...]
    negative_up: bool = False
    level: Level | None = None
    floors: tuple[ArtefactLimit, ...] = ()

    @property
    def shows_eeg(self) -> bool:
        """Whether any of its roles is an EEG's."""
        return any(role.modality == "eeg" for role in self.roles)

    @property
    def row_height(self) -> int:
        """Height of one row in pixels."""
        return self.height // self.rows

    @property
    def corrects(self) -> bool:
        """Whether its signal is drawn otherwise than it is (:mod:`eegvlm.images.corrections`)."""
        return self.level is not None or bool(self.floors)


@dataclass(frozen=True, kw_only=True)
class ImageLayout:
    """How a 30-s epoch becomes a picture.

    Parameters
    ----------
    name
        The layout's name.
    width, height
        Size of the picture in pixels.
    channels
        1 for grey, 3 for RGB.
    rate
        Samples per second of the signals that are drawn.
    panels
        The panels, each over the picture's whole width; they do not overlap.
    background
        The level of an empty pixel in each channel, 0-255.
    line_width
        Thickness of the trace in pixels, at least 1, measured vertically.
    grid
        Lines drawn under the trace, later ones over earlier ones.

    Raises
    ------
    LayoutError
        If the parts contradict each other.
    """

    name: str
    width: int
    height: int
    channels: int
    rate: float
    panels: tuple[Panel, ...]
    background: tuple[int, ...]
    line_width: float = 1.25
    grid: tuple[GridLines, ...] = ()

    def __post_init__(self) -> None:
        _check(self)

    @property
    def corrects(self) -> bool:
        """Whether any panel does (:attr:`Panel.corrects`)."""
        return any(panel.corrects for panel in self.panels)

    def panel(self, name: str) -> Panel:
        """Return the panel called `name`.

        Raises
        ------
        LayoutError
            If there is none.
        """
        for panel in self.panels:
            if panel.name == name:
                return panel
        hint = f"the layout's panels are {', '.join(panel.name for panel in self.panels)}"
        raise LayoutError(self.name, "panel", name, hint)

    def to_dict(self) -> dict[str, Any]:
        """Return the layout as a dictionary of JSON's types."""
        from eegvlm.images.layout_json import layout_to_dict

        return layout_to_dict(self)

    def to_json(self) -> str:
        """Return the layout as JSON text."""
        from eegvlm.images.layout_json import layout_to_json

        return layout_to_json(self)

    @classmethod
    def from_dict(cls, fields: Any, *, path: str | PathLike[str] = "image layout") -> ImageLayout:
        """Build a layout from a dictionary of JSON's types; unknown and missing keys are refused.

        Parameters
        ----------
        fields
            What :meth:`to_dict` returned.
        path
            The name an error carries.

        Raises
        ------
        LayoutError
            If a key or a value is not what a layout holds.
        """
        from eegvlm.images.layout_json import layout_from_dict

        return layout_from_dict(fields, path)

    @classmethod
    def from_json(cls, text: str, *, path: str | PathLike[str] = "image layout") -> ImageLayout:
        """Build a layout from JSON text; see :meth:`from_dict`."""
        from eegvlm.images.layout_json import layout_from_json

        return layout_from_json(text, path)


def _check(layout: ImageLayout) -> None:
    def refuse(field: str, value: object, hint: str) -> None:
        raise LayoutError(layout.name or "image layout", field, value, hint)

    if not layout.name:
        refuse("name", layout.name, "give the layout a name")
    if layout.channels not in (1, 3):
        refuse("channels", layout.channels, "use 1 for grey or 3 for RGB")
    for field in ("width", "height"):
        if not 8 <= getattr(layout, field) <= 8192:
            refuse(field, getattr(layout, field), "a picture is 8 to 8192 pixels wide and high")
    if not 1 <= layout.rate <= 4096 or not float(30 * layout.rate).is_integer():
        refuse("rate", layout.rate, "use 1 to 4096 samples per second, a whole number of samples in 30 s")
    _check_colour(layout, "background", layout.background, refuse)
    for i, lines in enumerate(layout.grid):
        _check_colour(layout, f"grid[{i}].colour", lines.colour, refuse)
        if not 0 < lines.every_s <= 30:
            refuse(f"grid[{i}].every_s", lines.every_s, "an interval is more than 0 s and at most 30 s")
    if not layout.panels:
        refuse("panels", "", "a layout has at least one panel")
    names = [panel.name for panel in layout.panels]
    bottom, above = 0, ""
    for panel in sorted(layout.panels, key=lambda p: p.top):
        _check_panel(layout, panel, refuse)
        if names.count(panel.name) > 1:
            refuse("panels", panel.name, "every panel needs its own name")
        if panel.top < bottom:
            refuse(f"panel {panel.name}: top", panel.top, f"it overlaps panel {above}, which ends at {bottom}")
        bottom, above = panel.top + panel.height, panel.name


def _check_panel(layout: ImageLayout, panel: Panel, refuse: Callable[[str, object, str], None]) -> None:
    at = f"panel {panel.name or '?'}: "
    if not panel.name:
        refuse(at + "name", panel.name, "give the panel a name")
    if not panel.roles or len(set(panel.roles)) < len(panel.roles):
        refuse(at + "roles", ", ".join(panel.roles), "name at least one role, each once")
    if panel.rows < 1 or panel.height < 1 or panel.height % panel.rows:
        refuse(at + "rows", panel.rows, f"the rows must divide the panel's height of {panel.height} pixels")
    if panel.top < 0 or panel.top + panel.height > layout.height:
        refuse(at + "top", panel.top, f"the panel must lie inside the picture's {layout.height} pixels")
    if panel.row_height > MAX_ROW_HEIGHT:
        refuse(at + "height", panel.height, f"a row is at most {MAX_ROW_HEIGHT} pixels high")
    if not 1 <= layout.line_width <= panel.row_height / 2:
        refuse("line_width", layout.line_width, "use 1 pixel or more, at most half of every row's height")
    if not 1e-3 <= panel.microvolt_per_pixel <= 1e6:
        refuse(at + "microvolt_per_pixel", panel.microvolt_per_pixel, "use a scale between 0.001 and 1e6")
    low, high = panel.band
    if (low is not None and low <= 0) or (high is not None and not (low or 0) < high < layout.rate / 2):
        hint = f"use 0 < low < high < {layout.rate / 2:g} Hz, half of the layout's rate, or null for none"
        refuse(at + "band", panel.band, hint)
    if panel.level is not None:
        _check_measured(layout, at + "level.", panel.level, refuse)
    for i, floor in enumerate(panel.floors):
        _check_measured(layout, f"{at}floors[{i}].", floor, refuse)
        _check_keep(layout, f"{at}floors[{i}].keep", floor.keep, refuse)
    lows, highs = ([edge for floor in panel.floors if (edge := floor.keep[i]) is not None] for i in (0, 1))
    if lows and highs and max(lows) >= min(highs):
        refuse(at + "floors", f"{max(lows):g} to {min(highs):g} Hz", "together they must keep a band")
    _check_colour(layout, at + "colour", panel.colour, refuse)
    if panel.colour == layout.background:
        refuse(at + "colour", panel.colour, "the trace must differ from the background")


def _check_measured(
    layout: ImageLayout, at: str, measured: Level | ArtefactLimit, refuse: Callable[[str, object, str], None]
) -> None:
    low, high = measured.band
    if not 0 < low < high <= layout.rate / 2:
        refuse(at + "band", measured.band, f"use 0 < low < high <= {layout.rate / 2:g} Hz")
    if not 1e-3 <= measured.microvolt <= 1e6:
        refuse(at + "microvolt", measured.microvolt, "use 0.001 to 1e6 microvolt")


def _check_keep(
    layout: ImageLayout,
    at: str,
    keep: tuple[float | None, float | None],
    refuse: Callable[[str, object, str], None],
) -> None:
    edges = [edge for edge in keep if edge is not None]
    slowest = 0.1  # the filter has to be shorter than an epoch
    if not edges or edges != sorted(set(edges)) or edges[0] < slowest or edges[-1] >= layout.rate / 2:
        refuse(at, keep, f"use {slowest} <= low < high < {layout.rate / 2:g} Hz, or null for one of them")


def _check_colour(
    layout: ImageLayout, field: str, colour: tuple[int, ...], refuse: Callable[[str, object, str], None]
) -> None:
    if len(colour) != layout.channels or not all(0 <= level <= 255 for level in colour):
        refuse(field, colour, f"give {layout.channels} level(s) from 0 to 255")
