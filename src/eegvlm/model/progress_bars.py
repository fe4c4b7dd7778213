"""transformers' progress bars, off while weights are read from and written to a disk.

Bars of downloads from the Hub stay: they take minutes, and say so.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars
from transformers.utils import logging


@contextmanager
def without_progress_bar() -> Iterator[None]:
    """Read or write weights without transformers' bar; afterwards the bars are as the user had set them."""
    was_enabled, of_downloads = logging.is_progress_bar_enabled(), not are_progress_bars_disabled()
    logging.disable_progress_bar()  # those of the Hub, too
    if of_downloads:
        enable_progress_bars()
    try:
        yield
    finally:
        if was_enabled:
            logging.enable_progress_bar()
            if not of_downloads:
                disable_progress_bars()
