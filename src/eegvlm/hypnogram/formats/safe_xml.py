"""XML read without trust (no document type, no entities, no outside references), and written as for Windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eegvlm.hypnogram.formats.format import ScoringSource, decoded

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def names_root(source: ScoringSource, name: str) -> bool:
    """Tell whether a file looks like XML that has an element of this name near its beginning."""
    head = decoded(source.head).lstrip()
    return head.startswith("<") and f"<{name}" in head


def parse(source: ScoringSource, root_name: str) -> Element:
    """Parse a file and return its root.

    Raises
    ------
    HypnogramError
        If it is not well-formed, declares a document type or entities (by which a small file can be made to
        fill the memory or to read other files), or its root has another name.
    """
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root: Element = fromstring(source.data(), forbid_dtd=True)
    except DefusedXmlException as error:
        hint = "a scoring needs no document type; do not trust this file"
        raise source.error("XML", f"declares a document type ({type(error).__name__})", hint) from error
    except (ParseError, ValueError, LookupError) as error:
        raise source.error("XML", error, "it is not well-formed; export it again") from error
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]  # a namespace is named after a version, which does not matter
    if root.tag != root_name:
        raise source.error("XML root", root.tag, f"expected <{root_name}>")
    return root


def number(source: ScoringSource, element: Element | None, where: str) -> float:
    """Return the number that an element holds.

    Raises
    ------
    HypnogramError
        If there is no such element, or it holds no number.
    """
    text = "" if element is None else (element.text or "").strip()
    try:
        return float(text)
    except ValueError:
        raise source.error(where, text, "expected a number of seconds") from None


def decimal(seconds: float) -> str:
    """Write seconds to the microsecond, without an exponent: ``30``, ``4.5``."""
    return f"{seconds:.6f}".rstrip("0").rstrip(".")


def lines_of(*lines: str) -> bytes:
    """Join lines with CRLF, as the programs do whose formats these are."""
    return "".join(f"{line}\r\n" for line in lines).encode()
