"""MkDocs hook: a link that leaves docs/ points to the file in the repository."""

from __future__ import annotations

import posixpath
import re
from typing import Any

REPOSITORY = "https://github.com/eeg-vlm/eeg-vlm/blob/main/"
_LINK = re.compile(r"\]\((\.\./[^)\s]+)\)")


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Replace relative links that lead out of docs/."""
    folder = posixpath.dirname(f"docs/{page.file.src_uri}")

    def target(link: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(folder, link[1]))
        return link[0] if path.startswith("docs/") else f"]({REPOSITORY}{path})"

    return _LINK.sub(target, markdown)
