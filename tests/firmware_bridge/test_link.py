"""Handshake, ages, loss and round trips over a memory port, on a clock that the test holds."""

import msgspec
import pytest

from benchmarks.link_on_port import LinkOnPort
from firmware_bridge.command import ActuatorCommand
from firmware_bridge.controller_adapter import ControllerBatch, ControllerWire
from firmware_bridge.flail_adapter import FlailAdapter
from firmware_bridge.handshake import mismatches, version_text
from firmware_bridge.link import ControllerLink
from firmware_bridge.link_statistics import LossMeter, RoundTrips
from firmware_bridge.mavlink import adapters
from firmware_bridge.mavlink.adapters import MessageReader
from firmware_bridge.ports import MemoryPort
from firmware_bridge.types import ControllerHello, ControllerState, ControllerStatus, ReceivedCommand
from tests.firmware_bridge import samples

MS = 1_000_000
OURS = ControllerHello(protocol_version=2, firmware_version=1, config_hash=b"abcdefgh", watchdog_ms=0, boot_count=0)
THEIRS = ControllerHello(protocol_version=2, firmware_version=7, config_hash=b"abcdefgh", watchdog_ms=200, boot_count=3)


class Twin:
    """The least that answers: hello to hello, status to command."""

    def __init__(self) -> None:
        self.now_ns = 10**9
        near, self.far = MemoryPort.pair()
        self.link = LinkOnPort(near, OURS, lambda: self.now_ns)
        self.reader = MessageReader(adapters.CONTROLLER_DECODERS)
        self.heard: list[object] = []
        self.hello: ControllerHello | None = THEIRS
        self.status = msgspec.structs.replace(samples.STATUS, boot_count=3, state=ControllerState.SAFE)
        self.frames = 0

    def send(self, frame: bytes) -> None:
        self.far.write(frame)
        self.frames += 1

    def send_status(self, **changes: object) -> None:
        count = (self.status.status_count + 1) & 0xFFFF
        time_ms = self.now_ns // MS
        self.status = msgspec.structs.replace(self.status, **{"status_count": count, "time_ms": time_ms} | changes)
        self.send(adapters.encode_status(self.status, self.frames))

    def turn(self, ms: int = 20) -> bytes:
        """The controller answers all that waits; then time passes and the host reads."""
        for message in self.reader.feed(self.far.read()):
            self.heard.append(message)
            if isinstance(message, ReceivedCommand):
                self.send_status(command_sequence=message.sequence)
            elif self.hello is not None:
                self.send(adapters.encode_hello(self.hello, self.frames))
        self.now_ns += ms * MS
        return self.link.read()

    def command(self, sequence: int) -> None:
        self.link.send(msgspec.structs.replace(samples.COMMAND, sequence=sequence))

    def hellos(self) -> int:
        return sum(isinstance(message, ControllerHello) for message in self.heard)


@pytest.fixture
def twin() -> Twin:
    return Twin()


def test_it_says_hello_at_once_and_is_content_with_an_answer(twin: Twin) -> None:
    twin.link.read()
    twin.turn()
    report = twin.link.report()
    assert report.agreed
    assert report.differences == ()
    assert report.hello == THEIRS
    for _ in range(200):
        twin.turn()
    assert twin.hellos() == 1


def test_without_an_answer_it_goes_on_at_one_hertz(twin: Twin) -> None:
    twin.hello = None
    twin.link.read()
    for _ in range(250):
        twin.turn()
    assert twin.hellos() == 5
    assert not twin.link.report().agreed
    assert twin.link.report().differences == ()


def test_a_controller_that_comes_later_is_greeted_with_its_first_word(twin: Twin) -> None:
    """Not up to a second later: meanwhile it would hold its kill, which means a fault to whoever sees it."""
    twin.link.read()
    twin.far.read()  # said to nobody
    for _ in range(5):
        twin.now_ns += 20 * MS
        twin.link.read()
    assert twin.far.read() == b""
    twin.send_status()
    twin.turn()
    twin.turn()
    assert twin.hellos() == 1
    assert twin.link.report().agreed


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"protocol_version": 3}, ["version 3", "vehicle program 2", "update the vehicle program"]),
        ({"protocol_version": 1}, ["version 1", "update the controller's firmware"]),
        ({"config_hash": b"ijklmnop"}, ["696a6b6c6d6e6f70", "6162636465666768", "same machine profile"]),
        ({"watchdog_ms": 201}, ["201 ms", "200"]),
        ({"watchdog_ms": 0}, [" 0 ms"]),
    ],
)
def test_what_differs_is_said_and_nothing_agreed(twin: Twin, changes: dict[str, object], words: list[str]) -> None:
    twin.hello = msgspec.structs.replace(THEIRS, **changes)
    twin.link.read()
    for _ in range(3):
        twin.turn(1_000)
    report = twin.link.report()
    assert not report.agreed
    (line,) = report.differences
    assert all(word in line for word in words), line
    assert twin.hellos() == 3, "a corrected controller is found without a restart of ours"


def test_all_differences_are_told_together() -> None:
    other = msgspec.structs.replace(THEIRS, protocol_version=9, config_hash=b"ijklmnop", watchdog_ms=1_000)
    assert len(mismatches(other, OURS.config_hash)) == 3
    assert version_text(0x010203) == "1.2.3"


def test_bytes_are_kept_as_they_came(twin: Twin) -> None:
    twin.far.write(b"any bytes")
    twin.far.write(b"\xfd at all")
    assert twin.link.read() == b"any bytes\xfd at all"
    twin.far.read()
    twin.link.close()
    with pytest.raises(OSError, match="closed"):
        twin.far.read()


def agree(twin: Twin) -> None:
    twin.link.read()
    twin.turn()
    assert twin.link.agreed


def test_round_trips_ages_and_the_clock(twin: Twin) -> None:
    agree(twin)
    assert twin.link.report().status_age_ns is None
    for n in range(100):
        twin.command(n)
        twin.turn(4 if n % 10 else 9)
    report = twin.link.report()
    assert (report.round_trip_p50_ns, report.round_trip_max_ns) == (4 * MS, 9 * MS)
    assert report.round_trip_p99_ns == 9 * MS
    assert report.clock is not None
    assert report.clock.low_ns <= 0 <= report.clock.high_ns
    twin.now_ns += 123 * MS
    assert twin.link.report().status_age_ns == 123 * MS


def test_a_restarted_controller_is_greeted_again(twin: Twin) -> None:
    agree(twin)
    twin.command(1)
    twin.turn()
    twin.hello = msgspec.structs.replace(THEIRS, boot_count=4)
    twin.frames = 0
    twin.send_status(boot_count=4, state=ControllerState.BOOT)
    twin.turn(1_000)
    assert not twin.link.agreed
    assert twin.link.report().restarts == 1
    twin.turn()
    twin.status = msgspec.structs.replace(twin.status, state=ControllerState.SAFE)
    assert twin.link.agreed
    assert twin.hellos() == 2
    assert twin.link.report().loss_ratio == 0.0


def test_a_controller_that_forgot_us_is_greeted_again(twin: Twin) -> None:
    agree(twin)
    twin.send_status(state=ControllerState.BOOT)
    twin.turn(1_000)
    twin.status = msgspec.structs.replace(twin.status, state=ControllerState.SAFE)
    twin.turn()
    twin.turn()
    assert twin.hellos() == 2
    assert twin.link.agreed


def test_a_repeated_status_is_a_hung_controller(twin: Twin) -> None:
    agree(twin)
    for n in range(20):
        twin.command(n)
        twin.turn()
    assert not twin.link.report().frozen
    frozen: ControllerStatus = twin.status
    for n in range(9):
        twin.send(adapters.encode_status(frozen, twin.frames))
        twin.turn()
        assert not twin.link.report().frozen, n
    twin.send(adapters.encode_status(frozen, twin.frames))
    twin.turn()
    assert twin.link.report().frozen


def test_bad_frames_and_loss_are_counted(twin: Twin) -> None:
    agree(twin)
    for n in range(90):
        twin.frames += n % 10 == 5
        twin.send_status()
        twin.turn(10)
    assert twin.link.report().loss_ratio == pytest.approx(9 / 99, abs=0.02)
    damaged = bytearray(adapters.encode_status(twin.status, twin.frames))
    damaged[40] ^= 4
    twin.far.write(bytes(damaged) + b"\0" * 20)
    twin.far.write(adapters.encode_status(msgspec.structs.replace(twin.status, depth_m=float("inf")), twin.frames))
    twin.turn()
    report = twin.link.report()
    assert report.bad_frames == 2
    assert report.noise_bytes == len(damaged) + 20


def test_loss_is_of_the_last_second_only() -> None:
    meter = LossMeter()
    meter.frame(250, 0)
    meter.frame(4, 1)
    assert meter.ratio(2) == pytest.approx(9 / 11)
    meter.frame(4, 3)
    meter.frame(3, 3)
    assert meter.lost_total == 9, "duplicates and reordering are no loss"
    assert meter.ratio(2_000_000_000) == 0.0
    meter.restart()
    meter.frame(99, 2_000_000_001)
    assert meter.ratio(2_000_000_002) == 0.0


def test_old_frames_do_not_dilute_a_loss_of_now() -> None:
    meter = LossMeter()
    for n in range(10):
        meter.frame(n, n)
    meter.frame(11, 1_500_000_000)
    assert meter.ratio(1_500_000_000) == pytest.approx(1 / 2)


@pytest.mark.parametrize(("gap", "lost"), [(1, 1), (127, 127), (128, 0), (255, 0)])
def test_half_the_counter_is_ahead_and_half_behind(gap: int, lost: int) -> None:
    meter = LossMeter()
    meter.frame(7, 0)
    meter.frame((8 + gap) & 0xFF, 1)
    assert meter.lost_total == lost


def test_quantiles() -> None:
    trips = RoundTrips()
    assert trips.quantiles_ns(0.5) == [None]
    for n in range(1_000):
        trips.add(n)
    assert trips.quantiles_ns(0.0, 1.0) == [1_000 - 512, 999]


def drive(sequence: int, kill: bool = False) -> ActuatorCommand:
    return msgspec.structs.replace(samples.COMMAND, sequence=sequence, kill=kill)


def sequences(twin: Twin) -> list[int]:
    return [message.sequence for message in twin.heard if isinstance(message, ReceivedCommand)]


def test_a_peer_that_is_silent_is_handed_no_heap_of_old_commands() -> None:
    twin = Twin()
    for sequence in range(1, 1001):
        twin.link.send(drive(sequence))
        twin.now_ns += 20 * MS
    twin.turn()
    assert sequences(twin) == list(range(1, 17))
    assert twin.link.withheld_commands == 984
    twin.link.send(drive(2000))
    twin.turn()
    assert sequences(twin)[16:] == [2000], "it spoke: the newest goes out at once"


def test_one_status_grants_two_commands_and_many_no_more_than_a_line_holds() -> None:
    twin = Twin()
    for sequence in range(1, 17):
        twin.link.send(drive(sequence))
    twin.send_status()
    twin.link.read()
    for sequence in range(17, 30):
        twin.link.send(drive(sequence))
    assert twin.link.withheld_commands == 11
    for _ in range(40):
        twin.send_status()
    twin.link.read()
    for sequence in range(30, 60):
        twin.link.send(drive(sequence))
    assert twin.link.withheld_commands == 11 + 14


def test_a_controller_that_answers_is_sent_every_command_on_the_slowest_line_that_is_driven_over() -> None:
    twin = Twin()
    waiting: list[int] = []
    for sequence in range(1, 500):
        twin.link.send(drive(sequence))
        twin.now_ns += 20 * MS
        waiting += [m.sequence for m in twin.reader.feed(twin.far.read()) if isinstance(m, ReceivedCommand)]
        if sequence > 12:
            twin.send_status(command_sequence=waiting.pop(0))
        twin.link.read()
    assert twin.link.withheld_commands == 0


def test_a_kill_goes_out_ten_times_a_second_although_nothing_is_heard() -> None:
    twin = Twin()
    for sequence in range(1, 117):
        twin.link.send(drive(sequence, kill=True))
        twin.now_ns += 20 * MS
    twin.turn()
    assert len(sequences(twin)) == 16 + 20


def test_a_hello_is_no_command_and_always_goes_out() -> None:
    twin = Twin()
    for sequence in range(1, 40):
        twin.link.send(drive(sequence))
    twin.link.read()
    twin.turn()
    assert twin.hellos() == 1


class Stamping:
    """A port that stamps what it brings."""

    def __init__(self, *chunks: tuple[int, bytes]) -> None:
        self._chunks = list(chunks)
        self.sent: list[bytes] = []

    def read(self) -> bytes:
        raise NotImplementedError

    def read_chunks(self) -> list[tuple[int, bytes]]:
        chunks, self._chunks = self._chunks, []
        return chunks

    def write(self, frame: bytes) -> None:
        self.sent.append(frame)

    def close(self) -> None:
        raise NotImplementedError


def test_arrivals_of_one_tick_are_heard_as_one_and_each_by_its_own_time() -> None:
    first = adapters.encode_status(msgspec.structs.replace(samples.STATUS, status_count=1), 0)
    second = adapters.encode_status(msgspec.structs.replace(samples.STATUS, status_count=2), 1)
    imu, damaged = adapters.encode_imu(samples.IMU, 2), bytearray(adapters.encode_imu(samples.IMU, 3))
    damaged[20] ^= 1
    link = ControllerLink(OURS)
    wire = ControllerWire(Stamping((5 * MS, first + imu[:9]), (9 * MS, imu[9:] + second + damaged)), link)
    data, heard = wire.receive(20 * MS)
    assert data == first + imu + second + damaged
    assert heard.status is not None
    assert (heard.status.status_count, heard.imu, heard.gnss, heard.bad_frames) == (2, samples.IMU, None, 1)
    assert link.report(20 * MS).status_age_ns == 11 * MS
    assert wire.receive(40 * MS) == (b"", ControllerBatch())


def test_the_command_goes_first_and_the_hello_with_it() -> None:
    link = ControllerLink(OURS)
    command, hello = link.encode(drive(1), 20 * MS)
    assert command == FlailAdapter().encode(drive(1), 0)[0]
    assert hello == adapters.encode_hello(OURS, 0, adapters.HOST_COMPONENT_ID)
    assert len(link.encode(drive(2), 40 * MS)) == 1
    link.corrections(b"rtcm")
    assert not link.capabilities.corrections
