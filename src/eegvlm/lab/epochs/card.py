"""The README.md of a store, and of what is exported from it: a Hugging Face data set card."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from eegvlm.lab.datasets import DatasetProblem
from eegvlm.lab.epochs.manifest import Manifest

_LICENCES = {"Apache-2.0": "apache-2.0", "ODC-BY 1.0": "odc-by", "CC BY 4.0": "cc-by-4.0"}
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_SHOWN = 50

_FIELDS = """: `subject` is the person{sides}, `index` the epoch from 0,
`stage` 0 W, 1 N1, 2 N2, 3 N3, 4 R, -1 unscored, `label` the same as text (`?` unscored), `hash` equal where two
epochs are copies. An epoch without signal is an empty picture."""
_CONVERSATIONS = """`sharegpt-*.json` has `messages` and `images`, and `dataset_info.json` names it for LLaMA-Factory;
`llava-*.json` has `image` and `conversations`. Each asks for the stage, is told it, asks for the reasons, and is told
them: they are composed from what is measured in the picture's own signal. `person`, `night` and `index` say whose
epoch it is. Unscored epochs and those without signal are left out. Paths of pictures count from this folder."""

_EPOCHS = """# {title}: sleep epochs, layout {layout}

{rows} epochs of 30 s from {nights} nights of {subjects} subjects, as {software} stores them: int16 counts at
{rate:g} Hz, filtered to each panel's band. Research use only.

Licence of the recordings: {licence} ({where}). It holds for these epochs too; what forbids passing on the recordings
forbids passing on what is made of them.

## Use

{use}

{columns}

| panel | shows the first of | band | one count | range |
|---|---|---|---|---|
{panel_rows}

## Contents

{contents}

Options: {options}

{problems}
"""

_STORE_USE = """`eegvlm.lab.epochs.EpochStore(folder)` reads epochs by row number, in microvolt; `eegvlm train`
reads the folder itself. `eegvlm dataset build --export parquet` writes what Hugging Face `datasets` reads."""

_STORE_COLUMNS = """`nights/<night>.npy` holds int16 (epochs, panels, samples): the panels below in this order,
{samples} counts a panel, -32768 where there is no signal. `nights/<night>.labels.npz` holds of each epoch
`stages` (0 W, 1 N1, 2 N2, 3 N3, 4 R, -1 unscored), `targets` (the five probabilities to learn), `onset_s` (after the
recording's first sample), `saturated` (samples that were cut to ±32767 counts) and `hash` (of the source before any
filter: epochs with equal ones are copies; empty where all channels are flat); of the night `person`{sides},
`allowed` (stages to compare) and `scale` (µV of one count, a panel each).
`manifest.json` holds the layout, and each night's channels, stages, problems and SHA-256."""

_PARQUET_USE = """```python
from datasets import load_dataset

rows = load_dataset("parquet", data_files="data/*.parquet", split="train", streaming=True).with_format("numpy")
```"""

_PARQUET_COLUMNS = """| column | |
|---|---|
| `dataset`, `subject`, `night` | `subject` is the person{sides} |
| `index`, `onset_s` | epoch from 0; seconds after the recording's first sample |
| `stage` | 0 W, 1 N1, 2 N2, 3 N3, 4 R, -1 unscored |
| {panels} | {samples} counts a panel; null where there is no signal, -32768 where a sample is missing |
| `roles`, `scale` | of the panels in this order: the channel's role (null where the night has none), µV of a count |
| `saturated` | samples of the epoch that were cut to ±32767 counts |
| `hash` | of the source before any filter: epochs with equal ones are copies; null where all channels are flat |"""

_PICTURES = """# {title}: pictures of sleep epochs, layout {layout}

{rows} pictures of {width} x {height} pixels, {channels}, one for each 30-s epoch of {nights} nights of {subjects}
subjects, as {software} draws them for its models. The scale is fixed in microvolt per pixel; nothing about the stage is
in a picture or in its name. Research use only.

Licence of the recordings: {licence} ({where}). It holds for these pictures too; what forbids passing on the recordings
forbids passing on their pictures.

## Use

```python
from datasets import load_dataset

{use}
```

{fields}

## Contents

{contents}

Options: {options}

{problems}

`layout.json` is the layout: `eegvlm render` draws with it, too.
"""


def store_card(manifest: Manifest) -> str:
    """Write the card of a store."""
    return _epochs_card(manifest, {}, _STORE_USE, _STORE_COLUMNS)


def parquet_card(manifest: Manifest, parts: Mapping[str, int]) -> str:
    """Write the card of exported Parquet shards; `parts` are nights of each part."""
    files = {part: [f"data/{part}-*.parquet"] for part in parts} or {"train": ["data/*.parquet"]}
    return _epochs_card(manifest, files, _PARQUET_USE, _PARQUET_COLUMNS, parts)


def _epochs_card(
    manifest: Manifest,
    files: Mapping[str, list[str]],
    use: str,
    columns: str,
    parts: Mapping[str, int] | None = None,
) -> str:
    layout = manifest.layout
    rows = []
    for panel in layout.panels:
        count = manifest.microvolt_per_count[panel.name]
        low, high = (f"{edge:g}" if edge else "" for edge in panel.band)
        roles = ", ".join(role.value for role in panel.roles)
        rows.append(f"| `{panel.name}` | {roles} | {low} to {high} Hz | {count:g} µV | ±{count * 32767:.0f} µV |")
    described = columns.format(
        samples=manifest.plan["samples_per_epoch"],
        panels=", ".join(f"`{panel.name}`" for panel in layout.panels),
        sides=_sides(parts),
    )
    blanks = {**_told(manifest, parts), "use": use, "columns": described, "panel_rows": "\n".join(rows)}
    return _header(manifest, files, ["other"]) + _EPOCHS.format(**blanks, rate=layout.rate)


def picture_card(
    manifest: Manifest,
    kind: str,
    layout_name: str,
    size: tuple[int, int, int],
    parts: Mapping[str, int] | None = None,
) -> str:
    """Write the card of exported pictures; `size` is channels, height, width, `parts` are nights of each part."""
    channels, height, width = size
    parts, tasks = parts or {}, ["image-classification"]
    described = _FIELDS.format(sides=_sides(parts))
    if kind == "png":
        files = {part: [f"{part}/**/*.png", f"{part}/metadata.parquet"] for part in parts}
        files = files or {"train": ["**/*.png", "metadata.parquet"]}
        use = 'pictures = load_dataset("FOLDER", split="train")  # the folder of this file'
        fields = "Columns `image` and, from `metadata.parquet`" + described
    elif kind == "conversations":
        files, tasks = {part: [f"sharegpt-{part}.json"] for part in parts or ("train",)}, ["visual-question-answering"]
        use = 'conversations = load_dataset("FOLDER", split="train")  # the folder of this file'
        fields = _CONVERSATIONS
    else:
        files = {part: [f"data/{part}-*.tar"] for part in parts} or {"train": ["data/*.tar"]}
        use = 'pictures = load_dataset("webdataset", data_files="data/*.tar", split="train", streaming=True)'
        fields = "Members `png` and `json`; in the latter" + described
    blanks = {**_told(manifest, parts), "layout": layout_name}
    colours = "grey" if channels == 1 else "RGB"
    return _header(manifest, files, tasks) + _PICTURES.format(
        **blanks, width=width, height=height, channels=colours, use=use, fields=fields
    )


def _header(manifest: Manifest, files: Mapping[str, list[str]], tasks: list[str]) -> str:
    """YAML; every text is a JSON string, which YAML reads as it is."""
    source = manifest.plan["dataset"]
    licence = _LICENCES.get(source["licence"])
    lines = ["---", f"pretty_name: {_quoted(source['title'] + ', sleep epochs')}"]
    if licence is None:
        name = re.sub(r"[^a-z0-9.]+", "-", source["licence"].lower()).strip("-")
        lines += ["license: other", f"license_name: {_quoted(name)}"]
    else:
        lines.append(f"license: {licence}")
    lines += [f"task_categories: {_quoted(tasks)}", "tags: [sleep-staging, polysomnography, eeg]"]
    lines += [f"size_categories: [{_quoted(_size(manifest.rows))}]"]
    if files:
        lines += ["configs:", "- config_name: default", "  data_files:"]
    for part, paths in files.items():
        lines += [f"  - split: {part}", f"    path: {_quoted(paths)}"]
    return "\n".join([*lines, "---", "", ""])


def _sides(parts: Mapping[str, int] | None) -> str:
    return "" if parts else " (keep all of one on one side of a split)"


def _told(manifest: Manifest, parts: Mapping[str, int] | None) -> dict[str, Any]:
    source = manifest.plan["dataset"]
    options = {"specification": source["specification"], **source["options"]}
    chosen = ", ".join(f"{name} {value}" for name, value in options.items() if value is not None)
    return {
        "title": source["title"],
        "layout": manifest.layout.name,
        "rows": manifest.rows,
        "nights": len(manifest.nights),
        "subjects": len(manifest.subjects),
        "software": manifest.plan["software"],
        "licence": source["licence"],
        "where": source["where"],
        "options": chosen or "none (whole nights, the data set's first scorer)",
        "contents": _contents(manifest, parts),
        "problems": _problems(manifest.all_problems),
    }


def _contents(manifest: Manifest, parts: Mapping[str, int] | None) -> str:
    stages = manifest.stages
    missing = sum(night.missing for night in manifest.nights)
    saturated = ", ".join(f"{panel} {count}" for panel, count in manifest.saturated.items())
    lines = [
        f"| nights | subjects | {' | '.join(stages)} | without signal |",
        "|---" * (len(stages) + 3) + "|",
        f"| {' | '.join(map(str, (len(manifest.nights), len(manifest.subjects), *stages.values(), missing)))} |",
        "",
        f"Saturated samples: {saturated or 'none'}.",
    ]
    if parts:
        counts = ", ".join(f"{part} {count}" for part, count in parts.items())
        lines += ["", f"Nights by part (a person's are all in one; nights of no part are not there): {counts}."]
    return "\n".join(lines)


def _problems(problems: Sequence[DatasetProblem]) -> str:
    left_out = [problem for problem in problems if problem.severity == "error"]
    others = Counter(problem.code for problem in problems if problem.severity != "error")
    lines = [f"Left out or not usable: {len(left_out)}." if left_out else "Nothing was left out."]
    lines += [f"- {problem.code}: {_flat(problem.message)}" for problem in left_out[:_SHOWN]]
    if len(left_out) > _SHOWN:
        lines.append(f"- ... and {len(left_out) - _SHOWN} more, in the manifest")
    if others:
        lines += ["", f"Remarks, by kind: {', '.join(f'{code} {count}' for code, count in others.items())}."]
    return "\n".join(lines)


def _flat(text: str) -> str:
    """Keep a message from becoming markup or a line of its own."""
    return " ".join(text.replace("<", "&lt;").replace("|", "\\|").split())


def _quoted(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _size(rows: int) -> str:
    return next((name for limit, name in _SIZES if rows < limit), "1M<n<10M")
