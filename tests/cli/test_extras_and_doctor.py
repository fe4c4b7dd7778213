"""Missing extras in one sentence, recipes by name, ``eegvlm doctor``, completion in the shell."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from eegvlm.core.extras import EXTRAS, MissingExtraError, import_extra, missing_extra
from eegvlm.errors import InputError
from eegvlm.lab.training.packaged_recipes import RECIPES, packaged_recipes, recipe_path

pytestmark = pytest.mark.slow

_PROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"
_INSTALL = _PROJECT.with_name("docs") / "install.md"


def run(*arguments: str, without: tuple[str, ...] = (), **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a Python that lacks some modules."""
    hidden = "".join(f"sys.modules[{name!r}] = None; " for name in without)
    script = f"import sys; {hidden}sys.argv[0] = 'eegvlm'; from eegvlm.cli import main; main()"
    command = [sys.executable, "-c", script, *arguments]
    environ = {**os.environ, **environment}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, env=environ)


def test_the_extras_are_those_of_the_project():
    declared = tomllib.loads(_PROJECT.read_text())["project"]["optional-dependencies"]
    for extra, packages in EXTRAS.items():
        names = {spec.split(">")[0].split("[")[0].strip() for spec in declared[extra]} - {"eeg-vlm"}
        assert set(packages) == names, extra


@pytest.mark.parametrize(
    ("arguments", "hidden", "sentence"),
    [
        (("train", "fine-tune"), "yaml", "eegvlm: eegvlm.lab.training.read_recipe: pyyaml: not installed; {train}"),
        (("crossval", "fine-tune"), "pydantic", "pydantic: not installed; {train}"),
        (("merge", ".", "--out", "out"), "peft", "peft: not installed; {train}"),
        (("record", "nano", "--write"), "yaml", "eegvlm: record: pyyaml: not installed; {train}"),
    ],
)
def test_a_command_without_its_extra_says_so_in_one_sentence(arguments, hidden, sentence):
    done = run(*arguments, without=(hidden,))
    assert done.returncode == 2, done.stderr
    assert sentence.format(train="pip install 'eeg-vlm[train]'") in done.stderr
    assert done.stderr.count("\n") == 1


def test_what_an_installation_without_torch_leaves_out_is_not_needed_for_stages(tmp_path):
    (line,) = (line for line in _INSTALL.read_text().splitlines() if line.startswith("pip install onnxruntime"))
    base = {re.split(r"[<>=]", spec)[0] for spec in tomllib.loads(_PROJECT.read_text())["project"]["dependencies"]}
    left_out = base - set(line.split())
    assert left_out == {"torch", "transformers", "safetensors", "fsspec"}
    night = tmp_path / "night.edf"
    assert run("simulate", "--out", str(night), "--hours", "0.1", without=tuple(left_out)).returncode == 0
    done = run("stage", str(night), "--explain", "none", "--out", str(tmp_path / "out"), without=tuple(left_out))
    assert done.returncode == 0, done.stderr
    done = run("stage", str(night), "--out", str(tmp_path / "other"), without=tuple(left_out))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "torch: not installed" in done.stderr


def test_a_module_that_is_of_no_extra_is_not_explained_away():
    assert missing_extra(ModuleNotFoundError("no", name="eegvlm.nonsense"), "here") is None
    with pytest.raises(MissingExtraError, match="here: no_such_module: not installed; pip install 'eeg-vlm\\[mne\\]'"):
        import_extra("no_such_module.part", "mne", "here")


def test_recipes_are_found_by_name_in_the_package():
    assert "fine-tune" in packaged_recipes()
    for name in packaged_recipes():
        assert recipe_path(name) == recipe_path(f"{name}.yaml") == RECIPES / f"{name}.yaml"


def test_a_file_comes_before_a_packaged_recipe(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("fine-tune.yaml").write_text("name: mine\n")
    assert recipe_path("fine-tune.yaml") == Path("fine-tune.yaml")
    assert recipe_path("fine-tune") == RECIPES / "fine-tune.yaml"
    with pytest.raises(InputError, match=r"no such file; give a YAML file, or one of .*fine-tune"):
        recipe_path("fine-tun")
    with pytest.raises(InputError, match="no such file"):
        recipe_path("elsewhere/fine-tune.yaml")


def test_train_takes_a_packaged_recipe_by_name(tmp_path):
    done = run("train", "fine-tune", "--estimate", "--out", str(tmp_path / "run"))
    assert done.returncode in (0, 2)
    assert "no such file" not in done.stderr
    assert run("train", "fine-tun").stderr.startswith("eegvlm: fine-tun: recipe: no such file; give a YAML file")


def test_doctor_names_versions_device_extras_and_what_can_run():
    done = run("doctor")
    assert (done.returncode, done.stderr) == (0, "")
    for word in ("eeg-vlm", "torch", "device", "nano", "fine-tune", "stage, demo"):
        assert word in done.stdout
    found = json.loads(run("doctor", "--json").stdout)
    assert found["can run"]["stage, demo, render"] is None
    assert Path(found["package"]["folder of recipes"]).is_dir()


def test_doctor_finds_a_torch_that_cannot_be_imported():
    done = run("doctor", without=("torch",))
    assert done.returncode == 0
    assert "torch cannot be imported" in done.stdout


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("eegvlm st", "stage"), ("eegvlm stage --smo", "--smooth"), ("eegvlm stage --smooth po", "posterior")],
)
def test_the_shell_completes_commands_options_and_values(typed, offered):
    words = str(len(typed.split()) - 1)
    done = run(_EEGVLM_COMPLETE="complete_bash", COMP_WORDS=typed, COMP_CWORD=words)
    assert done.stdout.split() == [offered]
