"""Files that hold no scoring as text, by their first bytes, and what to do with each.

Spreadsheets, pages and arrays come under any name (a workbook as ``.csv``, a page as ``.xls``), so the content decides.
"""

from __future__ import annotations

from typing import Final

from eegvlm.hypnogram.formats.format import ScoringSource

_SHEET = "save the sheet with the stages as CSV (UTF-8), and give that"
_ARRAY = "write its stages as text, one an epoch, and give that (their codes need --coding)"
_TEXT = "save the scoring as plain text or CSV, not the report"
_KINDS: Final[tuple[tuple[bytes, str, str], ...]] = (
    (b"\xd0\xcf\x11\xe0", "a document of Excel or Word 97", _SHEET),
    (b"{\\rtf", "an RTF document", _TEXT),
    (b"%pdf", "a PDF document", _TEXT),
    (b"\x93numpy", "an array of NumPy", _ARRAY),
    (b"matlab 5.0 mat-file", "a MATLAB file", _ARRAY),
    (b"\x89hdf\r\n", "an HDF5 file (MATLAB 7.3 writes them)", _ARRAY),
    (b"par1", "a Parquet file", "write it as CSV, and give that"),
    (b"sqlite format 3", "a database", "export the table with the stages as CSV, and give that"),
    (b"<!doctype html", "a web page", "the download went wrong; fetch the file itself"),
    (b"<html", "a web page", "the download went wrong; fetch the file itself, or open a report and save it as CSV"),
    (b"<table", "a table of a web page", "open it in a spreadsheet, save it as CSV, and give that"),
    (b"version https://git-lfs", "a Git LFS pointer", "fetch the file itself (git lfs pull)"),
)
_ZIP, _GZIP = b"pk\x03\x04", b"\x1f\x8b"


def refuse_what_is_no_scoring(source: ScoringSource) -> None:
    """Refuse files of other kinds, and empty ones.

    Raises
    ------
    HypnogramError
        The sentence says what the file is and what to do.
    """
    head = source.head.lstrip()[:200].lower()
    if not head:
        raise source.error("content", "an empty file", "download or export it again")
    for begins, kind, hint in _KINDS:
        if head.startswith(begins):
            raise source.error("content", kind, hint)
    if head.startswith(_ZIP):
        sheet = b"[content_types].xml" in source.head.lower() or b"opendocument" in source.head.lower()
        spreadsheet = sheet or source.path.suffix.casefold() in (".xlsx", ".xlsm", ".ods")
        kind, hint = ("a spreadsheet", _SHEET) if spreadsheet else ("an archive (zip)", "unpack it")
        raise source.error("content", kind, hint)
    if head.startswith(_GZIP) and not source.path.name.casefold().endswith(".fif.gz"):
        raise source.error("content", "a compressed file (gzip)", "unpack it")
