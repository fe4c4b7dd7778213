"""Checkpoints on the Hugging Face Hub: by ``owner/name``, at a revision, from the cache where the Hub is out of reach.

Only JSON, safetensors, templates and the card are fetched: no code of a repository is run, and no pickle is read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from eegvlm.errors import InputError

_PREFIX = "hf://"
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
FILES = ("*.json", "*.safetensors", "*.onnx", "*.jinja", "README.md")


@dataclass(frozen=True)
class HubModel:
    """A repository of the Hub at a revision.

    Parameters
    ----------
    repository
        ``owner/name``.
    revision
        Branch, tag or commit; None: the main branch.
    """

    repository: str
    revision: str | None = None

    @classmethod
    def parse(cls, text: str, revision: str | None = None) -> HubModel | None:
        """Return what ``owner/name``, ``owner/name@revision`` or ``hf://owner/name`` means; None for anything else.

        Parameters
        ----------
        text
            As a user writes it. Without ``hf://``, a folder that is called as the owner makes it a path: a path that is
            misspelt is not asked for on the network.
        revision
            Where it is given apart.

        Raises
        ------
        InputError
            If two different revisions are given, or what follows ``hf://`` is no repository.
        """
        name, at, named_revision = text.removeprefix(_PREFIX).partition("@")
        explicit = text.startswith(_PREFIX)
        if not _REPOSITORY.fullmatch(name) or (at and not named_revision):
            if explicit:
                raise InputError(text, "model", name, "write it as hf://owner/name or hf://owner/name@revision")
            return None
        if not explicit and Path(name.split("/")[0]).exists():
            return None
        if named_revision and revision is not None and named_revision != revision:
            raise InputError(text, "revision", revision, f"the name says {named_revision}: leave one of them out")
        return cls(name, named_revision or revision)

    def download(self) -> Path:
        """Return the folder of the checkpoint in the cache of huggingface_hub, fetched where it is not there.

        Raises
        ------
        InputError
            If there is no such repository or revision, access is refused, or the Hub is out of reach.
        """
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import (
            GatedRepoError,
            HfHubHTTPError,
            LocalEntryNotFoundError,
            RepositoryNotFoundError,
            RevisionNotFoundError,
        )

        try:
            return Path(snapshot_download(self.repository, revision=self.revision, allow_patterns=list(FILES)))
        except GatedRepoError as error:
            raise self._error("access is restricted", "ask for it on its page, then run: hf auth login") from error
        except RepositoryNotFoundError as error:
            raise self._error("no such repository", "check its name; a private one needs: hf auth login") from error
        except RevisionNotFoundError as error:
            raise self._error(f"no revision {self.revision}", "use a branch, a tag or a commit of it") from error
        except LocalEntryNotFoundError as error:
            hint = "connect to the network once, or give a folder: hf download fetches one"
            raise self._error("the Hub is out of reach, and it is not in the cache", hint) from error
        except (HfHubHTTPError, OSError) as error:
            raise self._error(str(error).splitlines()[0], "try again later, or give a folder") from error

    def _error(self, value: str, hint: str) -> InputError:
        return InputError(f"{_PREFIX}{self.repository}", "model", value, hint)


def commit_of(folder: Path) -> str | None:
    """Return the commit of a folder in the cache of huggingface_hub; None for any other folder."""
    return folder.name if folder.parent.name == "snapshots" and re.fullmatch(r"[0-9a-f]{40}", folder.name) else None
