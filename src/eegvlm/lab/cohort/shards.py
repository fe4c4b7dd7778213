"""A cohort in parts: ``--shard k/n``, and the Slurm job array that runs them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from eegvlm.errors import InputError


@dataclass(frozen=True)
class Shard:
    """Part ``number`` of ``count``, counted from 1.

    A night's part follows from its name alone, so that every task of an array agrees on it even while files come and
    go. Parts differ in size as chance has it: of 10,000 nights in 100 parts, two thirds of the parts hold 90 to 110.
    """

    number: int
    count: int

    def __contains__(self, night: str) -> bool:
        digest = blake2b(night.encode(errors="replace"), digest_size=8).digest()
        return int.from_bytes(digest, "big") % self.count == self.number - 1

    @property
    def journal(self) -> str:
        """Name of its journal."""
        digits = len(str(self.count))
        return f"journal-{self.number:0{digits}d}-of-{self.count}.jsonl"


def parse_shard(text: str) -> Shard:
    """Read ``k/n``.

    Raises
    ------
    InputError
        If it is not two whole numbers with 1 <= k <= n.
    """
    match = re.fullmatch(r"(\d{1,7})/(\d{1,7})", text.strip())
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise InputError("arguments", "--shard", text, "write it as k/n with k from 1 to n, such as 3/100")
    return Shard(int(match[1]), int(match[2]))


def slurm_recipe(arguments: Sequence[str], tasks: int) -> str:
    """Return a shell script for ``sbatch`` that runs a cohort as a job array, and the summary after it.

    Parameters
    ----------
    arguments
        Those of ``eegvlm cohort``, without ``--shard``.
    tasks
        How many tasks the array has.
    """
    command = shlex.join(["eegvlm", "cohort", *arguments])
    return f"""#!/bin/bash
#SBATCH --job-name=eegvlm-cohort
#SBATCH --array=1-{tasks}
#SBATCH --cpus-per-task=2
#SBATCH --mem=4G
#SBATCH --time=24:00:00
#SBATCH --requeue
# Save as cohort.sh and submit the array, then the summary, which also stages what a lost task left:
#   job=$(sbatch --parsable cohort.sh)
#   sbatch --dependency=afterany:$job --cpus-per-task=2 --mem=4G --wrap {shlex.quote(command)}
# The output must lie on a file system that every node sees, or be a URL such as s3://bucket/folder.
{command} --shard "${{SLURM_ARRAY_TASK_ID}}/{tasks}"
"""
