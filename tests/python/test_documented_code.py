"""Every block of Python in the README and in docs/python.md runs as it is written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from eegvlm.lab.simulation import simulate_night

pytestmark = pytest.mark.slow

_ROOT = Path(__file__).resolve().parents[2]
_BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


@pytest.fixture(autouse=True)
def _matplotlib_without_a_window():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    yield
    from matplotlib import pyplot

    pyplot.close("all")


@pytest.mark.parametrize("page", ["README.md", "docs/python.md"])
def test_the_blocks_of_a_page_run_one_after_the_other(page, tmp_path, monkeypatch):
    pytest.importorskip("pandas")
    pytest.importorskip("mne")
    blocks = _BLOCK.findall((_ROOT / page).read_text(encoding="utf-8"))
    assert blocks
    monkeypatch.chdir(tmp_path)
    if page == "README.md":
        simulate_night(hours=0.1, seed=3).write("night.edf")
    names: dict[str, object] = {}
    for number, block in enumerate(blocks, start=1):
        exec(compile(block, f"{page}, block {number}", "exec"), names)
