"""The tree row's losses: seeded, 30 an hour, each of seconds, none within another; and what its meter counts."""

import itertools

import pytest

from benchmarks.tree_row import LIMIT_S, LOSS_S, LOSSES_PER_H, Meter, losses


def test_losses_are_seeded_disjoint_and_of_seconds() -> None:
    assert losses(1) == losses(1) != losses(2)
    for seed in range(20):
        found = losses(seed)
        assert all(LOSS_S[0] <= back_s - went_s <= LOSS_S[1] for went_s, back_s in found)
        assert all(one[1] < other[0] for one, other in itertools.pairwise(found))


def test_losses_come_thirty_times_an_hour() -> None:
    counts = [sum(went_s < LIMIT_S for went_s, _ in losses(seed)) for seed in range(200)]
    assert sum(counts) / len(counts) == pytest.approx(LOSSES_PER_H, abs=1.5)


def test_a_wait_that_becomes_a_stop_is_one_stop_and_one_that_goes_on_is_none() -> None:
    meter = Meter(None)  # type: ignore[arg-type]  # only its count of changes
    for before, after in (
        ("AUTO_WORK", "WAIT"), ("WAIT", "AUTO_MOVE"), ("AUTO_WORK", "WAIT"), ("WAIT", "STOPPING"),
        ("STOPPING", "HOLD"), ("AUTO_MOVE", "STOPPING"),
    ):  # fmt: skip
        meter._changed(before, after, done=False)
    meter._changed("AUTO_MOVE", "STOPPING", done=True)
    assert (meter.waits, meter.gone_on, meter.stops) == (2, 1, 2)
