"""How a window that was open shows the next server who it is, and the server shows it to the window.

The cookie cannot do this: where a server was killed, another program can take its port and would be sent the cookie. So
every server has a cookie of its own, and both sides prove that they know a key (:mod:`.login_keys`) that neither sends:

1. The window asks with a random text of its own and without the cookie; the server answers with another and with the
   HMAC-SHA256 (RFC 2104) of both. A server that cannot is another one, and gets nothing further.
2. The window sends the HMAC of the server's text, and gets the new cookie.

The address of the page is part of both, so that an answer is worth nothing at another port; each text counts once.
The window was given the key by its first server and holds it in memory alone.
"""

from __future__ import annotations

import hmac
import secrets
from collections import OrderedDict

KEY = "/api/relogin/key"
CHALLENGE = "/api/relogin/challenge"
PROOF = "/api/relogin/proof"
_NONCE_BYTES = 32
_MOST_OPEN = 256  # challenges that nobody has answered yet
_LONGEST = 128


class Relogin:
    """Challenges of one server.

    Parameters
    ----------
    key
        What the window and the servers of one work list and port know.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._open: OrderedDict[str, None] = OrderedDict()

    @property
    def key(self) -> str:
        """The key in hexadecimal, for a window that has the cookie."""
        return self._key.hex()

    def challenge(self, origin: str, page_nonce: str) -> dict[str, str]:
        """Return a ``nonce`` to be signed, and the ``proof`` that this server knows the key.

        Parameters
        ----------
        origin
            Address of the page that asks.
        page_nonce
            Its own random text; one that is too long is cut, so that the proof fits no other.
        """
        nonce = secrets.token_hex(_NONCE_BYTES)
        self._open[nonce] = None
        if len(self._open) > _MOST_OPEN:
            self._open.popitem(last=False)
        return {"nonce": nonce, "proof": self._signed("server", origin, page_nonce[:_LONGEST], nonce)}

    def accepts(self, origin: str, nonce: str, proof: str) -> bool:
        """Return whether a page at this address has signed a nonce that was given out and not used yet."""
        if nonce not in self._open:
            return False
        del self._open[nonce]
        return hmac.compare_digest(proof.encode(), self._signed("page", origin, nonce).encode())

    def _signed(self, *words: str) -> str:
        return hmac.new(self._key, " ".join(words).encode(), "sha256").hexdigest()
