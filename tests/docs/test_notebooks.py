"""The notebooks in examples/ run from top to bottom, and are kept without outputs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

_EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
_NOTEBOOKS = sorted(path.name for path in _EXAMPLES.glob("*.ipynb"))


@pytest.mark.parametrize("name", _NOTEBOOKS)
@pytest.mark.filterwarnings("ignore")
def test_a_notebook_runs(name, tmp_path, monkeypatch):
    # the kernel is a process of its own: it finds the package where this one found it
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    notebook = nbformat.read(_EXAMPLES / name, as_version=4)
    client = nbclient.NotebookClient(
        notebook, timeout=900, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()


@pytest.mark.parametrize("name", _NOTEBOOKS)
def test_a_notebook_is_kept_without_outputs(name):
    notebook = nbformat.read(_EXAMPLES / name, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None), "clear the outputs"
