"""The station that can do nothing but STOP, against the vehicle's real link, in virtual time."""

from typing import Any

import msgspec
import pytest

from benchmarks.trials.linked_scenario import SECRET, STATION_ID
from console.client.protocol import STOP_NS
from console.client.session import Credentials
from console.client.stop_station import ASK_NS, StopLink, StopProtocol, StopState, StopView
from firmware_bridge.mavlink import codec
from firmware_bridge.mavlink.adapters import decode_operator
from firmware_bridge.mavlink.framing import Frame
from firmware_bridge.mavlink.tables import SPEC_BY_NAME, SPECS
from firmware_bridge.types import ObservationVerdict, OperatorEdge
from tests.console.rig import ConsoleRig
from tests.operator_link.stop_only_rig import SENTRY, SENTRY_ID, key, parsed
from vehicle.contracts.messages import Mode
from vehicle.contracts.sockets import TickRecord
from vehicle.contracts.units import TICK_NS
from vehicle.control.state import VehicleState
from vehicle.operator_link.act_judge import ARMED
from vehicle.operator_link.admission import Address, Channel
from vehicle.operator_link.keystore import ConsoleKey, KeyFile
from vehicle.operator_link.stop_only_stations import NOTE
from vehicle.operator_link.transport import take_keys
from vehicle.runtime.loop import VehicleLoop

pytestmark = pytest.mark.long
WLAN, HERE = Channel(name="udp"), ("10.0.0.9", 14550)
MS = 1_000_000
STOPPED = (Mode.STOPPING, Mode.HOLD)
DRIVER = ConsoleKey(name="driver", system_id=STATION_ID, key_id="0", secret=SECRET, created="2026-11-30")
KEYS = KeyFile(machine_id=bytes(8).hex(), keys=(DRIVER,), stop_only=(key(SENTRY_ID, SENTRY),))


class Kept:
    """A sink that keeps what came of observations, and what of them entered the tick."""

    name = "kept"

    def __init__(self) -> None:
        self.notes: list[Any] = []
        self.results: list[Any] = []

    def accept(self, record: TickRecord) -> None:
        self.notes += [note for batch in record.batches for note in batch.observations]
        self.results += record.outputs.results


class Watched(ConsoleRig):
    """A console that drives, and beside it a sentry with a stop-only key; `hears`, `heard`: the sentry's radio."""

    def __init__(self) -> None:
        self.kept = Kept()
        self.sentry = StopProtocol(
            Credentials(system_id=SENTRY_ID, secret=f"secret of {SENTRY}", machine_id=bytes(8).hex())
        )
        self.hears = self.heard = self.live = True
        self.sent: list[bytes] = []
        self.received: list[bytes] = []
        super().__init__(sinks=(self.kept,))

    def _loop(self, state: VehicleState) -> VehicleLoop:
        loop = super()._loop(state)
        take_keys(self.link, KEYS, self.now_ns)
        outbox = self.link.outbox

        def tapped() -> list[tuple[str, Address, list[bytes]]]:
            found = outbox()
            for _, address, frames in found:
                for frame in frames if address == HERE and self.hears and self.live else ():
                    self.received.append(frame)
                    self.sentry.receive(frame, self.now_ns)
            return found

        self.link.outbox = tapped  # type: ignore[method-assign]
        return loop

    def step(self) -> None:
        """A tick of the stack, and of the sentry's station."""
        for frame in self.sentry.send(self.now_ns + TICK_NS) if self.live else []:
            self.sent.append(frame)
            if self.heard and self.process.runs:
                self.link.receive(WLAN, HERE, frame, self.now_ns + TICK_NS)
        super().step()

    def driving(self) -> "Watched":
        """By stick, with the sentry connected."""
        self.manual()
        self.hold(drive=0.6)
        self.run(4.0)  # horn and brakes first
        assert self.mode is Mode.MANUAL
        assert self.speed_mps > 0.1
        assert self.view.link is StopLink.CONNECTED
        return self

    @property
    def speed_mps(self) -> float:
        return abs(self.world.truth().speed_mps)

    @property
    def view(self) -> StopView:
        return self.sentry.view(self.now_ns)


def connected() -> Watched:
    rig = Watched()
    rig.run(1.0)
    assert rig.view.link is StopLink.CONNECTED
    return rig


def test_it_says_at_once_that_both_ways_are_whole() -> None:
    rig = Watched()
    assert (rig.view.link, rig.view.age_ms, rig.view.mode, rig.view.why) == (StopLink.LOST, None, None, "nobody")
    rig.run(0.4)
    assert rig.view.link is StopLink.CONNECTED
    rig.run(0.6)
    view = rig.view
    assert (view.link, view.mode, view.why, view.stop) == (StopLink.CONNECTED, rig.mode, "", StopState.NONE)
    assert view.age_ms is not None
    assert view.age_ms < 400.0


@pytest.mark.parametrize("way", ["hears", "heard"])
def test_each_way_that_breaks_is_late_after_a_second_and_lost_after_two(way: str) -> None:
    """A vehicle that is heard and does not hear is as good as none."""
    rig = connected()
    setattr(rig, way, False)
    seen: dict[StopLink, float] = {}
    for _ in range(200):
        rig.step()
        seen.setdefault(rig.view.link, rig.view.age_ms or 0.0)
    assert 1000.0 <= seen[StopLink.LATE] < 1040.0
    assert 2000.0 <= seen[StopLink.LOST] < 2040.0
    assert rig.view.mode is None or way == "heard"
    assert rig.view.why == ("nobody" if way == "hears" else "unheard")
    setattr(rig, way, True)
    rig.run(1.0)
    assert rig.view.link is StopLink.CONNECTED


def test_it_stops_a_machine_that_another_console_drives() -> None:
    rig = Watched().driving()
    rig.kept.notes.clear()
    rig.sentry.press(rig.now_ns)
    rig.step()
    rig.step()
    assert rig.mode in STOPPED
    rig.run(0.2)
    view = rig.view
    assert view.stop is StopState.TAKEN
    assert view.mode in STOPPED
    assert view.stop_ms is not None
    assert 0.0 < view.stop_ms < 200.0
    rig.run(3.0)
    assert rig.speed_mps < 0.01
    assert [(note.who, note.text, note.station_id) for note in rig.kept.notes] == [(SENTRY, NOTE, SENTRY_ID)]
    assert rig.kept.results[-1].result is ObservationVerdict.RECORDED


def test_it_holds_nothing_and_starts_nothing_and_its_answer_ends_with_the_next_arming() -> None:
    rig = Watched().driving()
    rig.let_go()
    rig.sentry.press(rig.now_ns)
    rig.run(3.0)
    assert rig.state.gate.holder == STATION_ID
    rig.taken(OperatorEdge.RESET, OperatorEdge.ARM)
    rig.run(0.3)
    assert rig.mode in ARMED
    assert rig.view.stop is StopState.NONE


def test_a_sentry_who_is_gone_stops_nothing() -> None:
    """docs/adr/2026-11-30-a-stop-only-station-that-is-lost-stops-nothing.md."""
    rig = Watched().driving()
    rig.live = False
    for _ in range(500):
        rig.step()
        assert rig.mode is Mode.MANUAL
    assert rig.speed_mps > 0.1


def test_stop_goes_on_until_it_is_acknowledged() -> None:
    """Over an air that carries nothing up for four seconds; then nothing more of it."""
    rig = Watched().driving()
    rig.heard = False
    rig.sentry.press(rig.now_ns)
    before = len(stops_of(rig.sent))
    rig.run(4.0)
    assert rig.mode is Mode.MANUAL
    assert len(stops_of(rig.sent)) - before == pytest.approx(4.0e9 / STOP_NS, abs=14)
    assert (rig.view.stop, rig.view.link) == (StopState.SENDING, StopLink.LOST)
    rig.heard = True
    rig.run(0.3)
    assert rig.mode in STOPPED
    assert rig.view.stop is StopState.TAKEN
    taken = len(stops_of(rig.sent))
    rig.run(2.0)
    assert len(stops_of(rig.sent)) == taken


def test_stop_that_is_heard_counts_although_no_answer_comes() -> None:
    rig = Watched().driving()
    rig.hears = False
    rig.sentry.press(rig.now_ns)
    rig.step()
    rig.step()
    assert rig.mode in STOPPED
    rig.run(5.0)
    assert rig.view.stop is StopState.SENDING
    assert len({note.sequence for note in rig.kept.notes}) == 1, "one press, one line in the record"


def test_a_second_press_is_a_second_stop() -> None:
    rig = connected()
    for _ in range(2):
        rig.sentry.press(rig.now_ns)
        rig.sentry.press(rig.now_ns)
        rig.run(1.0)
        assert rig.view.stop is StopState.TAKEN
    assert len(rig.kept.notes) == 2


def test_a_vehicle_that_was_started_anew_is_found_again() -> None:
    rig = connected()
    rig.process.dead = True
    rig.run(3.0)
    assert rig.view.link is StopLink.LOST
    rig.process.restart()
    rig.run(6.0)
    assert rig.view.link is StopLink.CONNECTED
    assert rig.view.mode is rig.mode
    rig.sentry.press(rig.now_ns)
    rig.run(0.3)
    assert rig.view.stop is StopState.TAKEN


def test_nothing_else_ever_leaves_it() -> None:
    rig = Watched().driving()
    rig.sentry.press(rig.now_ns)
    rig.run(2.0)
    rig.hears = False
    rig.run(3.0)
    rig.sentry.press(rig.now_ns)
    rig.run(1.0)
    names = {SPECS[frame.msg_id].name for frame in parsed(rig.sent)}
    assert names == {"HEARTBEAT", "FLAIL_PROOF", "TIMESYNC", "FLAIL_OPERATOR"}
    for frame in stops_of(rig.sent):
        asked = decode_operator(frame)
        assert asked is not None
        assert asked.edges is OperatorEdge.STOP
        assert not any((asked.hold_to_run, asked.drive, asked.turn, asked.rotor_request, asked.tool_value_m))


def test_a_link_of_this_station_costs_little() -> None:
    """Bytes a second each way, for narrow radios; it shares one with the console."""
    rig = connected()
    sent, received = sum(map(len, rig.sent)), sum(map(len, rig.received))
    rig.run(10.0)
    assert (sum(map(len, rig.sent)) - sent) / 10.0 < 300.0
    assert (sum(map(len, rig.received)) - received) / 10.0 < 3_000.0


@pytest.mark.parametrize(
    ("changes", "why"),
    [({"secret": "another"}, "nobody"), ({"machine_id": "ff" * 8}, "wrong_machine")],
)
def test_a_key_that_is_wrong_is_said(changes: dict[str, str], why: str) -> None:
    rig = Watched()
    held = Credentials(system_id=SENTRY_ID, secret=f"secret of {SENTRY}", machine_id=bytes(8).hex())
    rig.sentry = StopProtocol(msgspec.structs.replace(held, **changes))
    rig.run(3.0)
    assert (rig.view.link, rig.view.why) == (StopLink.LOST, why)


def test_what_nobody_asked_is_no_answer() -> None:
    """An answer counts for the question that was asked, and as old as that."""
    rig = connected()
    rig.heard = False
    for _ in range(30):
        rig.step()
        told = codec.encode_fields("TIMESYNC", {"tc1": 1, "ts1": rig.now_ns - 1}, 0, 1, 1)
        signed = rig.link.verifier.sign(told, SPEC_BY_NAME["TIMESYNC"].seed, SENTRY_ID, 0, rig.now_ns)
        rig.sentry.receive(signed, rig.now_ns)
    assert rig.view.age_ms is not None
    assert rig.view.age_ms >= 600.0 - ASK_NS / MS


def stops_of(sent: list[bytes]) -> list[Frame]:
    return [frame for frame in parsed(sent) if SPECS[frame.msg_id].name == "FLAIL_OPERATOR"]
