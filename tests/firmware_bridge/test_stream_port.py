"""Pacing: the newest command wins, a kill is never lost, a stop waits for one frame at most."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, cast

import msgspec
import pytest
from serialx import SerialException

from firmware_bridge.mavlink import adapters
from firmware_bridge.mavlink.command_adapters import command_rank, command_sequence
from firmware_bridge.ports import PortError
from firmware_bridge.stream_port import INBOX_MAX_BYTES, StreamPort
from firmware_bridge.types import EngineMode
from sim.virtual_time import run_virtual
from tests.firmware_bridge import samples

QUIET = msgspec.structs.replace(
    samples.COMMAND, kill=False, reset=False, track_left_mps=0.0, track_right_mps=0.0, rotor_speed_radps=0.0
)


def drive(sequence: int) -> bytes:
    return adapters.encode_command(
        msgspec.structs.replace(QUIET, sequence=sequence, track_left_mps=0.25, rotor_speed_radps=40.0), sequence
    )


def stop(sequence: int) -> bytes:
    return adapters.encode_command(msgspec.structs.replace(QUIET, sequence=sequence), sequence)


def kill(sequence: int) -> bytes:
    return adapters.encode_command(msgspec.structs.replace(QUIET, sequence=sequence, kill=True), sequence)


def hello(sequence: int) -> bytes:
    return adapters.encode_hello(samples.HELLO, sequence, 1)


class Uart:
    """A kernel that takes all it is given, and a line that drains at its own speed."""

    def __init__(self, now_ns: Callable[[], int], bytes_per_s: float) -> None:
        self.now_ns, self.ns_per_byte = now_ns, 1e9 / bytes_per_s
        self.free_ns = 0
        self.arrivals: list[tuple[int, bytes]] = []
        self.user_bytes = self.kernel_bytes = 0
        self.aborted = False

    def write(self, data: bytes) -> None:
        self.free_ns = max(self.free_ns, self.now_ns()) + int(len(data) * self.ns_per_byte)
        self.arrivals.append((self.free_ns, data))

    def get_write_buffer_size(self) -> int:
        return self.user_bytes

    def abort(self) -> None:
        self.aborted = True


class Rig:
    def __init__(self, clock: Any, bytes_per_s: float, paced: bool = True) -> None:
        self.clock = clock
        self.uarts: list[Uart] = []
        self.wires: list[asyncio.Protocol] = []
        self.absent = 0
        self.refusal: Exception | None = None
        self.silent = False
        self.rate = bytes_per_s
        self.port = StreamPort(
            "uart",
            self.connect,
            clock.now_ns,
            bytes_per_s if paced else None,
            backlog_bytes=lambda _transport: self.uarts[-1].kernel_bytes,
        )

    async def connect(self, wire: asyncio.Protocol) -> asyncio.Transport:
        if self.absent:
            self.absent -= 1
            raise self.refusal or FileNotFoundError("uart")
        if self.silent:
            self.silent = False
            await asyncio.Event().wait()
        self.uarts.append(Uart(self.clock.now_ns, self.rate))
        self.wires.append(wire)
        return cast("asyncio.Transport", self.uarts[-1])

    @property
    def sent(self) -> list[int | None]:
        return [command_sequence(frame) for _, frame in self.uarts[-1].arrivals]

    async def wait(self, ms: float) -> None:
        await self.clock.sleep_until_ns(self.clock.now_ns() + int(ms * 1e6))


def on_uart(scenario: Callable[[Rig], Coroutine[Any, Any, None]], baud: int = 115_200, paced: bool = True) -> None:
    async def main(clock: Any) -> None:
        rig = Rig(clock, baud / 10, paced)
        await rig.port.open()
        await scenario(rig)
        rig.port.close()

    run_virtual(main)


def test_ranks() -> None:
    assert [command_rank(frame) for frame in (kill(1), stop(1), drive(1), hello(1))] == [0, 1, 2, None]
    turning = msgspec.structs.replace(QUIET, rotor_speed_radps=1.0)
    assert command_rank(adapters.encode_command(turning, 1)) == 2
    for engine in EngineMode:
        asked = adapters.encode_command(msgspec.structs.replace(QUIET, engine=engine), 1)
        assert command_rank(asked) == (2 if engine is EngineMode.START else 1), "a stop is not dropped for the starter"
    assert [command_sequence(frame) for frame in (kill(7), drive(70_000), stop(0), hello(1))] == [7, 70_000, 0, None]


def test_a_fast_line_sends_each_at_once() -> None:
    async def scenario(rig: Rig) -> None:
        for n in range(1, 50):
            rig.port.write(drive(n))
            assert rig.sent == list(range(1, n + 1))
            await rig.wait(20)

    on_uart(scenario)


def test_on_a_slow_line_the_newest_wins_and_is_never_old() -> None:
    ages_ms: list[float] = []

    async def scenario(rig: Rig) -> None:
        for n in range(1, 500):
            rig.port.write(drive(n))
            await rig.wait(20)
        started = {n: (n - 1) * 20_000_000 for n in range(1, 500)}
        for arrived_ns, frame in rig.uarts[-1].arrivals:
            sequence = command_sequence(frame)
            assert sequence is not None
            ages_ms.append((arrived_ns - started[sequence]) / 1e6)
        assert rig.sent == sorted(rig.sent, key=lambda sequence: sequence or 0)
        assert rig.port.superseded_frames > 200

    on_uart(scenario, baud=9_600)
    # one frame under way (41 bytes, 43 ms) and the newest behind it
    assert max(ages_ms) <= 2 * 43.8
    assert len(ages_ms) > 200


@pytest.mark.parametrize("make", [stop, kill])
def test_a_stop_waits_for_one_frame_at_most(make: Callable[[int], bytes]) -> None:
    async def scenario(rig: Rig) -> None:
        for n in range(1, 20):
            rig.port.write(drive(n))
            rig.port.write(hello(n))
            await rig.wait(7)
        wanted_ns = rig.clock.now_ns()
        rig.port.write(make(99))
        for n in range(100, 140):
            rig.port.write(drive(n))
            rig.port.write(hello(n))
            await rig.wait(7)
        arrived_ns = next(at for at, frame in rig.uarts[-1].arrivals if command_sequence(frame) == 99)
        one_frame_ns = 42 * 10 / 9_600 * 1e9
        assert arrived_ns - wanted_ns <= one_frame_ns + len(make(99)) * 10 / 9_600 * 1e9
        after = rig.sent[rig.sent.index(99) + 1 :]
        assert all(sequence is None or sequence >= 100 for sequence in after), (
            "no drive from before the stop follows it"
        )

    on_uart(scenario, baud=9_600)


def test_what_is_more_urgent_survives_what_is_less() -> None:
    async def scenario(rig: Rig) -> None:
        rig.port.write(drive(1))
        for frame in (drive(2), kill(3), stop(4), drive(5), stop(6), drive(7), drive(8)):
            rig.port.write(frame)
        await rig.wait(1_000)
        assert rig.sent == [1, 3, 6, 8]
        assert rig.port.superseded_frames == 4
        rig.port.write(drive(9))
        for frame in (stop(10), drive(11), kill(12)):
            rig.port.write(frame)
        await rig.wait(1_000)
        assert rig.sent == [1, 3, 6, 8, 9, 12]

    on_uart(scenario, baud=9_600)


def test_other_frames_wait_behind_commands_the_newest_of_each_kind() -> None:
    async def scenario(rig: Rig) -> None:
        rig.port.write(hello(1))
        rig.port.write(hello(2))
        rig.port.write(hello(3))
        rig.port.write(drive(4))
        await rig.wait(1_000)
        frames = [frame for _, frame in rig.uarts[-1].arrivals]
        assert frames == [hello(1), drive(4), hello(3)]

    on_uart(scenario, baud=9_600)


@pytest.mark.parametrize("queue", ["user_bytes", "kernel_bytes"])
def test_a_line_that_stalls_holds_nothing_old(queue: str) -> None:
    async def scenario(rig: Rig) -> None:
        setattr(rig.uarts[-1], queue, 100)
        for n in range(1, 50):
            rig.port.write(drive(n))
            await rig.wait(20)
        assert rig.sent == []
        setattr(rig.uarts[-1], queue, 0)
        await rig.wait(2)
        assert rig.sent == [49]

    on_uart(scenario, paced=False)


def test_what_arrives_is_kept_with_its_time_and_bounded() -> None:
    async def scenario(rig: Rig) -> None:
        rig.wires[-1].data_received(b"one")
        await rig.wait(5)
        rig.wires[-1].data_received(b"two")
        assert rig.port.read_chunks() == [(0, b"one"), (5_000_000, b"two")]
        assert rig.port.read() == b""
        for n in range(200):
            rig.wires[-1].data_received(bytes([n]) * 1_000)
        held = rig.port.read()
        assert len(held) <= INBOX_MAX_BYTES
        assert held[-1] == 199
        assert rig.port.overrun_bytes + len(held) == 200_000

    on_uart(scenario)


def test_unplugged_and_plugged_in_again() -> None:
    async def scenario(rig: Rig) -> None:
        rig.port.write(drive(1))
        rig.port.write(drive(2))
        rig.absent = 3
        rig.wires[-1].connection_lost(OSError(5, "device gone"))
        assert not rig.port.connected
        assert "device gone" in rig.port.fault
        assert rig.uarts[-1].aborted
        rig.port.write(drive(3))
        assert rig.port.dropped_frames == 2
        await rig.wait(700)
        assert not rig.port.connected
        await rig.wait(400)
        assert rig.port.connected
        assert (rig.port.generation, rig.port.fault) == (2, "")
        rig.port.write(stop(4))
        await rig.wait(100)
        assert rig.sent == [4], "nothing from before the gap is ever sent"
        rig.wires[0].connection_lost(None)
        assert rig.port.connected, "a late word about the old connection is not about this one"

    on_uart(scenario, baud=9_600)


@pytest.mark.parametrize("refusal", [SerialException("busy"), EOFError(), ValueError("no rate")])
def test_whatever_the_driver_says_the_port_is_tried_again(refusal: Exception) -> None:
    """An error that is no `OSError` had ended the trials, until the program was started again."""

    async def scenario(rig: Rig) -> None:
        rig.absent, rig.refusal = 3, refusal
        rig.wires[-1].connection_lost(None)
        await rig.wait(700)
        assert not rig.port.connected
        assert rig.port.fault == f"uart: {refusal}" if str(refusal) else "no answer" in rig.port.fault
        await rig.wait(400)
        assert (rig.port.connected, rig.port.generation) == (True, 2)

    on_uart(scenario)


def test_a_host_that_does_not_answer_is_called_again() -> None:
    """A network adapter that is switched on again while the system still waits for its answer from before."""

    async def scenario(rig: Rig) -> None:
        rig.silent = True
        rig.wires[-1].connection_lost(None)
        await rig.wait(2_200)
        assert not rig.port.connected
        await rig.wait(400)
        assert (rig.port.connected, rig.port.generation) == (True, 2)

    on_uart(scenario)


def test_a_closed_port_is_an_error_and_does_not_come_back() -> None:
    async def scenario(rig: Rig) -> None:
        rig.wires[-1].connection_lost(None)
        rig.port.close()
        await rig.wait(2_000)
        assert len(rig.uarts) == 1
        with pytest.raises(PortError, match="uart: closed"):
            rig.port.read()
        with pytest.raises(PortError, match="uart: closed"):
            rig.port.write(stop(1))

    on_uart(scenario)
