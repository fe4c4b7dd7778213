"""A checkpoint of a folder to a repository of the Hugging Face Hub, with a card that the Hub can read."""

from __future__ import annotations

from pathlib import Path

from eegvlm.errors import InputError
from eegvlm.model.hub import FILES
from eegvlm.model.hub_card import hub_card


def push_to_hub(
    folder: str | Path,
    repository: str,
    *,
    base_model: str | None = None,
    private: bool = True,
    revision: str | None = None,
) -> str:
    """Push a checkpoint in one commit; the repository is made where there is none.

    Parameters
    ----------
    folder
        What ``eegvlm train`` wrote. Files other than JSON, safetensors, templates and the card stay behind.
    repository
        ``owner/name``. Who may write to it is what ``hf auth login`` says.
    base_model
        Repository of the model that it was made of, for the card.
    private
        Whether a repository that is made here is seen by its owner alone: so it is unless said otherwise, for a
        checkpoint may have learnt from patients.
    revision
        Branch; None: the main one.

    Returns
    -------
    str
        Address of the commit.

    Raises
    ------
    InputError
        If the folder is no checkpoint with a card, or the Hub refuses.
    """
    from huggingface_hub import CommitOperationAdd, HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    folder = Path(folder)
    card = hub_card(folder, base_model=base_model)
    files = sorted({file for pattern in FILES for file in folder.glob(pattern)} - {folder / "README.md"})
    operations = [CommitOperationAdd(file.name, str(file)) for file in files]
    operations.append(CommitOperationAdd("README.md", card.encode()))
    api = HfApi()
    try:
        api.create_repo(repository, private=private, exist_ok=True)
        commit = api.create_commit(repository, operations, commit_message="Upload a checkpoint", revision=revision)
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        hint = "check the name owner/name and your right to write to it: hf auth login"
        raise InputError(f"hf://{repository}", "push", str(error).splitlines()[0], hint) from error
    return str(commit.commit_url)
