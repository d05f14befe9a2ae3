"""What the gate lets through of a wish near a boundary and in RECOVERY: the track, doubt, and the fence together."""

import math
from typing import Any

import msgspec
import numpy as np
import pytest

from tests.builders import estimate
from tests.control.safety.fields import BOX
from tests.control.safety.gate_inputs import gate_inputs
from vehicle.contracts.geometry import edges_of
from vehicle.contracts.messages import DriveRequest, Estimate, Mode
from vehicle.contracts.stop_codes import StopReason
from vehicle.control.safety import fence, gate
from vehicle.control.safety.masks import mask
from vehicle.control.safety.measurements import measure
from vehicle.control.state import MonitorState

R = StopReason
IN_DOUBT = {
    R.TRACK_SENSOR,
    R.TILT_DISAGREES,
    R.TILT_UNKNOWN,
    R.GNSS_LOST,
    R.POSITION_FLOAT,
    R.POSITION_UNPROVEN,
    R.POSITION_JUMP,
    R.POSITION_DRIFT,
    R.WRONG_BASE,
    R.HEADING_LOST,
    R.TRACK_SLIP,
    R.POSITION_STUCK,
    R.HEADING_STUCK,
    R.HEADING_DISAGREES,
}
"""With these the estimate may be wrong: by the gauges that it rests on, by what it rests on itself, or by its yaw."""
AHEAD, BACK = DriveRequest(speed_mps=0.1), DriveRequest(speed_mps=-0.1)
CAME = np.array([[0.25 * k, 0.0, 0.0] for k in range(41)])
"""Ten metres eastwards."""
HALF_WAY = estimate(5.0, 0.0, 0.0)


def let_through(
    wanted: DriveRequest, belief: Estimate, kept: MonitorState | None = None, tick: int = 1000, **state: Any
) -> DriveRequest:
    now = gate_inputs(belief=belief, state=state, monitor=kept, tick=tick)
    _, measured = measure(now, 0)
    return gate._bounded(now.state, now, measured, wanted)


def recovering(wanted: DriveRequest, belief: Estimate = HALF_WAY, **state: Any) -> bool:
    usual: dict[str, Any] = {"mode": Mode.RECOVERY, "driven_path": CAME}
    found = let_through(wanted, belief, **(usual | state))
    assert found in (wanted, DriveRequest())
    return found == wanted


@pytest.mark.parametrize("where", ["active", "latched"])
@pytest.mark.parametrize("reason", list(StopReason))
def test_row_104_who_may_not_be_where_it_believes_goes_only_back_the_way_it_came(
    reason: StopReason, where: str
) -> None:
    why: dict[str, Any] = {where: mask(reason)}
    assert recovering(BACK, **why)
    assert recovering(AHEAD, **why) is (reason not in IN_DOUBT)


def test_row_104_without_doubt_both_ways_of_the_driven_track_are_free() -> None:
    assert recovering(AHEAD)
    assert recovering(BACK)
    assert not recovering(DriveRequest(yaw_rate_radps=0.4))


def test_row_104_without_a_position_only_straight_back() -> None:
    lost = msgspec.structs.replace(HALF_WAY, valid=False)
    assert recovering(BACK, lost)
    assert not recovering(AHEAD, lost)


EDGE = estimate(27.0, 0.0, 0.0, tool_sigma_m=0.02)


def over_m(belief: Estimate) -> float:
    return fence.over_m(BOX, fence.pose_of(belief), gate_inputs().config)


def test_row_102_the_driven_track_leads_over_no_boundary_unless_it_is_all_there_is_to_go_by() -> None:
    """The track runs on through the fence, as one driven before the fence was set does."""
    track = np.array([[25.0 + 0.25 * k, 0.0, 0.0] for k in range(41)])
    at = estimate(float(np.max(BOX)) - 1.0, 0.0, 0.0)
    assert over_m(at) > 0.0
    why = {"driven_path": track, "fence": BOX}
    assert not recovering(AHEAD, at, **why)
    assert recovering(BACK, at, **why)
    assert recovering(AHEAD, at, driven_path=track)
    # turned round: what leads deeper is the way back, and in doubt the track counts, not the place
    away = msgspec.structs.replace(at, east_m=float(np.min(BOX)) + 0.5)
    behind = np.array([[float(np.min(BOX)) - 2.0 + 0.25 * k, 0.0, 0.0] for k in range(12)])
    assert over_m(away) > 0.0
    why = {"driven_path": behind, "fence": BOX}
    assert not recovering(BACK, away, **why)
    assert recovering(BACK, away, active=mask(R.POSITION_DRIFT), **why)
    assert recovering(BACK, msgspec.structs.replace(away, valid=False), **why)


def test_row_102_what_only_the_doubt_of_the_position_reaches_over_may_not_go_further() -> None:
    """Three sigma are 6 cm; the machine itself still stands inside."""
    front_m = (
        float(np.max(BOX)) - fence.room(BOX, estimate(0.0, 0.0, 0.0, tool_sigma_m=0.0), gate_inputs().config).ahead_m
    )
    for inside_m, drives in ((0.05, False), (0.07, True)):
        belief = estimate(float(np.max(BOX)) - front_m - inside_m, 0.0, 0.0, tool_sigma_m=0.02)
        assert over_m(belief) == 0.0
        for wanted in (BACK, AHEAD):
            found = let_through(wanted, belief, mode=Mode.MANUAL, fence=BOX)
            assert (found != DriveRequest()) is (drives or wanted is BACK)


def test_row_101_a_pivot_beside_the_fence_is_a_creep_and_away_from_it_is_not() -> None:
    pivot = DriveRequest(yaw_rate_radps=0.4)
    close = estimate(0.0, float(np.max(BOX)) - 1.0, 0.0)
    assert let_through(pivot, close, mode=Mode.MANUAL, fence=BOX).yaw_rate_radps == pytest.approx(fence.CREEP_RADPS)
    assert let_through(pivot, estimate(), mode=Mode.MANUAL, fence=BOX) == pivot
    assert let_through(pivot, close, mode=Mode.MANUAL) == pivot


def test_without_a_position_a_pivot_is_judged_by_the_room_that_was_known_last() -> None:
    pivot = DriveRequest(yaw_rate_radps=0.4)
    nowhere = estimate(0.0, float(np.max(BOX)) - 1.0, 0.0, valid=False)
    for turns in (True, False):
        kept = MonitorState(beats_ns=(1,), room_ahead_m=9.0, room_behind_m=9.0, room_turns=turns)
        found = let_through(pivot, nowhere, kept, mode=Mode.MANUAL, fence=BOX)
        assert (found == pivot) is turns
    assert math.isfinite(found.yaw_rate_radps)


def test_without_a_fence_nothing_is_bounded_whatever_room_was_measured() -> None:
    now = gate_inputs(belief=estimate(99.0, 0.0, 0.0), state={"mode": Mode.MANUAL, "fence": BOX})
    _, measured = measure(now, 0)
    assert measured.room == fence.NONE_LEFT
    assert gate._bounded(now.state, now, measured, AHEAD) == DriveRequest()
    assert gate._bounded(msgspec.structs.replace(now.state, fence=None), now, measured, AHEAD) == AHEAD


def test_row_102_out_of_what_three_sigma_reach_over_is_out_though_a_post_beside_comes_nearer() -> None:
    """Rear and half width are 2.0 and 0.85 m, three sigma 0.06 m: 0.4 mm over behind, 0.5 mm off the post."""
    walls = edges_of((((-2.0596, -30.0), (30.0, -30.0), (30.0, 30.0), (-2.0596, 30.0)),
                      ((0.8, 0.9105), (1.2, 3.0), (0.4, 3.0))))  # fmt: skip
    here = estimate(0.0, 0.0, 0.0, tool_sigma_m=0.02)
    assert let_through(AHEAD, here, mode=Mode.MANUAL, fence=walls) == AHEAD
    assert let_through(BACK, here, mode=Mode.MANUAL, fence=walls) == DriveRequest()
