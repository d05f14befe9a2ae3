"""Rings round machines and people: the room between two, to the last centimetre, and what the gate makes of it."""

import math
from typing import Any

import msgspec
import numpy as np
import pytest

from firmware_bridge.types import OperatorEdge as E
from tests.builders import estimate
from tests.control.safety.check_facts import holds
from tests.control.safety.gate_inputs import CONFIG, NOW_NS, gate_inputs
from tests.control.safety.rig import Rig
from vehicle.contracts.messages import DriveRequest, FlailRequest, MissionPhase, Mode, Neighbour, RotorState
from vehicle.contracts.stop_codes import StopReason as R
from vehicle.contracts.units import NS_PER_S, TICK_NS
from vehicle.control.safety import fence, gate, rings
from vehicle.control.safety.measurements import measure
from vehicle.control.safety.rings import Rings

EAST = estimate(0.0, 0.0, 0.0)
"""Facing east, with 1 cm of sigma."""
GROWN_M = 0.03
MM = 0.001


def ring(east_m: float = 100.0, north_m: float = 0.0, **changes: Any) -> Neighbour:
    """A machine's ring of 30 m that stands, told just now."""
    base = Neighbour(
        station_id=2,
        name="B",
        people=False,
        east_m=east_m,
        north_m=north_m,
        radius_m=30.0,
        speed_mps=0.0,
        t_ns=NOW_NS,
    )
    return msgspec.structs.replace(base, **changes)


def seen(*known: Neighbour, own_m: float = 50.0, mps: float = 0.0, belief: Any = EAST, age_s: float = 0.0) -> Rings:
    return rings.seen(known, belief, mps, own_m, CONFIG, NOW_NS + round(age_s * NS_PER_S))


def test_without_neighbours_nothing_is_known_and_nothing_limits() -> None:
    assert seen() == Rings(overlap=False, near=False, silent=False)
    assert seen(belief=msgspec.structs.replace(EAST, valid=False)) == rings.CALM


@pytest.mark.parametrize("place", [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.6, -0.8)])
def test_rings_overlap_where_the_distance_is_no_more_than_both_radii_and_three_sigma(
    place: tuple[float, float],
) -> None:
    met_m = 50.0 + 30.0 + GROWN_M
    for away_m, overlap in ((met_m - MM, True), (met_m + MM, False)):
        assert seen(ring(away_m * place[0], away_m * place[1])).overlap is overlap
    for away_m, near in ((met_m + 5.0 - MM, True), (met_m + 5.0 + MM, False)):
        found = seen(ring(away_m * place[0], away_m * place[1]))
        assert (found.near, found.overlap) == (near, False)


def test_a_gap_of_exactly_nothing_overlaps() -> None:
    still = msgspec.structs.replace(EAST, tool_sigma_m=0.0)
    assert seen(ring(80.0), belief=still).overlap
    assert seen(ring(85.0), belief=still).near
    assert not seen(ring(85.0), belief=still).overlap


def test_the_way_to_a_stand_counts_towards_the_neighbour_and_not_away_from_it() -> None:
    way_m = fence.stopping_m(0.3, CONFIG)
    met_m = 80.0 + GROWN_M
    assert way_m > 0.15
    assert seen(ring(met_m + way_m - MM), mps=0.3).overlap
    assert not seen(ring(met_m + way_m + MM), mps=0.3).overlap
    assert not seen(ring(met_m + MM), mps=-0.3).overlap
    assert seen(ring(-met_m - way_m + MM), mps=-0.3).overlap
    assert not seen(ring(-met_m - MM), mps=0.3).overlap


def test_what_it_passes_on_the_way_counts_too() -> None:
    """Two metres to a stand, and the neighbour beside the middle of them."""
    mps = 1.2
    way_m = fence.stopping_m(mps, CONFIG)
    north_m = 80.0 + GROWN_M
    assert seen(ring(way_m / 2.0, north_m - MM), mps=mps).overlap
    assert not seen(ring(way_m / 2.0, north_m + MM), mps=mps).overlap


def test_what_is_no_number_overlaps() -> None:
    for changes in ({"east_m": math.nan}, {"yaw_rad": math.nan}, {"tool_sigma_m": math.nan}, {"doubt_m": math.inf}):
        assert seen(ring(1000.0), belief=msgspec.structs.replace(EAST, **changes)).overlap, changes
    assert seen(ring(1000.0), mps=math.nan).overlap
    assert seen(ring(1000.0), ring(math.nan)).overlap
    assert seen(ring(math.nan), ring(1000.0)).near


def test_what_the_place_may_be_off_by_beside_its_sigma_counts() -> None:
    doubt = msgspec.structs.replace(EAST, doubt_m=2.0)
    assert seen(ring(82.0), belief=doubt).overlap
    assert not seen(ring(82.1), belief=doubt).overlap


def test_without_a_place_of_its_own_every_neighbour_is_near() -> None:
    lost = msgspec.structs.replace(EAST, valid=False)
    assert seen(ring(1000.0), belief=lost) == Rings(overlap=False, near=True, silent=False)
    assert seen(ring(10.0), belief=lost).overlap


def test_one_of_several_is_enough() -> None:
    assert seen(ring(1000.0), ring(70.0), ring(-1000.0)).overlap
    assert seen(ring(1000.0), ring(84.0)).near


def test_a_neighbour_reaches_as_far_as_it_may_have_gone_and_may_still_go() -> None:
    moves = ring(speed_mps=0.4)
    for age_s, way_m in ((0.0, 0.8), (1.0, 1.2), (1.5, 1.4), (2.5, 2.9), (11.5, 16.4)):
        assert rings.reach_m(moves, NOW_NS + round(age_s * NS_PER_S)) == pytest.approx(30.0 + way_m)
    fast = ring(speed_mps=2.0)
    assert rings.reach_m(fast, NOW_NS + 10 * NS_PER_S) == pytest.approx(30.0 + 24.0)
    assert rings.reach_m(ring(), NOW_NS) == 30.0
    assert rings.reach_m(ring(), NOW_NS + 100 * NS_PER_S) == pytest.approx(30.0 + 98.5 * 1.5)
    assert rings.reach_m(ring(t_ns=NOW_NS + NS_PER_S), NOW_NS) == 30.0
    assert rings.reach_m(ring(t_ns=NOW_NS + NS_PER_S, speed_mps=0.4), NOW_NS) == pytest.approx(30.8)


def test_rings_are_told_as_wide_as_they_are_taken_for() -> None:
    wide, still = rings.widened((ring(speed_mps=0.4), ring(name="C")), NOW_NS)
    assert (wide.radius_m, still.radius_m) == (pytest.approx(30.8), 30.0)
    assert (wide.name, still.name, wide.east_m) == ("B", "C", 100.0)
    assert rings.widened((), NOW_NS) == ()


def test_people_who_are_not_heard_count_as_no_further_than_15_m_from_their_place() -> None:
    sentry = ring(people=True, radius_m=1.0)
    assert rings.reach_m(sentry, NOW_NS + 5 * NS_PER_S) == pytest.approx(1.0 + 3.5 * 1.5)
    assert rings.reach_m(sentry, NOW_NS + 3600 * NS_PER_S) == pytest.approx(16.0)


def test_who_is_not_heard_for_five_seconds_is_silent() -> None:
    assert not seen(ring(1e5), age_s=5.0).silent
    assert seen(ring(1e5), age_s=5.000001).silent
    assert seen(ring(1e5), ring(1e5, t_ns=NOW_NS - 6 * NS_PER_S)).silent


TRAVEL_M = math.hypot(2.2, 0.85) + 2.0


def test_the_own_ring_is_the_tasks_or_the_outline_and_a_bit() -> None:
    assert rings.own_m(60.0, CONFIG, whole=False) == pytest.approx(TRAVEL_M)
    assert rings.own_m(60.0, CONFIG, whole=True) == 60.0
    assert rings.own_m(0.0, CONFIG, whole=True) == pytest.approx(TRAVEL_M), "a task that names no ring"


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("rotor", list(RotorState))
@pytest.mark.parametrize("works", [False, True])
@pytest.mark.parametrize("asked", [False, True])
def test_the_tasks_ring_is_in_force_before_the_rotor_turns(
    mode: Mode, rotor: RotorState, works: bool, asked: bool
) -> None:
    now = gate_inputs(
        state={"mode": mode, "rotor": rotor, "ring_m": 60.0},
        requests={"works": works, "manual_flail": FlailRequest(rotor_speed_radps=0.1 if asked else 0.0)},
    )
    mission = mode in (Mode.AUTO_MOVE, Mode.AUTO_WORK, Mode.WAIT)
    whole = rotor is not RotorState.OFF or (works if mission else asked and mode is Mode.MANUAL)
    expected_m = 60.0 if whole else TRAVEL_M
    assert rings.in_force_m(now.state, now.requests, CONFIG) == pytest.approx(expected_m)


def test_what_leads_apart_is_told_from_what_leads_together() -> None:
    ahead, back, still = DriveRequest(speed_mps=0.1), DriveRequest(speed_mps=-0.1), DriveRequest()

    def parts(drive: DriveRequest, *known: Neighbour) -> bool:
        return rings.parts(known, EAST, drive, 50.0, NOW_NS)

    inside = ring(70.0)
    assert (parts(ahead, inside), parts(back, inside), parts(still, inside)) == (False, True, True)
    assert parts(ahead, ring(80.0 + GROWN_M + MM)), "rings that do not overlap bind nothing"
    assert not parts(ahead, ring(80.0 + GROWN_M - MM))
    assert not parts(back, inside, ring(-70.0)), "between two there is no way"
    assert parts(ahead)


def test_the_first_ring_that_a_plan_meets_is_named() -> None:
    plan = ((10.0, 0.0), (40.0, 0.0), (40.0, 40.0))

    def met(*known: Neighbour, points_m: tuple[tuple[float, float], ...] = plan) -> str:
        return rings.on_the_way(known, EAST, points_m, 50.0, NOW_NS)

    assert met() == ""
    assert met(ring(120.0 + GROWN_M - MM)) == "B"
    assert met(ring(120.0 + GROWN_M + MM)) == ""
    assert met(ring(-80.0)) == "B", "where it stands"
    assert met(ring(25.0, -80.0)) == "B", "beside a line, not only at its ends"
    assert met(ring(40.0, 120.0)) == "B"
    assert met(ring(40.0, 120.1), ring(122.0, name="C"), ring(-80.0, name="D")) == "D"
    assert met(ring(-80.0), points_m=()) == "B", "without a plan where it stands counts"
    assert met(ring(math.nan)) == "B"


SURE = msgspec.structs.replace(EAST, tool_sigma_m=0.0)


def test_rings_that_just_touch_count_as_overlapping_everywhere() -> None:
    ahead = DriveRequest(speed_mps=0.1)
    assert not rings.parts((ring(80.0),), SURE, ahead, 50.0, NOW_NS)
    assert rings.parts((ring(80.0 + MM),), SURE, ahead, 50.0, NOW_NS)
    assert rings.on_the_way((ring(80.0),), SURE, (), 50.0, NOW_NS) == "B"
    assert rings.on_the_way((ring(80.0 + MM),), SURE, (), 50.0, NOW_NS) == ""


@pytest.mark.parametrize("yaw_rad", [0.0, 0.7, -2.1, math.pi / 2.0])
@pytest.mark.parametrize("place", [(0.0, 0.0), (-13.0, 27.0), (410.0, -230.0)])
def test_it_is_the_same_wherever_it_stands_and_points(yaw_rad: float, place: tuple[float, float]) -> None:
    """Beside the way to a stand, before it and behind it, in the frame of the machine."""
    mps = 1.2
    way_m = fence.stopping_m(mps, CONFIG)
    here = estimate(*place, yaw_rad, tool_sigma_m=0.0)

    def at(ahead_m: float, left_m: float) -> Neighbour:
        cos_yaw, sin_yaw = math.cos(yaw_rad), math.sin(yaw_rad)
        return ring(place[0] + ahead_m * cos_yaw - left_m * sin_yaw, place[1] + ahead_m * sin_yaw + left_m * cos_yaw)

    for touching, free in (
        (at(way_m + 80.0 - MM, 0.0), at(way_m + 80.0 + MM, 0.0)),
        (at(way_m / 3.0, 80.0 - MM), at(way_m / 3.0, 80.0 + MM)),
        (at(way_m / 3.0, -80.0 + MM), at(way_m / 3.0, -80.0 - MM)),
        (at(-80.0 + MM, 0.0), at(-80.0 - MM, 0.0)),
    ):
        assert seen(touching, belief=here, mps=mps).overlap
        assert not seen(free, belief=here, mps=mps).overlap
        points_m = tuple((row.east_m, row.north_m) for row in (at(way_m, 0.0), at(way_m, 0.0)))
        assert rings.on_the_way((touching,), here, points_m, 50.0, NOW_NS) == "B"
        assert rings.on_the_way((free,), here, points_m, 50.0, NOW_NS) == ""
    corner = tuple((row.east_m, row.north_m) for row in (at(20.0, 0.0), at(20.0, 30.0), at(-5.0, 30.0)))
    assert rings.on_the_way((at(10.0, 110.0 - MM),), here, corner, 50.0, NOW_NS) == "B"
    assert rings.on_the_way((at(10.0, 110.0 + MM),), here, corner, 50.0, NOW_NS) == ""
    assert rings.on_the_way((at(100.0 - MM, 12.0),), here, corner, 50.0, NOW_NS) == "B"
    assert rings.on_the_way((at(100.0 + MM, 12.0),), here, corner, 50.0, NOW_NS) == ""


# --- in the gate -----------------------------------------------------------------------------------------------------
def test_facts_reach_their_reasons() -> None:
    for reason, field in ((R.RING_OVERLAP, "overlap"), (R.RING_NEAR, "near"), (R.NEIGHBOUR_SILENT, "silent")):
        assert holds(reason, {"n.rings": Rings(**{field: True})})
        others = {"overlap", "near", "silent"} - {field}
        assert not holds(reason, {"n.rings": Rings(**dict.fromkeys(others, True))})


def test_the_gate_measures_by_the_ring_in_force_and_the_speed_it_believes() -> None:
    def measured(rotor: RotorState, away_m: float, mps: float = 0.0) -> Rings:
        belief = msgspec.structs.replace(EAST, speed_mps=mps)
        now = gate_inputs(
            belief=belief, state={"ring_m": 50.0, "rotor": rotor}, requests={"neighbours": (ring(away_m),)}
        )
        return measure(now, 0)[1].rings

    assert measured(RotorState.AT_SPEED, 79.0).overlap
    assert not measured(RotorState.OFF, 79.0).overlap
    assert measured(RotorState.OFF, 34.0).overlap
    way_m = fence.stopping_m(1.0, CONFIG)
    assert measured(RotorState.AT_SPEED, 80.0 + way_m, 1.0).overlap
    assert not measured(RotorState.AT_SPEED, 80.1 + way_m, 1.0).overlap


def near(rig: Rig, away_m: float, **changes: Any) -> None:
    """From now on a neighbour is told in each tick, this far ahead of the machine."""
    at = estimate()
    place = {"east_m": at.east_m + away_m * math.cos(at.yaw_rad), "north_m": at.north_m + away_m * math.sin(at.yaw_rad)}
    told = ring(**(place | changes))
    rig.requests = {"neighbours": (msgspec.structs.replace(told, t_ns=(rig.tick + 1) * TICK_NS),)}


def test_row_109_a_ring_that_comes_near_slows_and_one_that_overlaps_stops_by_stick_and_in_a_mission() -> None:
    for begin in (lambda: Rig().to_manual(), lambda: Rig().to_work()):
        rig = begin()
        mode = rig.mode
        near(rig, 30.0 + 50.0, radius_m=45.0 if mode is Mode.AUTO_WORK else 72.0)
        rig.state = msgspec.structs.replace(rig.state, ring_m=32.0)
        rig.controls = {"hold_to_run": True} if mode is Mode.MANUAL else {}
        rig.send()
        assert rig.report.reasons[0] == "ring_near", rig.report.reasons
        assert rig.report.speed_cap_mps == 0.3
        assert rig.mode is mode
        near(rig, 30.0 + 50.0, radius_m=79.0)
        rig.send()
        assert rig.mode is Mode.STOPPING
        assert not rig.report.driving
        assert rig.command.rotor_speed_radps == 0.0
        assert rig.report.stop_reason == "ring_overlap"


def test_row_109_while_rings_overlap_nothing_arms_but_to_back_out() -> None:
    rig = Rig().to_manual().stop()
    near(rig, 20.0)
    rig.reset()
    assert rig.mode is Mode.READY
    rig.press(E.ARM)
    assert rig.mode is Mode.READY, "ARM leads to no motion"
    rig.press(E.RECOVERY)
    assert rig.mode is Mode.RECOVERY
    gone = Rig().to_manual().stop()
    near(gone, 1000.0)
    gone.reset()
    gone.press(E.ARM)
    assert gone.mode is Mode.MANUAL


def test_row_109_backing_out_never_comes_nearer() -> None:
    came = np.array([[0.25 * k, 0.0, 0.0] for k in range(41)])
    half_way = estimate(5.0, 0.0, 0.0)

    def let_through(wanted: DriveRequest, *known: Neighbour) -> DriveRequest:
        now = gate_inputs(
            belief=half_way,
            state={"mode": Mode.RECOVERY, "driven_path": came, "ring_m": 50.0, "rotor": RotorState.SPIN_DOWN},
            requests={"neighbours": known},
        )
        return gate._bounded(now.state, now, measure(now, 0)[1], wanted)

    back, ahead = DriveRequest(speed_mps=-0.1), DriveRequest(speed_mps=0.1)
    assert let_through(back, ring(70.0)) == back
    assert let_through(ahead, ring(70.0)) == DriveRequest()
    assert let_through(ahead, ring(85.2)) == ahead
    assert let_through(back, ring(-70.0)) == DriveRequest()


def test_no_mission_starts_near_a_ring_or_while_a_neighbour_is_silent() -> None:
    for away_m, age_s in ((4.4 + 30.0 + 3.0, 0.0), (1000.0, 10.0)):
        rig = Rig().to_manual()
        near(rig, away_m)
        rig.requests = {
            "neighbours": tuple(
                msgspec.structs.replace(one, t_ns=one.t_ns - round(age_s * NS_PER_S))
                for one in rig.requests["neighbours"]
            )
        }
        rig.send()
        assert rig.report.reasons[0] == ("neighbour_silent" if age_s else "ring_near")
        rig.press(E.MISSION_START, hold_to_run=True)
        assert rig.mode is Mode.MANUAL
    rig = Rig().to_manual()
    near(rig, 1000.0)
    rig.press(E.MISSION_START, hold_to_run=True)
    assert rig.mode is Mode.AUTO_MOVE


def test_a_rotor_that_is_asked_to_turn_where_the_tasks_ring_meets_another_never_does() -> None:
    rig = Rig().to_manual()
    rig.state = msgspec.structs.replace(rig.state, ring_m=60.0)
    near(rig, 80.0)
    rig.run(3, hold_to_run=True)
    assert rig.mode is Mode.MANUAL
    rig.controls = {"hold_to_run": True, "rotor_request": True}
    rig.send()
    assert rig.command.rotor_speed_radps == 0.0
    assert rig.mode is Mode.STOPPING


def test_the_own_ring_is_told() -> None:
    rig = Rig().to_manual()
    rig.state = msgspec.structs.replace(rig.state, ring_m=60.0)
    rig.send()
    assert rig.report.ring_m == pytest.approx(math.hypot(2.2, 0.85) + 2.0)
    rig.phase = MissionPhase.IDLE
    rig.controls = {"hold_to_run": True, "rotor_request": True}
    rig.run(2)
    assert rig.report.ring_m == 60.0
    near(rig, 900.0, speed_mps=0.5)
    rig.send()
    assert [one.radius_m for one in rig.report.rings] == [pytest.approx(31.0)]
