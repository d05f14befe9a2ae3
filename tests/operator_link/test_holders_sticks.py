"""Only the sticks of whoever holds the lease are a wish; those of another station, in the same tick, are none."""

import msgspec
import pytest

from firmware_bridge.mavlink import adapters
from tests.control.safety.rig import SESSION, frame
from tests.marks import some
from tests.operator_link.drill_station import DrillStation
from vehicle.contracts.messages import Mode, OperatorFrame
from vehicle.contracts.units import TICK_NS
from vehicle.control.safety import authority
from vehicle.control.state import GateState, MonitorState
from vehicle.operator_link.pending_inputs import PendingInputs

pytestmark = pytest.mark.long


def counted(heard: tuple[OperatorFrame, ...], holder: int, before: OperatorFrame | None = None) -> OperatorFrame | None:
    """The frame whose sticks are read after these arrived; both stations were heard a tick ago."""
    first = tuple(frame(station_id=station, sequence=8) for station in (255, 7))
    state = GateState(holder=holder, session_id=SESSION, frame=before, monitor=MonitorState(beats_ns=(0, TICK_NS)))
    known = tuple(authority.accept_frames(state, first, 300, 1, TICK_NS).stations.values())
    return authority.accept_frames(msgspec.structs.replace(state, stations=known), heard, 300, 2, 2 * TICK_NS).frame


def test_the_newest_frame_of_the_holder_counts_wherever_it_lies() -> None:
    mine, theirs = frame(station_id=255, sequence=9, drive=0.2), frame(station_id=7, sequence=9, drive=-1.0)
    assert counted((mine, theirs), 255) is mine
    assert counted((mine, theirs), 7) is theirs
    assert counted((mine, theirs), 9, before=mine) is mine
    assert counted((mine, theirs), 0) is None


def test_what_the_gate_does_not_count_is_no_wish() -> None:
    """Another session under the holder's number, and what is older than what was heard."""
    mine = frame(station_id=255, sequence=9, drive=0.2)
    newer = msgspec.structs.replace(mine, sequence=10)
    other = msgspec.structs.replace(mine, session_id=SESSION + 1, sequence=99, drive=1.0)
    older = msgspec.structs.replace(mine, sequence=8, drive=1.0)
    for heard, counts in (((other,), mine), ((older,), mine), ((newer, older, other), newer), ((older, newer), newer)):
        assert counted(heard, 255, before=mine) is counts


@pytest.mark.parametrize("drive", some([-1.0, 0.0, 1.0], 1, pytest.mark.release))
def test_another_stations_sticks_neither_move_nor_brake(drive: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """A console beside the holder sends 20 frames a second; each of them comes after the holder's in its tick."""
    station = DrillStation()
    station.arm()
    station.run(3.0)
    assert station.drives()
    drain = PendingInputs.drain
    number = 0

    def beside(pending: PendingInputs, *arguments: object) -> bytes:
        nonlocal number
        number += 1
        other = frame(
            station_id=9,
            sequence=number,
            sample_count=number,
            echo_tick=pending.tick,
            session_id=pending.session_id,
            drive=drive,
        )
        return drain(pending, *arguments) + adapters.encode_operator(other)  # type: ignore[arg-type]

    monkeypatch.setattr(PendingInputs, "drain", beside)
    station.held = True
    assert station.until(Mode.MANUAL)
    station.throttle = 1800
    speeds = []
    for _ in range(250):
        station.step()
        speeds.append(station.drill.state.gate.set_mps[0])
    assert min(speeds) >= 0.0
    assert 0.1 < max(speeds) < 0.3
    moving = speeds[next(number for number, speed in enumerate(speeds) if speed > 0.0) :]
    assert min(moving) > 0.0, (
        f"braked by a stranger's sticks after {moving.index(min(moving))} ticks {station.texts()[-3:]}"
    )
    assert station.mode is Mode.MANUAL
