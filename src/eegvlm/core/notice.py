"""The sentence that stands under every answer."""

NOTICE = "Research use; verify by a trained scorer."
