"""What a signature vouches for, and the files that leave the clinic."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from eegvlm import __version__
from eegvlm.core.files import write_bytes, write_text
from eegvlm.core.output_errors import output_errors
from eegvlm.hypnogram import write_hypnogram
from eegvlm.review.printing import pdf_of
from eegvlm.review.problems import ReviewError
from eegvlm.review.scoring import ReviewedScoring

STATEMENT = "I have reviewed this scoring and sign it as my own."
AUDIT = "audit.jsonl"
PAGE, PDF = "report.signed.html", "report.signed.pdf"
# The format for .tsv describes its columns in a .json of the same name, whose place the last one takes.
SIGNED = ("hypnogram.signed.edf", "hypnogram.signed.csv", "hypnogram.signed.tsv", "hypnogram.signed.json")
_MOST_STATEMENT = 2000


def scoring_hash(scoring: ReviewedScoring) -> str:
    """Return the SHA-256 of what is signed: stages, marks, comments and lights as JSON with sorted keys."""
    text = json.dumps(scoring.content(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def signature_of(
    scoring: ReviewedScoring,
    recording: Path,
    described: Mapping[str, Any],
    model: Mapping[str, Any] | None,
    statement: object,
) -> dict[str, Any]:
    """Return what the journal's entry of a signature holds, beside who and when.

    The whole recording is read once for its hash.

    Raises
    ------
    ReviewError
        If the statement is empty or too long, or the recording cannot be read.
    """
    text = statement.strip() if isinstance(statement, str) else ""
    if not text or len(text) > _MOST_STATEMENT:
        hint = f"state what you sign, in at most {_MOST_STATEMENT} characters"
        raise ReviewError("signature", "statement", statement, hint)
    try:
        with recording.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ReviewError(recording, "file", error.strerror or error, "it cannot be signed unread") from error
    return {
        "statement": text,
        "recording": {
            "file": recording.name,
            "sha256": digest,
            "fingerprint": described.get("fingerprint"),
        },
        "model": None if model is None else dict(model),
        "scoring_sha256": scoring_hash(scoring),
        "software": f"eeg-vlm {__version__}",
    }


def write_signed(folder: Path, scoring: ReviewedScoring, entries: Sequence[Mapping[str, Any]]) -> list[Path]:
    """Write the signed hypnogram in every format, then ``audit.jsonl``.

    Parameters
    ----------
    folder
        The night's.
    scoring
        A signed one.
    entries
        Its journal.

    Raises
    ------
    InputError
        If one cannot be written.
    """
    signature = scoring.signature
    if signature is None:
        raise ReviewError(folder, "signature", "none", "sign the scoring first")
    model = signature["model"] or {}
    notes = (
        f"signed by {signature['who']} at {signature['when']}, version {signature['version']}",
        signature["statement"],
        f"recording sha256 {signature['recording']['sha256']}",
        f"model {model.get('name')} sha256 {model.get('weights_sha256')}" if model else "no model",
        f"scoring sha256 {signature['scoring_sha256']}",
    )
    hypnogram = scoring.hypnogram().with_notes(*notes)
    files = [folder / name for name in SIGNED]
    for file in files:
        write_hypnogram(hypnogram, file)
    lines = [json.dumps(line, ensure_ascii=False) + "\n" for line in audit_lines(entries)]
    write_text(folder / AUDIT, "".join(lines))
    return [*files, folder / AUDIT]


def write_page(folder: Path, page: str) -> tuple[list[Path], str]:
    """Write the clinical page, and print it.

    A signature does not depend on a printer: where there is none, the page is there for a browser to print.

    Parameters
    ----------
    folder
        The night's.
    page
        HTML.

    Returns
    -------
    list of Path, str
        What was written, and why there is no PDF; "" where there is one.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    html, pdf = folder / PAGE, folder / PDF
    with output_errors(pdf):
        pdf.unlink(missing_ok=True)  # one of an earlier version must not stand beside this page
    write_text(html, page)
    try:
        content = pdf_of(page)
    except ReviewError as error:
        return [html], str(error)
    write_bytes(pdf, content)
    return [html, pdf], ""


def is_written(folder: Path, signature: Mapping[str, Any]) -> bool:
    """Tell whether the files of a signature are there: the audit, which is written last, ends with it."""
    try:
        last = json.loads((folder / AUDIT).read_text(encoding="utf-8").splitlines()[-1])
    except (OSError, ValueError, IndexError):
        return False
    is_this = last.get("n") == signature["n"] and last.get("scoring_sha256") == signature["scoring_sha256"]
    return is_this and all((folder / name).is_file() for name in SIGNED)


def audit_lines(entries: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield a line for every change, and for beginning, signing and reopening.

    A change of a stage has ``epoch`` (counted from 1), ``from``, ``to``, ``who``, ``when``, ``model`` and ``p``: the
    stage that the model had given, and its probability. Undone edits stay, followed by what undid them, so that the
    stages at the beginning and the changes in their order add up to what was signed.
    """
    for entry in entries:
        common = {name: entry[name] for name in ("n", "action", "who", "when")}
        if entry["action"] == "begin":
            names = ("name", "basis", "blind", "stages", "lights", "recording", "model")
            yield {**common, **{name: entry.get(name) for name in names}}
        elif entry["action"] in ("sign", "reopen", "finish"):
            yield {name: value for name, value in entry.items() if name != "previous"}
        for change in entry.get("changes", ()):
            of = {"epoch": change["key"]} if change["of"] in ("stage", "comment") else {"key": change["key"]}
            more = {name: change[name] for name in ("model", "p") if name in change}
            yield {**common, "of": change["of"], **of, "from": change["from"], "to": change["to"], **more}
