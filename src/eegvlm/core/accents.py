"""Text in lower case without accents, by which words that people write in many languages are compared."""

from __future__ import annotations

import unicodedata
from typing import Final

# Letters that Unicode does not decompose into a plain one and an accent.
_PLAIN: Final = str.maketrans({"æ": "ae", "ø": "o", "ł": "l"})


def without_accents(text: str) -> str:
    """Return a text in lower case with its accents taken away.

    Examples
    --------
    >>> without_accents("Głęboki sen"), without_accents("Éveil")
    ('gleboki sen', 'eveil')
    """
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN))
    return "".join(character for character in decomposed if not unicodedata.combining(character))
