"""What the page may send, checked before anything is done with it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

_Text = Annotated[str, Field(max_length=2000)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class PageRequest(_Request):
    """A page of signal: rows of a montage, the time, and the width in pixels."""

    rows: list[dict[str, Any]] = Field(min_length=1, max_length=512)
    start_s: float = Field(ge=0, allow_inf_nan=False)
    stop_s: float = Field(gt=0, allow_inf_nan=False)
    width: int = Field(ge=1, le=8192)


class MontageRequest(_Request):
    """A montage to keep with the night."""

    rows: list[dict[str, Any]] = Field(min_length=1, max_length=512)


class PlaceRequest(_Request):
    """Where the recording is now."""

    path: Annotated[str, Field(min_length=1, max_length=4096)]


class KeysRequest(_Request):
    """A scorer's own keys: key -> action."""

    keys: dict[Annotated[str, Field(min_length=1, max_length=40)], Annotated[str, Field(max_length=40)]] = Field(
        max_length=200
    )


class BeginRequest(_Request):
    """A new scoring."""

    name: _Text
    who: _Text
    basis: _Text
    blind: bool = False
    of: list[_Text] = Field(default_factory=list, max_length=50)


class Change(_Request):
    """Who changes a scoring, and the revision that the page shows."""

    who: _Text
    revision: int


class EditRequest(Change):
    """An edit, see :func:`eegvlm.review.edits.changes_of`."""

    edit: dict[str, Any]


class SignRequest(Change):
    """A signature."""

    statement: _Text


class ReopenRequest(Change):
    """A reopening."""

    reason: _Text


class SeenRequest(_Request):
    """Epochs, counted from 1, that the scorer looked at."""

    who: _Text
    epochs: list[int] = Field(min_length=1, max_length=100_000)
