"""A small shock in a swath: the mission waits, a word and a START go on; without them, or after a large one, a stop."""

import math

import pytest

from campaign.fault_scenario import FaultScenario
from campaign.faults import FAULTS
from campaign.sim_operator import Goal
from tests.campaign.scenes import work
from vehicle.contracts.detonation import CRATER_M
from vehicle.contracts.messages import Mode

pytestmark = pytest.mark.long

SMALL_G = 12.0


def struck(drill: FaultScenario, peak_g: float = SMALL_G) -> FaultScenario:
    """For 0.3 s its contact is closed."""
    FAULTS["small_shock"].inject(drill, peak_g)
    drill.run(0.3)
    FAULTS["small_shock"].heal(drill)
    return drill


def test_a_small_shock_costs_a_word_and_a_start() -> None:
    drill = struck(work())
    assert (drill.mode, drill.reasons[0]) == (Mode.WAIT, "shock_small")
    assert drill.until((Mode.AUTO_WORK,), 12.0), (drill.mode, drill.reasons)
    assert drill.moves(5.0)
    assert (drill.hands.word.said, drill.watch.waits.gone_on) == (1, 1)
    assert drill.state.checks.due.hammers
    (told,) = (act for act in drill.state.ledger.acts if getattr(act, "kind", "") == "detonation_class")
    assert (told.value, told.text) == (1.0, "AP, picture good")
    assert (drill.state.ledger.craters_m, drill.state.checks.margin.withheld) == ((), "")
    assert drill.watch.finish() == ()


def test_without_a_word_it_is_a_stop_after_twenty_seconds() -> None:
    drill = work()
    drill.hands.word.step = lambda *_: None  # type: ignore[method-assign]
    struck(drill)
    drill.run(19.0)
    assert drill.mode is Mode.WAIT
    drill.run(1.5)
    assert drill.mode in (Mode.STOPPING, Mode.HOLD)
    assert "shock_small" in drill.reasons
    assert drill.watch.finish() == ()


def test_a_large_shock_is_a_stop_and_no_word_helps() -> None:
    drill = struck(work(), 60.0)
    assert drill.mode in (Mode.STOPPING, Mode.HOLD)
    assert drill.reasons[0] == "detonation"
    drill.drive(Goal.REST).run(2.0)
    assert (drill.mode, drill.hands.word.said) == (Mode.HOLD, 0)
    ((east_m, north_m, radius_m),) = drill.state.ledger.craters_m
    tool = drill.world.truth()
    middle = [(left + right) / 2.0 for left, right in zip(tool.tool_left_m, tool.tool_right_m, strict=True)]
    assert math.dist((east_m, north_m), middle) < 0.3
    far_m = max(math.dist((east_m, north_m), end) for end in (tool.tool_left_m, tool.tool_right_m))
    assert CRATER_M + far_m < radius_m < CRATER_M + far_m + 1.0
    assert drill.state.tracks_supported is False
    assert drill.watch.finish() == ()
