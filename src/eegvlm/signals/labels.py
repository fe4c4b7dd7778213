"""Text of header fields: undecodable, doubly encoded, or with bytes a terminal must not see."""

from __future__ import annotations

from collections.abc import Sequence


def decode_field(raw: bytes) -> str:
    """Decode one header field.

    EDF asks for printable ASCII; laboratories write UTF-8 and Latin-1 as well. A field that was encoded twice
    (``Ã©`` for ``é``) is decoded twice. A UTF-8 character cut in two by the field's end is dropped, and
    control characters become spaces.

    Parameters
    ----------
    raw
        The field's bytes, padding included.

    Returns
    -------
    str
        The text without padding.
    """
    raw = raw.rstrip(b" \0")
    text = _decode_utf8(raw)
    if text is None:
        text = raw.decode("cp1252", errors="replace")
    else:
        try:
            twice = text.encode("cp1252").decode("utf-8")
        except UnicodeError:
            pass
        else:
            text = twice
    return "".join(char if char.isprintable() else " " for char in text).strip()


def _decode_utf8(raw: bytes) -> str | None:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        # Only an incomplete character at the very end is a cut; anything else is another encoding.
        if error.reason == "unexpected end of data" and error.start >= 1:
            return raw[: error.start].decode("utf-8")
        return None


def unique_labels(labels: Sequence[str]) -> tuple[str, ...]:
    """Make labels unique: the second ``EEG`` becomes ``EEG#2``; an empty label becomes its position, ``#7``.

    Parameters
    ----------
    labels
        Labels in file order.

    Returns
    -------
    tuple of str
        As many labels, all different.
    """
    taken: set[str] = set(labels)
    counts: dict[str, int] = {}
    result = []
    for position, label in enumerate(labels, start=1):
        base = label or f"#{position}"
        count = counts.get(label, 0) + 1
        counts[label] = count
        name = base if count == 1 else f"{base}#{count}"
        while count > 1 and name in taken:
            count += 1
            name = f"{base}#{count}"
        counts[label] = count
        taken.add(name)
        result.append(name)
    return tuple(result)
