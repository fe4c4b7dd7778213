"""What a test asks of a browser, whichever it is; and waiting, which is the same in all of them."""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from typing import Any

DRAWN = "document.documentElement?.dataset.epoch !== undefined"


class DrivenBrowser(ABC):
    """One page in one browser; ``errors`` and ``requests`` hold what the page caused since it was opened."""

    errors: list[str]
    requests: list[str]

    @abstractmethod
    def value(self, expression: str) -> Any:
        """Return what an expression is worth in the page."""

    @abstractmethod
    def resize(self, width: int, height: int = 900, scheme: str = "light") -> None:
        """Give the window a size, and the page a colour scheme."""

    @abstractmethod
    def navigate(self, address: str) -> None:
        """Go to an address; does not wait for what is drawn there."""

    @abstractmethod
    def press(self, key: str) -> None:
        """Press a key as a person does."""

    @abstractmethod
    def drag(self, begin: tuple[float, float], end: tuple[float, float]) -> None:
        """Press the pointer at one place of the window and release it at another."""

    @abstractmethod
    def screenshot(self) -> bytes:
        """Return a PNG of the window."""

    def leave(self) -> None:
        """Leave the page, and forget what it caused."""
        self.navigate("about:blank")
        self.wait("location.href === 'about:blank'")
        self.errors.clear()
        self.requests.clear()

    def show(self, address: str, *, width: int, height: int = 900, scheme: str = "light") -> None:
        """Open a page at a width and wait until its script has drawn an epoch."""
        self.resize(width, height, scheme)
        self.leave()
        self.navigate(address)
        self.wait(f"location.href.startsWith({json.dumps(address.partition('#')[0])}) && {DRAWN}")

    def wait(self, expression: str, seconds: float = 20) -> None:
        """Wait until an expression is true in the page."""
        until = time.monotonic() + seconds
        while not self._holds(expression):
            if time.monotonic() > until:
                raise TimeoutError(f"{expression}; errors: {self.errors}")
            time.sleep(0.02)

    def _holds(self, expression: str) -> bool:
        try:
            return bool(self.value(expression))
        except RuntimeError:  # between two pages there is nothing to ask
            return False
