"""Faults of authority on the full stack: hand-over of a mission, a spotter, an old console, nobody to override."""

import pytest

from campaign.fault_scenario import FaultScenario
from campaign.faults import FAULTS
from campaign.sim_operator import Goal, Other
from console.client.station import Controls, Station
from firmware_bridge.mavlink.framing import frame_bytes
from firmware_bridge.mavlink.tables import SPEC_BY_NAME
from firmware_bridge.types import OperatorEdge
from sim.noise import generator
from tests.campaign.scenes import manual, work
from vehicle.contracts.messages import MissionPhase, Mode

pytestmark = pytest.mark.long

DRIVING = (Mode.MANUAL, Mode.AUTO_MOVE, Mode.AUTO_WORK, Mode.RECOVERY)
AUTO = (Mode.AUTO_MOVE, Mode.AUTO_WORK)


def join(drill: FaultScenario, station_id: int = 2) -> Other:
    other = Other(Station(station_id))
    drill.hands.others.append(other)
    drill.run(0.3)
    return other


def press(drill: FaultScenario, other: Other, edge: OperatorEdge, *, hold: bool = False) -> None:
    other.controls = Controls(edges=edge, hold_to_run=hold)
    drill.run(0.2)
    other.controls = Controls(hold_to_run=hold)
    drill.run(0.8)


def test_row_30_a_mission_waits_for_the_new_holders_own_start() -> None:
    drill = work()
    drill.hands.silent = True
    other = join(drill)
    drill.run(2.0)
    assert drill.mode is Mode.HOLD
    for edge in (OperatorEdge.TAKE, OperatorEdge.RESET, OperatorEdge.ARM):
        press(drill, other, edge)
    assert drill.state.gate.holder == 2
    here = drill.world.tracks.east_m, drill.world.tracks.north_m
    drill.run(2.0)
    assert drill.mode is Mode.MANUAL
    assert drill.state.mission.phase is MissionPhase.PAUSED
    assert (drill.world.tracks.east_m, drill.world.tracks.north_m) == here
    other.controls = Controls(hold_to_run=True)
    drill.run(0.5)
    press(drill, other, OperatorEdge.MISSION_START, hold=True)
    assert drill.mode in AUTO, drill.reasons
    # the watch knows the first console's frames only, so that it must not judge this motion
    assert drill.state.gate.holder == 2


def test_row_109_a_spotter_who_holds_nothing_stops_it_in_a_tick() -> None:
    for scene in (work, manual):
        drill = scene()
        other = join(drill, 7)
        assert drill.mode in DRIVING
        other.controls = Controls(edges=OperatorEdge.STOP)
        ticks = 0
        while drill.mode in DRIVING:
            drill.step()
            ticks += 1
        assert ticks <= 8, "50 ms to the next frame, 40 ms of air, one tick"
        assert "operator_stop" in drill.reasons
        other.controls = Controls()
        drill.drive(Goal.REST).run(3.0)
        assert drill.mode is Mode.HOLD, "healed is not restarted"
        assert drill.watch.finish() == ()


class OtherDialect:
    """A console built with another version of the message: right checksum by its own table, wrong by the vehicle's."""

    def __init__(self, port: object) -> None:
        self._port = port
        self.refused = 0

    def read(self) -> bytes:
        return self._port.read()  # type: ignore[attr-defined, no-any-return]

    def write(self, frame: bytes) -> None:
        spec = SPEC_BY_NAME["FLAIL_OPERATOR"]
        seed = bytes([spec.seed[0] ^ 1]) + spec.seed[1:]
        self.refused += 1
        self._port.write(frame_bytes(spec.header_id, seed, frame[10:-2], frame[4], frame[5], frame[6]))  # type: ignore[attr-defined]


def test_row_26_a_console_of_another_dialect_moves_nothing_and_takes_nothing() -> None:
    drill = FaultScenario()
    drill.hands._port = older = OtherDialect(drill.hands._port)  # type: ignore[assignment]
    drill.drive(Goal.MANUAL, 0.5).run(10.0)
    assert older.refused > 100
    assert drill.mode is Mode.DISARMED
    assert drill.state.gate.holder == 0
    assert drill.watch.finish() == ()


def test_row_120_no_act_overrides_a_slope() -> None:
    """There is no override: whatever is pressed, only the slow retreat is left."""
    drill = manual()
    FAULTS["too_steep"].inject(drill, 0.5)
    draw = generator(5, "any act")
    edges = [edge for edge in OperatorEdge if edge is not OperatorEdge.NONE]
    drill.drive(Goal.REST).run(1.5)
    assert drill.mode not in DRIVING
    modes = set()
    for _ in range(60):
        drill.hands.pressed = edges[int(draw.integers(len(edges)))]
        drill.run(0.2)
        drill.hands.pressed = OperatorEdge.NONE
        drill.run(0.6)
        modes.add(drill.mode)
        assert drill.world.controller.outputs.rotor_radps == 0.0
        assert abs(drill.watch.setpoint_mps) <= 0.1
    assert Mode.MANUAL not in modes
    assert not modes & set(AUTO)
    assert drill.watch.finish() == ()
