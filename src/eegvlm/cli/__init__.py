"""The command line: one command a file, nothing else."""

from eegvlm.cli.app import main

__all__ = ["main"]
