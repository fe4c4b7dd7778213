"""What a phase minimises, and the stage logits it is watched by."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from eegvlm.training.joint import all_rows, share_of_items

_CONTRAST_TEMPERATURE = 0.07


def stage_loss(
    log_probabilities: torch.Tensor,
    targets: torch.Tensor,
    compared: torch.Tensor,
    smoothing: float,
    counts: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return the mean cross-entropy of soft targets, spread a little over the stages that are compared in full.

    Parameters
    ----------
    log_probabilities
        (n, 5), of the stages, by :func:`weighed`.
    targets
        (n, 5); zero where a stage is not compared in full.
    compared
        (n, 5): the weights of :func:`weighed`.
    smoothing
        Share of each target that is spread evenly.
    counts
        (n,): by how much each counts in the mean; all alike where not given.
    """
    full = compared >= 1
    wanted = (1 - smoothing) * targets + smoothing * full / full.sum(dim=1, keepdim=True)
    losses = -(wanted * log_probabilities.masked_fill(~full, 0.0)).sum(dim=1)
    return losses.mean() if counts is None else (losses * counts).sum() / counts.sum()


def weighed(logits: torch.Tensor, compared: torch.Tensor) -> torch.Tensor:
    """Return logits (n, 5) of stages that are compared with weights (n, 5) from 0, not at all, to 1, in full.

    A source whose epochs are of some stages only says nothing of how likely the others are. A small weight is a small
    chance of the other stage: it costs nothing while the model is in doubt, and more the surer it is of that stage.
    """
    return logits + compared.log()


def classify(
    model: Any, inputs: dict[str, torch.Tensor], smoothing: float, member: int = 0
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the loss of the enhancement network's classifiers, and its stage logits (n, 5).

    Each member learns by itself: the loss is the mean of theirs, the logits are of all. With a member, counted from 1,
    both are of that one.
    """
    learning = model.model.enhancement.chosen(member)
    by_member = [one.classify(one(inputs["pixel_values"]).mean(dim=1)).float() for one in learning]
    compared, targets = inputs["compared"], inputs["targets"]
    losses = [
        stage_loss(weighed(logits, compared).log_softmax(dim=1), targets, compared, smoothing) for logits in by_member
    ]
    return torch.stack(losses).mean(), torch.stack(by_member).mean(dim=0)


def follow(model: Any, inputs: dict[str, torch.Tensor], smoothing: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the loss of the stages of all epochs of windows, and the stage logits (n, 5) of the middle ones.

    The stages are those that the enhancement network's classifier, which stays as it is, reads off the night encoder's
    vectors. Each of the encoder's readers learns by itself, those of a member of the enhancement network by that
    member's classifier: the loss is the mean of theirs. The logits are of all.
    """
    body, window = model.model, inputs["window"]
    logits = body.enhancement.by_member(body.night.by_reader(window)).float()
    logits = logits.flatten(0, 1)  # (members * readers, n, epochs, 5)
    learnt = inputs["counts"] > 0
    compared, targets, counts = (inputs[key][learnt] for key in ("compared", "targets", "counts"))
    losses = [
        stage_loss(weighed(of_reader[learnt], compared).log_softmax(dim=1), targets, compared, smoothing, counts)
        for of_reader in logits
    ]
    loss = torch.stack(losses).mean()
    loss = loss * share_of_items(counts.sum()) if model.training else loss
    return loss, logits[:, :, window.shape[1] // 2].mean(dim=0)


def evidence(model: Any, inputs: dict[str, torch.Tensor], smoothing: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the loss of the stages of all epochs of windows of evidence, and the stage logits (n, 5) of the rows.

    Each reader of the evidence encoder learns by itself: the loss is the mean of theirs, the logits are of all.
    """
    logits = model.model.evidence.by_reader(inputs["evidence"]).float()  # (readers, n, epochs, 5)
    learnt = inputs["counts"] > 0
    compared, targets, counts = (inputs[key][learnt] for key in ("compared", "targets", "counts"))
    losses = [
        stage_loss(weighed(of_reader[learnt], compared).log_softmax(dim=1), targets, compared, smoothing, counts)
        for of_reader in logits
    ]
    loss = torch.stack(losses).mean()
    loss = loss * share_of_items(counts.sum()) if model.training else loss
    rows = torch.arange(len(inputs["place"]), device=logits.device)
    return loss, logits.mean(dim=0)[rows, inputs["place"]]


def answer(
    model: Any, inputs: dict[str, torch.Tensor], smoothing: float, stage_token_ids: list[int]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the loss of the label token and of the end after it, and the label logits (n, 5).

    The label token is compared with the whole vocabulary, with the labels of stages by their weights.
    """
    # The last three positions predict the label, the end, and nothing: only these are computed.
    outputs = model(
        input_ids=inputs["input_ids"],
        pixel_values=inputs["pixel_values"],
        context=inputs.get("context"),
        own=inputs.get("own"),
        logits_to_keep=3,
        use_cache=False,
    )
    logits = outputs.logits[:, :2].float()
    label, end = logits.unbind(dim=1)
    weights = torch.ones_like(label)
    weights[:, stage_token_ids] = inputs["compared"]
    log_probabilities = weighed(label, weights).log_softmax(dim=1)[:, stage_token_ids]
    loss = stage_loss(log_probabilities, inputs["targets"], inputs["compared"], smoothing)
    loss = 0.5 * (loss + functional.cross_entropy(end, inputs["labels"][:, -1]))
    return loss, label[:, stage_token_ids]


def reason(model: Any, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
    """Return the mean cross-entropy of every token of the reasons, the stage at their end included."""
    prompt = int(inputs["prompt_length"][0])
    labels = inputs["labels"][:, prompt:]
    outputs = model(
        input_ids=inputs["input_ids"],
        attention_mask=inputs["attention_mask"],
        pixel_values=inputs["pixel_values"],
        context=inputs.get("context"),
        own=inputs.get("own"),
        logits_to_keep=labels.shape[1] + 1,
        use_cache=False,
    )
    loss = functional.cross_entropy(outputs.logits[:, :-1].float().flatten(0, 1), labels.flatten(), ignore_index=-100)
    return loss * share_of_items((labels != -100).sum()) if model.training else loss


def describe(model: Any, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
    """Return the contrastive loss between pictures and their descriptions, after CLIP.

    Both are vectors in the language model's space: a picture the mean of its projected tokens, a description the
    mean of the language model's last states. In a batch each picture has to find its own description and each
    description its own picture; equal descriptions count as found alike.

    References
    ----------
    Radford et al. 2021, Learning transferable visual models from natural language supervision, ICML.
    """
    body = model.model
    features = body.vision_tower(inputs["pixel_values"]).last_hidden_state[:, 1:]
    pictures = functional.normalize(body.multi_modal_projector(features).mean(dim=1).float(), dim=1)
    mask = inputs["description_mask"]
    states = body.language_model(input_ids=inputs["descriptions"], attention_mask=mask).last_hidden_state.float()
    texts = (states * mask[..., None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)
    texts, descriptions = functional.normalize(texts, dim=1), inputs["descriptions"]
    if model.training:  # a picture is told from those that other processes compute, too
        pictures, texts, descriptions = all_rows(pictures), all_rows(texts), all_rows(descriptions)
    similarity = pictures @ texts.T / _CONTRAST_TEMPERATURE
    same = (descriptions[:, None] == descriptions[None]).all(dim=2).float()
    wanted = same / same.sum(dim=1, keepdim=True)
    return 0.5 * (functional.cross_entropy(similarity, wanted) + functional.cross_entropy(similarity.T, wanted))
