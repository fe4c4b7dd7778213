"""How far a phase is: what patience counts, what is logged, and what another version left."""

from __future__ import annotations

import pytest

from eegvlm.errors import InputError
from eegvlm.lab.training.checkpoints import PhaseState, append_log, read_log, write_log


def stopped_after(patience: int, *losses: float) -> list[bool]:
    state, found = PhaseState(steps=100), []
    for loss in losses:
        state.evaluated(loss, patience)
        found.append(state.stopped)
    return found


def test_a_phase_stops_once_its_loss_has_not_fallen_over_so_many_evaluations():
    assert stopped_after(2, 1.0, 0.9, 0.9, 0.95) == [False, False, False, True]
    assert stopped_after(2, 1.0, 1.1, 0.9, 1.0) == [False] * 4
    assert stopped_after(0, 1.0, 2.0, 3.0) == [False] * 3


def test_a_loss_that_is_no_number_is_no_better_and_does_not_hide_the_best():
    nan = float("nan")
    assert stopped_after(2, 1.0, nan, 0.5, nan, nan) == [False, False, False, False, True]
    assert stopped_after(2, nan, nan) == [False, True]


def test_a_state_is_read_back_as_it_was(tmp_path):
    state = PhaseState(steps=10, step=4, best_loss=0.5, evaluations_since_best=1, log=[{"step": 2, "loss": 0.7}])
    state.write(tmp_path)
    assert PhaseState.read(tmp_path) == state


@pytest.mark.parametrize("text", [None, "{", '{"global_step": 4}'])
def test_a_checkpoint_of_another_version_is_refused(tmp_path, text):
    if text is not None:
        (tmp_path / "state.json").write_text(text)
    with pytest.raises(InputError, match="another version began this phase"):
        PhaseState.read(tmp_path)


def test_what_was_logged_after_the_last_checkpoint_is_dropped(tmp_path):
    kept = [{"step": 2, "loss": 0.7}, {"step": 2, "eval_loss": 0.8}]
    write_log(tmp_path, kept)
    append_log(tmp_path, {"step": 3, "loss": 0.6})
    assert len(read_log(tmp_path)) == 3
    write_log(tmp_path, kept)
    assert read_log(tmp_path) == kept
