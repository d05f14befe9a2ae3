"""Faults of the computer, on the full stack: the disk, the wall clock, readings that no longer change."""

import time
from typing import Any

import msgspec
import pytest

import vehicle.host.clock
from campaign.fault_scenario import FaultScenario
from campaign.faults import FAULTS
from campaign.sim_operator import Goal
from tests.campaign.scenes import manual, work
from vehicle.contracts.messages import Inputs, Mode
from vehicle.contracts.sockets import TickRecord
from vehicle.contracts.units import TICK_S
from vehicle.runtime import loop as loops
from vehicle.runtime import recorded_inputs

pytestmark = pytest.mark.long

DRIVING = (Mode.MANUAL, Mode.AUTO_MOVE, Mode.AUTO_WORK, Mode.RECOVERY)
AUTO = (Mode.AUTO_MOVE, Mode.AUTO_WORK)


class Disk:
    """A recorder whose disk can be full."""

    name = "recording"
    healthy = True

    def begin(self, state: object, controller: object) -> None:
        """Nothing of it is looked at."""

    def accept(self, record: TickRecord) -> None:
        """Drop."""


def on_a_full_disk() -> tuple[FaultScenario, Disk]:
    disk = Disk()
    disk.healthy = False
    return FaultScenario(sinks=(disk,)), disk


def test_rows_81_82_without_a_recording_no_mission_starts_and_hands_still_drive() -> None:
    drill, disk = on_a_full_disk()
    drill.drive(Goal.MISSION).run(20.0)
    assert drill.mode is Mode.MANUAL
    assert "recording_lost" in drill.reasons
    drill.drive(Goal.MANUAL, 0.3)
    assert drill.moves(5.0)
    disk.healthy = True
    drill.drive(Goal.REST).run(2.0)
    assert "recording_lost" not in drill.reasons
    drill.drive(Goal.MISSION)
    assert drill.until(AUTO, 20.0), "it clears by itself"
    assert drill.watch.finish() == ()


def test_rows_81_82_a_disk_that_fills_in_a_swath_is_told_within_a_second_and_stops_nothing() -> None:
    disk = Disk()
    drill = FaultScenario(sinks=(disk,)).drive(Goal.MISSION)
    assert drill.until((Mode.AUTO_WORK,), 25.0)
    disk.healthy = False
    drill.run(1.0)
    assert "recording_lost" in drill.reasons
    assert drill.moves(10.0)
    assert drill.mode is Mode.AUTO_WORK
    assert drill.watch.finish() == ()


def outcome(seed: int) -> tuple[object, ...]:
    drill = work(seed)
    FAULTS["radio_loss"].inject(drill, 1.0)
    drill.run(2.0)
    state = drill.state
    return repr(state.gate), repr(state.report), drill.world.tracks.east_m, drill.world.tracks.north_m


def test_row_79_the_wall_clock_may_jump_as_it_likes(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = outcome(3)
    jumps_s = (0.0, 3_600.0, -7_200.0, 1e9, -1.7e9, 4.0e9)
    asked: list[float] = []

    def jumping_s() -> float:
        asked.append(jumps_s[len(asked) % len(jumps_s)])
        return asked[-1]

    monkeypatch.setattr(time, "time", jumping_s)
    monkeypatch.setattr(time, "time_ns", lambda: int(jumping_s() * 1e9))
    monkeypatch.setattr(vehicle.host.clock, "utc_now", lambda: pytest.fail("control asked for the time of day"))
    assert jumping_s() != jumping_s()
    assert outcome(3) == plain


class Frozen:
    """The inputs with one source standing still: every new message of it is the one that came first."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._first: object = None

    def inputs_of(self, *heard: Any, **told: Any) -> Inputs:
        found = recorded_inputs.inputs_of(*heard, **told)
        seen = getattr(found, self._topic)
        if not seen:
            return found
        self._first = self._first or seen
        return msgspec.structs.replace(found, **{self._topic: self._first})


@pytest.mark.parametrize(
    ("topic", "scene", "limit_s", "reasons"),
    [
        ("status", work, 0.3, {"controller_hung"}),
        ("status", manual, 0.3, {"controller_hung"}),
        ("imu", work, 0.3, {"tilt_unknown"}),
        ("imu", manual, 0.3, {"tilt_unknown"}),
        ("gnss", work, 5.0, {"gnss_lost", "position_unproven", "position_jump", "position_stuck", "heading_lost"}),
        ("operator", work, 0.5, {"link_lost"}),
        ("operator", manual, 0.5, {"link_lost"}),
    ],
)
def test_row_95_fresh_frames_of_one_and_the_same_reading_count_as_none(
    topic: str, scene: object, limit_s: float, reasons: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    drill: FaultScenario = scene()  # type: ignore[operator]
    monkeypatch.setattr(loops, "inputs_of", Frozen(topic).inputs_of)
    for _ in range(round(limit_s / TICK_S)):
        drill.step()
        if drill.mode not in DRIVING:
            break
    assert drill.mode not in DRIVING, drill.reasons
    assert reasons & set(drill.reasons), drill.reasons
    drill.drive(Goal.REST).run(1.0)
    assert drill.watch.setpoint_mps == 0.0
    assert drill.watch.finish() == ()
