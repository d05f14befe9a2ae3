"""Row 109 on the full stack: a ring that comes near slows and stops; a silent one only a person's word takes away."""

import math
from typing import Any

import msgspec
import pytest

from campaign.fault_scenario import DATUM, YAW_RAD, FaultScenario
from campaign.sim_operator import Goal
from firmware_bridge.mavlink import adapters
from firmware_bridge.types import NeighbourFrame, NeighbourKind, Observation, ObservationKind, OperatorEdge
from tests.campaign.scenes import copied, manual, work
from vehicle.contracts.messages import Mode

pytestmark = pytest.mark.long

AUTO = (Mode.AUTO_MOVE, Mode.AUTO_WORK)
RING_M, OTHER_M = 20.0, 15.0


def ringed(drill: FaultScenario) -> FaultScenario:
    """The task's ring is set, as the composition root does."""
    loop = drill.process.loop
    loop.state = msgspec.structs.replace(loop.state, gate=msgspec.structs.replace(loop.state.gate, ring_m=RING_M))
    return drill


class Other:
    """Another machine on the same task, whose place a console tells twice a second."""

    def __init__(self, drill: FaultScenario, along_m: float, speed_mps: float = 0.0) -> None:
        self.drill, self.along_m, self.speed_mps = drill, along_m, speed_mps

    def place_m(self) -> tuple[float, float]:
        return self.along_m * math.cos(YAW_RAD), self.along_m * math.sin(YAW_RAD)

    def away_m(self) -> float:
        truth = self.drill.world.truth()
        east_m, north_m = self.place_m()
        return math.hypot(truth.east_m - east_m, truth.north_m - north_m)

    def tell(self, **changes: Any) -> None:
        lat_deg, lon_deg, _ = DATUM.geodetic_from_enu(*self.place_m())
        told = NeighbourFrame(
            station_id=250,
            name="B",
            kind=NeighbourKind.MACHINE,
            lat_deg=lat_deg,
            lon_deg=lon_deg,
            radius_m=OTHER_M,
            speed_mps=abs(self.speed_mps),
            echo_tick=self.drill.state.tick,
        )
        self.drill.radio.station.write(adapters.encode_neighbour(msgspec.structs.replace(told, **changes)))

    def run(self, seconds: float, *, silent: bool = False) -> None:
        for number in range(round(seconds * 50.0)):
            self.along_m += self.speed_mps * 0.02
            if number % 25 == 0 and not silent:
                self.tell()
            self.drill.step()


@copied
def working(seed: int = 1) -> FaultScenario:
    return ringed(work(seed))


def test_row_109_a_machine_that_comes_nearer_slows_a_mission_and_stops_it_before_the_rings_meet() -> None:
    drill = working()
    other = Other(drill, 60.0, -0.3)
    other.run(1.0)
    assert drill.mode is Mode.AUTO_WORK
    assert not {"ring_near", "ring_overlap"} & set(drill.reasons)
    seen = set()
    while drill.mode in AUTO:
        other.run(0.02 if other.away_m() < 40.0 else 0.5)
        seen |= set(drill.reasons)
        other.tell()
    assert {"ring_near", "ring_overlap"} <= seen
    assert drill.mode is Mode.STOPPING
    other.speed_mps = 0.0
    drill.drive(Goal.REST)
    other.run(3.0)
    assert drill.mode is Mode.HOLD
    assert other.away_m() > RING_M + OTHER_M, "the rings never met"
    assert drill.watch.finish() == ()


def test_row_109_a_neighbour_that_falls_silent_forbids_a_start_slows_and_in_the_end_stops() -> None:
    drill = working()
    other = Other(drill, 80.0)
    other.run(1.0)
    other.run(6.0, silent=True)
    assert drill.mode is Mode.AUTO_WORK
    assert "neighbour_silent" in drill.reasons
    assert drill.until((Mode.STOPPING,), 40.0)
    assert "ring_overlap" in drill.reasons
    drill.run(20.0)
    assert drill.mode is Mode.READY, "nothing arms"


def note(drill: FaultScenario, text: str) -> None:
    """Told to the vehicle's record by a station of the team."""
    said = Observation(
        station_id=40,
        session_id=drill.state.session_id,
        sequence=drill.ticks,
        kind=ObservationKind.NOTE,
        who="leader",
        text=text,
    )
    drill.radio.station.write(adapters.encode_observation(said))


def test_a_persons_word_on_record_takes_a_silent_neighbour_away_and_only_while_nothing_may_move() -> None:
    drill = working()
    other = Other(drill, 80.0)
    other.run(1.0)
    other.run(6.0, silent=True)
    note(drill, "neighbour gone: B")
    other.run(0.5, silent=True)
    assert drill.state.neighbours, "not while a mission drives"
    drill.hands.pressed = OperatorEdge.STOP
    drill.drive(Goal.REST).run(20.0)
    drill.hands.pressed = OperatorEdge.NONE
    assert drill.mode is Mode.HOLD, drill.mode
    note(drill, "neighbour gone: C")
    drill.run(0.5)
    assert drill.state.neighbours
    note(drill, "Neighbour gone: B ")
    drill.run(0.5)
    assert drill.state.neighbours == ()
    assert not {"neighbour_silent", "ring_overlap", "ring_near"} & set(drill.reasons)
    drill.drive(Goal.MISSION).run(20.0)
    assert drill.mode in AUTO, drill.reasons


def test_a_neighbour_that_is_heard_is_not_gone_whoever_says_so() -> None:
    drill = ringed(manual())
    other = Other(drill, 80.0)
    drill.drive(Goal.REST)
    other.run(3.0)
    note(drill, "neighbour gone: B")
    other.run(0.5)
    assert drill.state.neighbours


def test_no_mission_starts_where_its_next_segment_leads_into_a_ring() -> None:
    drill = ringed(FaultScenario())
    other = Other(drill, 85.0)
    drill.drive(Goal.MISSION)
    other.run(25.0)
    assert drill.mode is Mode.MANUAL, (
        "the swath is 60 m long, and 60 + 20 + 15 m is further than where the other stands"
    )
    assert not {"ring_near", "ring_overlap"} & set(drill.reasons)
    report = drill.process.loop.state.report
    assert report is not None
    other.along_m = 200.0
    other.run(8.0)
    assert drill.mode in AUTO, drill.reasons


def test_no_mission_goes_on_from_a_wait_where_a_ring_has_come_into_the_way() -> None:
    """Far from both machines now: only the way of the swath leads there."""
    drill = working(seed=31)
    other = Other(drill, 200.0)
    other.run(3.0)
    drill.drive(Goal.REST)
    drill.hands.pressed = OperatorEdge.MISSION_PAUSE
    other.run(1.0)
    assert drill.mode is Mode.WAIT, drill.reasons
    drill.hands.pressed = OperatorEdge.NONE
    other.along_m = 85.0
    other.run(1.0)
    assert not {"ring_near", "ring_overlap"} & set(drill.reasons)
    drill.drive(Goal.MISSION)
    other.run(6.0)
    assert drill.mode is Mode.WAIT, "the ring of B lies on the way"
    other.along_m = 200.0
    other.run(5.0)
    assert drill.mode in AUTO, drill.reasons


@pytest.mark.parametrize("scene", [work, manual])
def test_without_neighbours_nothing_changes(scene: Any) -> None:
    drill = scene()
    drill.run(2.0)
    assert drill.state.neighbours == ()
    assert not {"ring_near", "ring_overlap", "neighbour_silent"} & set(drill.reasons)
