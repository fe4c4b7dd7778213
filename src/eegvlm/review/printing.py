"""A page of HTML to PDF: by headless Chromium where there is one, by WeasyPrint otherwise.

Neither is asked for anything but that page: it holds all that it shows, and its content security policy (Chromium) or
the refusal to fetch (WeasyPrint) keeps it from loading more.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

from eegvlm.review.problems import ReviewError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "msedge")
_FLAGS = (
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-pdf-header-footer",
)
_SECONDS = 60.0
_BY_HAND = "print report.signed.html from a browser"


def pdf_of(html: str) -> bytes:
    """Print a page.

    Parameters
    ----------
    html
        A whole document.

    Returns
    -------
    bytes
        The PDF.

    Raises
    ------
    ReviewError
        If there is neither a browser nor WeasyPrint, or printing failed.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is not None:
        return _by_browser(browser, html)
    if find_spec("weasyprint") is not None:
        return _by_weasyprint(html)
    hint = "install Chromium, or pip install 'eeg-vlm[pdf]', or print report.signed.html from a browser"
    raise ReviewError("PDF", "printer", "neither Chromium nor WeasyPrint is there", hint)


def _by_browser(browser: str, html: str) -> bytes:
    with tempfile.TemporaryDirectory(prefix="eegvlm-print-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        page, pdf = folder / "page.html", folder / "page.pdf"
        page.write_text(html, encoding="utf-8")
        # Chromium refuses to sandbox what the administrator runs, as in containers.
        is_root = hasattr(os, "geteuid") and os.geteuid() == 0
        flags = [*_FLAGS, *(["--no-sandbox"] if is_root else []), f"--user-data-dir={folder / 'profile'}"]
        command = [browser, *flags, f"--print-to-pdf={pdf}", page.as_uri()]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=_SECONDS)  # noqa: S603
            return pdf.read_bytes()
        except subprocess.CalledProcessError as error:
            reason: object = f"exit status {error.returncode}"
        except subprocess.TimeoutExpired:
            reason = f"no answer within {_SECONDS:g} s"
        except OSError as error:
            reason = error
    raise ReviewError("PDF", Path(browser).name, f"printing failed: {reason}", _BY_HAND)


def _by_weasyprint(html: str) -> bytes:
    from weasyprint import HTML

    try:
        return bytes(HTML(string=html, url_fetcher=_refuse).write_pdf())
    except Exception as error:  # whatever a library for layout raises: the signature must not fail of it
        raise ReviewError("PDF", "WeasyPrint", f"printing failed: {error}", _BY_HAND) from error


def _refuse(url: str, *_: Any, **__: Any) -> NoReturn:
    raise ValueError(f"{url}: the page loads nothing")
