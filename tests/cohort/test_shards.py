"""Parts of a cohort, and the job array that runs them."""

from __future__ import annotations

import subprocess

import pytest
from cohort_tasks import made_up_nights

from eegvlm.errors import InputError
from eegvlm.lab.cohort import Shard, parse_shard, slurm_recipe


def test_every_night_lies_in_exactly_one_shard_whatever_other_nights_there_are() -> None:
    nights = [night.name for night in made_up_nights(200)]
    shards = [Shard(number, 7) for number in range(1, 8)]
    assert all(sum(name in shard for shard in shards) == 1 for name in nights)
    assert all(any(name in shard for name in nights) for shard in shards)


@pytest.mark.parametrize("text", ["0/4", "5/4", "1", "a/b", "1/0", "-1/4", ""])
def test_a_shard_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="k/n"):
        parse_shard(text)


def test_journals_of_shards_have_names_of_their_own() -> None:
    assert parse_shard("3/100").journal == "journal-003-of-100.jsonl"


def test_the_slurm_recipe_is_a_shell_script_that_calls_the_same_command() -> None:
    recipe = slurm_recipe(["/data/my nights", "--out", "/out"], 100)
    checked = subprocess.run(["bash", "-n"], input=recipe, text=True, capture_output=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "#SBATCH --array=1-100\n" in recipe
    assert "eegvlm cohort '/data/my nights' --out /out --shard \"${SLURM_ARRAY_TASK_ID}/100\"" in recipe
