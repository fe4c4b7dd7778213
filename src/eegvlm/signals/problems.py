"""What is wrong with a recording: an error that stops it, or a problem that travels with the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from eegvlm.errors import InputError


class RecordingError(InputError):
    """A recording, or a channel asked for, that cannot be staged truthfully."""


@dataclass(frozen=True)
class Problem:
    """Something a reader of the result must know.

    Parameters
    ----------
    code
        Kebab-case name of the kind of problem, as ``docs/troubleshooting.md`` lists them.
    message
        One sentence: what was found, and what was done about it.
    channel
        Name of the channel or the label in the file; None where the whole recording is meant.
    severity
        ``"error"``: that channel is not used. ``"warning"``: it is used as said in the message.
    """

    code: str
    message: str
    channel: str | None = None
    severity: Literal["warning", "error"] = "warning"

    def to_dict(self) -> dict[str, str | None]:
        """Return ``code``, ``severity``, ``channel`` and ``message``, for JSON."""
        return {"code": self.code, "severity": self.severity, "channel": self.channel, "message": self.message}
