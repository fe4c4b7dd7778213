"""A store's epochs as pictures on disk: PNG files in folders, WebDataset shards, or conversations about PNG files.

Pictures are drawn from the store, so they are those that a model is trained on. A name is made of subject, night and
epoch, and of the part (training, validation, test) where the store is divided; the stage is in the metadata alone.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from eegvlm.core.files import make_folder, replacing_folder, write_text
from eegvlm.core.temporary_names import remove_unfinished
from eegvlm.hypnogram import Stage
from eegvlm.images import Correction, ImageLayout, signal_corrections
from eegvlm.images.sampling import stretches
from eegvlm.lab.epochs.card import picture_card
from eegvlm.lab.epochs.claim import claim_export
from eegvlm.lab.epochs.conversations import RATIONALES, Example, Rationales, write_conversations
from eegvlm.lab.epochs.file_names import folder_names
from eegvlm.lab.epochs.parts import Parts, numbers_by_part
from eegvlm.lab.epochs.picture_metadata import write_metadata
from eegvlm.lab.epochs.problems import StoreError, optional
from eegvlm.lab.epochs.store import EpochStore
from eegvlm.lab.epochs.tar_shard import write_tar

Kind = Literal["png", "webdataset", "conversations"]
LAYOUT, CARD, METADATA = "layout.json", "README.md", "metadata.parquet"
_AT_ONCE = 60
_FIELDS = ("subject", "night", "index", "onset_s", "stage", "hash")
# Level 6, the usual one, takes up to twice the time for one per cent.
_PNG_LEVEL = 4


@dataclass(frozen=True)
class PictureSet:
    """What an export wrote.

    Parameters
    ----------
    folder
        Where.
    pictures, nights
        How many.
    n_bytes
        Size of the files.
    """

    folder: Path
    pictures: int
    nights: int
    n_bytes: int


def export_pictures(
    store: EpochStore,
    out: str | os.PathLike[str],
    kind: Kind = "png",
    *,
    layout: ImageLayout | None = None,
    parts: Parts | None = None,
    rationales: Rationales | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> PictureSet:
    """Draw every epoch of a store to disk; nights that a killed run had finished are not drawn again.

    Parameters
    ----------
    store
        Where the epochs come from.
    out
        The folder: a new one, an empty one, or one that an export of the same began.
    kind
        ``"png"``: ``<subject>/<night>/<epoch>.png`` and ``metadata.parquet``, which Hugging Face's ``imagefolder``
        reads. ``"webdataset"``: one tar a night, ``<subject>/<night>/<epoch>.png`` and ``.json`` in it.
        ``"conversations"``: the PNG files, and :mod:`.conversations` about the scored ones with a signal.
    layout
        How they are drawn; the store's where None. Another one must show panels of the store, in their bands and at
        their rate.
    parts
        Which nights are for training, validation and test; others are not drawn. Each part has a folder of its own
        (a prefix of the tars' names). None: all are for training.
    rationales
        Composes the reasons for a night's stages; conversations need it.
    progress
        Called with the number of nights done and of all.

    Returns
    -------
    PictureSet

    Raises
    ------
    StoreError
        Where the layout does not fit the store, or the folder holds something else.
    InputError
        Where it cannot be written.
    """
    if kind not in get_args(Kind):
        raise StoreError("export", "kind", kind, f"choose one of {', '.join(get_args(Kind))}")
    if kind == "png":
        optional("pyarrow")  # of the table beside the pictures, which comes last
    layout = layout or store.layout
    _check_fits(layout, store)
    if kind == "conversations" and rationales is None:
        raise StoreError("export", "rationales", "none", "conversations give reasons: pass what composes them")
    folder = Path(out)
    export = _Export(store, folder, layout, kind, parts, rationales)
    claim_export(folder, store, kind, parts, layout=layout.to_dict())
    for done, number in enumerate(export.numbers):
        if progress is not None:
            progress(done, len(export.numbers))
        export.night(number)
    if progress is not None:
        progress(len(export.numbers), len(export.numbers))
    return export.finish()


class _Export:
    """One export under way."""

    def __init__(
        self,
        store: EpochStore,
        folder: Path,
        layout: ImageLayout,
        kind: Kind,
        parts: Parts | None,
        rationales: Rationales | None,
    ) -> None:
        self.store, self.folder, self.layout, self.kind = store, folder, layout, kind
        self.parts, self.rationales = parts, rationales
        entries = store.manifest.nights
        subjects = folder_names(night.subject for night in entries)
        # Names of nights are unique in a data set, and stay so as folders.
        nights = folder_names(night.name for night in entries)
        self.numbers_of = numbers_by_part(store, parts)
        part_of = {number: part for part, numbers in self.numbers_of.items() for number in numbers}
        self.part_of, self.numbers = part_of, sorted(part_of)
        self.places = [
            f"{part_of.get(number, '')}/{subjects[night.subject]}/{nights[night.name]}"
            if parts is not None
            else f"{subjects[night.subject]}/{nights[night.name]}"
            for number, night in enumerate(entries)
        ]

    def night(self, number: int) -> None:
        target = self._tar(number) if self.kind == "webdataset" else self.folder / self.places[number]
        if target.exists():
            return
        self.store.verify([number])
        if self.kind == "webdataset":
            write_tar(target, self._members(number))
        else:
            self._png_folder(number, target)

    def finish(self) -> PictureSet:
        entries = self.store.manifest.nights
        if self.kind == "png":
            for part, numbers in self.numbers_of.items():
                target = self.folder if self.parts is None else self.folder / part
                write_metadata(target / METADATA, (self._metadata(number, target) for number in numbers))
        elif self.kind == "conversations":
            write_conversations(
                self.folder, {part: partial(self._examples, numbers) for part, numbers in self.numbers_of.items()}
            )
        if self.kind == "webdataset":
            n_bytes = sum(self._tar(number).stat().st_size for number in self.numbers)
        else:
            folders = [self.folder / self.places[number] for number in self.numbers]
            n_bytes = sum(file.stat().st_size for folder in folders for file in folder.glob("*.png"))
        size = (self.layout.channels, self.layout.height, self.layout.width)
        of_parts = {} if self.parts is None else {part: len(numbers) for part, numbers in self.numbers_of.items()}
        card = picture_card(self.store.manifest, self.kind, self.layout.name, size, of_parts)
        write_text(self.folder / LAYOUT, self.layout.to_json())
        write_text(self.folder / CARD, card)
        pictures = sum(entries[number].rows for number in self.numbers)
        return PictureSet(self.folder, pictures, len(self.numbers), n_bytes)

    def _png_folder(self, number: int, target: Path) -> None:
        remove_unfinished(target)
        make_folder(target.parent)
        with replacing_folder(target) as temporary:
            for epoch, png in enumerate(self._pictures(number)):
                (temporary / f"{epoch:05d}.png").write_bytes(png)
            if self.kind == "conversations":
                (temporary / RATIONALES).write_text(json.dumps(self._rationales(number)) + "\n", encoding="utf-8")

    def _rationales(self, number: int) -> list[str]:
        """Return a text an epoch, "" where there is no stage or no signal to give reasons from."""
        from eegvlm.images import corrected

        if self.rationales is None:
            return []
        rows = self.store.rows_of(number)
        signals = self.store.signals(rows)
        panels = {panel.name: signals[panel.name] for panel in self.layout.panels}
        empty = np.all([np.isnan(values).all(axis=1) for values in panels.values()], axis=0)
        stages = np.where(empty, Stage.UNSCORED, self.store.stages[rows]).astype(np.int8)
        return list(self.rationales(corrected(self.layout, panels, self._corrections(rows)), stages))

    def _examples(self, numbers: Iterable[int]) -> Iterator[Example]:
        for number in numbers:
            about, place = self._about(number), self.places[number]
            texts = json.loads((self.folder / place / RATIONALES).read_text(encoding="utf-8"))
            for epoch, text in enumerate(texts):
                if text:
                    person, night, index, label = (
                        about[name][epoch] for name in ("subject", "night", "index", "label")
                    )
                    yield Example(f"{place}/{epoch:05d}.png", person, night, index, label, text)

    def _members(self, number: int) -> Iterator[tuple[str, bytes]]:
        about = self._about(number)
        for epoch, png in enumerate(self._pictures(number)):
            key = f"{self.places[number]}/{epoch:05d}"
            yield f"{key}.png", png
            fields = {name: values[epoch] for name, values in about.items()}
            yield f"{key}.json", json.dumps(fields, ensure_ascii=False).encode()

    def _pictures(self, number: int) -> Iterator[bytes]:
        from eegvlm.images import corrected, render

        rows = self.store.rows_of(number)
        corrections = self._corrections(rows)
        for at in range(0, len(rows), _AT_ONCE):
            signals = self.store.signals(rows[at : at + _AT_ONCE])
            panels = {panel.name: signals[panel.name] for panel in self.layout.panels}
            yield from map(_png, render(self.layout, corrected(self.layout, panels, corrections)).numpy())

    def _corrections(self, rows: npt.NDArray[np.int64]) -> dict[str, Correction]:
        """Return what is done to the signals of a night, from places all over it."""
        if not self.layout.corrects:
            return {}
        places = [rows[place] for place in stretches(len(rows))]
        return signal_corrections(self.layout, self.store.signals(np.concatenate(places)))

    def _about(self, number: int) -> dict[str, list[Any]]:
        about = self.store.fields(_FIELDS, nights=[number])
        return {**about, "label": [Stage(stage).label for stage in about["stage"]]}

    def _tar(self, number: int) -> Path:
        if self.parts is None:
            return self.folder / "data" / f"pictures-{number:05d}-of-{len(self.places):05d}.tar"
        part = self.part_of[number]
        numbers = self.numbers_of[part]
        return self.folder / "data" / f"{part}-{numbers.index(number):05d}-of-{len(numbers):05d}.tar"

    def _metadata(self, number: int, target: Path) -> dict[str, list[Any]]:
        about, place = self._about(number), (self.folder / self.places[number]).relative_to(target).as_posix()
        return {"file_name": [f"{place}/{epoch:05d}.png" for epoch in range(len(about["index"]))], **about}


def _png(picture: npt.NDArray[np.uint8]) -> bytes:
    from PIL import Image

    image = Image.fromarray(picture[0]) if len(picture) == 1 else Image.fromarray(picture.transpose(1, 2, 0))
    stream = io.BytesIO()
    image.save(stream, format="PNG", compress_level=_PNG_LEVEL)
    return stream.getvalue()


def _check_fits(layout: ImageLayout, store: EpochStore) -> None:
    if layout.rate != store.layout.rate:
        hint = f"the store was made for {store.layout.rate:g} Hz: build one for this layout"
        raise StoreError(layout.name, "rate", layout.rate, hint)
    for panel in layout.panels:
        if panel.name not in store.panels:
            hint = f"the store holds {', '.join(store.panels)}: build one for this layout"
            raise StoreError(layout.name, "panel", panel.name, hint)
        stored = store.layout.panel(panel.name)
        if (panel.roles, panel.band) != (stored.roles, stored.band):
            hint = "the store holds other roles or another band: build one for this layout"
            raise StoreError(layout.name, f"panel {panel.name}", f"{panel.roles} {panel.band}", hint)
