"""Real terminals and sockets: opened by name, alone, lost and found again; and the words for what fails."""

import asyncio
import errno
import os
import pty
import subprocess
import tty
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from benchmarks.link_on_port import LinkOnPort
from firmware_bridge.mavlink import adapters
from firmware_bridge.mavlink.adapters import MessageReader
from firmware_bridge.ports import PortError
from firmware_bridge.serial_port import explain, open_port
from firmware_bridge.types import ControllerFlag, ControllerHello, ControllerState, ControllerStatus, GnssFix
from tests.firmware_bridge import samples
from tests.firmware_bridge.controller_bench import CONTROLLER, HASH, build
from tests.firmware_bridge.real_time import CLOCK, ControllerProcess, pause_ms, run, until

pytestmark = pytest.mark.real
OURS = ControllerHello(protocol_version=2, firmware_version=1, config_hash=HASH, watchdog_ms=0, boot_count=0)
QUIET = msgspec.structs.replace(
    samples.COMMAND, kill=False, reset=False, track_left_mps=0.0, track_right_mps=0.0, rotor_speed_radps=0.0
)


class Cable:
    """A pty: our program opens `path`, the test holds the other end."""

    def __init__(self) -> None:
        self.far, near = pty.openpty()
        tty.setraw(near)
        os.set_blocking(self.far, False)
        self.path = os.ttyname(near)
        os.close(near)

    def heard(self) -> bytes:
        try:
            return os.read(self.far, 65_536)
        except OSError:
            return b""

    def unplug(self) -> None:
        os.close(self.far)


def test_bytes_both_ways_on_a_terminal() -> None:
    async def main() -> None:
        cable = Cable()
        port = await open_port(cable.path, 115_200, CLOCK.now_ns)
        sent = adapters.encode_command(QUIET, 1)
        port.write(sent)
        heard = bytearray()
        await until(lambda: bool(heard.extend(cable.heard()) or heard == sent))
        os.write(cable.far, adapters.encode_status(samples.STATUS, 9))
        reader = MessageReader(adapters.HOST_DECODERS)
        messages: list[object] = []
        await until(lambda: bool(messages.extend(reader.feed(port.read())) or messages))
        assert messages == [samples.STATUS]
        port.close()

    run(main)


def test_every_byte_value_passes_a_terminal() -> None:
    async def main() -> None:
        cable = Cable()
        port = await open_port(cable.path, 115_200, CLOCK.now_ns)
        everything = bytes(range(256))
        os.write(cable.far, everything)
        held = bytearray()
        await until(lambda: bool(held.extend(port.read()) or len(held) >= 256))
        assert bytes(held) == everything
        port.close()

    run(main)


def test_a_second_program_is_refused() -> None:
    async def main() -> None:
        cable = Cable()
        port = await open_port(cable.path, 115_200, CLOCK.now_ns)
        with pytest.raises(PortError, match="in use by another program"):
            await open_port(cable.path, 115_200, CLOCK.now_ns)
        port.close()

    run(main)


def test_a_missing_device_is_told_with_those_there_are() -> None:
    async def main() -> None:
        with pytest.raises(PortError, match=r"/dev/ttyNOTHERE: no such device.*Serial devices seen"):
            await open_port("/dev/ttyNOTHERE", 115_200, CLOCK.now_ns)

    run(main)


def test_what_is_no_terminal_is_told(tmp_path: Path) -> None:
    async def main() -> None:
        plain = tmp_path / "plain"
        plain.write_bytes(b"")
        with pytest.raises(PortError, match="not a serial device"):
            await open_port(str(plain), 115_200, CLOCK.now_ns)

    run(main)


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (PermissionError(errno.EACCES, "no"), "add your user to the group"),
        (OSError(errno.EBUSY, "busy"), "in use by another program"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "no"), "nobody listens"),
        (TimeoutError(), "no answer within 2 s"),
        (ValueError("odd"), "cannot be opened: odd"),
    ],
)
def test_each_refusal_has_its_words(refusal: BaseException, words: str) -> None:
    assert words in explain("/dev/ttyX", refusal)
    assert "\n" not in explain("/dev/ttyX", refusal)


@pytest.mark.parametrize("scheme", ["tcp", "socket"])
def test_a_network_adapter_speaks_the_same(scheme: str) -> None:
    async def main() -> None:
        async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(await reader.readexactly(len(sent)))
            await writer.drain()
            writer.close()

        sent = adapters.encode_command(QUIET, 1)
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        place = server.sockets[0].getsockname()
        port = await open_port(f"{scheme}://127.0.0.1:{place[1]}", 115_200, CLOCK.now_ns)
        port.write(sent)
        held = bytearray()
        await until(lambda: bool(held.extend(port.read()) or len(held) >= len(sent)))
        assert bytes(held) == sent
        server.close()
        await until(lambda: not port.connected)
        port.close()
        with pytest.raises(PortError, match="nobody listens"):
            await open_port(f"{scheme}://127.0.0.1:{place[1]}", 115_200, CLOCK.now_ns)

    run(main)


def test_a_bad_address_is_told() -> None:
    async def main() -> None:
        with pytest.raises(PortError, match="write tcp://HOST:PORT"):
            await open_port("tcp://nowhere", 115_200, CLOCK.now_ns)

    run(main)


def test_unplug_and_replug_under_the_same_name(tmp_path: Path) -> None:
    async def main() -> None:
        name = tmp_path / "controller"
        first = Cable()
        name.symlink_to(first.path)
        port = await open_port(str(name), 115_200, CLOCK.now_ns)
        first.unplug()
        await until(lambda: not port.connected)
        assert "lost" in port.fault
        port.write(adapters.encode_command(QUIET, 1))
        assert port.dropped_frames == 1
        name.unlink()
        second = Cable()
        name.symlink_to(second.path)
        await until(lambda: port.connected)
        assert port.generation == 2
        port.write(adapters.encode_command(QUIET, 2))
        heard = bytearray()
        await until(lambda: bool(heard.extend(second.heard()) or heard))
        assert bytes(heard) == adapters.encode_command(QUIET, 2)
        port.close()

    run(main)


async def drive(
    link: LinkOnPort, sequence: int, speed_mps: float, holds: Callable[[list[ControllerStatus]], bool]
) -> tuple[int, list[ControllerStatus]]:
    """Fifty commands a second until that holds of the statuses heard; gives the next sequence and these.

    A busy machine may be late with one, and the lease ends: it runs again, brakes on, by the next.
    """
    reader = MessageReader(adapters.HOST_DECODERS)
    heard: list[ControllerStatus] = []
    for _ in range(2_000):
        sequence += 1
        command = msgspec.structs.replace(
            QUIET,
            sequence=sequence,
            brake=False,
            track_left_mps=speed_mps,
            track_right_mps=speed_mps,
            controller_time_ms=heard[-1].time_ms if heard else 0,
        )
        link.send(command)
        await pause_ms(20)
        heard += [m for m in reader.feed(link.read()) if isinstance(m, ControllerStatus)]
        if holds(heard):
            return sequence, heard
    raise AssertionError(f"it never held; heard at last: {heard[-1:]}")


def runs(heard: list[ControllerStatus]) -> bool:
    return bool(heard) and heard[-1].state is ControllerState.RUN


def safe(heard: list[ControllerStatus], sequence: int) -> bool:
    """It has had that command, and is safe."""
    return bool(heard) and heard[-1].state is ControllerState.SAFE and heard[-1].command_sequence >= sequence


async def until_agreed(link: LinkOnPort) -> None:
    await until(lambda: bool(link.read() or link.agreed))


async def drive_until(link: LinkOnPort, applied_mps: float) -> ControllerStatus:
    """Neutral until it runs (again), then drive, until that speed is applied: a busy machine may miss a lease."""
    reader = MessageReader(adapters.HOST_DECODERS)
    newest: list[ControllerStatus] = []
    for sequence in range(100, 2_000):
        running = bool(newest) and newest[-1].state is ControllerState.RUN
        speed_mps = applied_mps if running else 0.0
        stamp_ms = newest[-1].time_ms if newest else 0
        command = msgspec.structs.replace(
            QUIET, sequence=sequence, brake=False, track_left_mps=speed_mps, controller_time_ms=stamp_ms
        )
        link.send(command)
        await pause_ms(20)
        newest += [m for m in reader.feed(link.read()) if isinstance(m, ControllerStatus)]
        if newest and newest[-1].applied_left_mps == pytest.approx(applied_mps):
            return newest[-1]
    raise AssertionError("that speed was never applied")


def test_the_c_controller_on_a_pty_from_hello_to_silence() -> None:
    async def main() -> None:
        controller = ControllerProcess()
        port = await open_port(controller.path, 115_200, CLOCK.now_ns)
        link = LinkOnPort(port, OURS, CLOCK.now_ns)
        await until_agreed(link)
        status = await drive_until(link, 0.25)
        assert status.state is ControllerState.RUN
        report = link.report()
        assert report.round_trip_p50_ns is not None
        assert report.clock is not None
        assert report.bad_frames == 0
        # silence: the controller stops by itself
        reader = MessageReader(adapters.HOST_DECODERS)
        statuses = [status]
        await until(
            lambda: bool(
                statuses.extend(m for m in reader.feed(link.read()) if isinstance(m, ControllerStatus))
                or ControllerFlag.BRAKE_ON in statuses[-1].flags
            )
        )
        assert statuses[-1].state is ControllerState.SAFE
        assert ControllerFlag.LEASE_EXPIRED in statuses[-1].flags
        assert statuses[-1].applied_left_mps == 0.0
        controller.kill()
        port.close()

    run(main)


def test_a_restarted_controller_is_found_and_greeted_again(tmp_path: Path) -> None:
    async def main() -> None:
        name = tmp_path / "controller"
        controller = ControllerProcess(boot_count=1, link=name)
        port = await open_port(str(name), 115_200, CLOCK.now_ns)
        link = LinkOnPort(port, OURS, CLOCK.now_ns)
        await until_agreed(link)
        sequence, _ = await drive(link, 0, 0.0, runs)
        controller.kill()
        await until(lambda: not port.connected)
        controller = ControllerProcess(boot_count=2, link=name)
        await until(lambda: port.connected)
        await until(lambda: bool(link.read() or link.report().restarts == 1))
        await until_agreed(link)
        _, heard = await drive(link, sequence, 0.25, lambda heard: safe(heard, sequence + 30))
        assert not any(status.state is ControllerState.RUN for status in heard), "not driven on without neutral"
        controller.kill()
        port.close()

    run(main)


def test_another_configuration_is_refused_by_both() -> None:
    async def main() -> None:
        controller = ControllerProcess(config_hash=b"someelse")
        port = await open_port(controller.path, 115_200, CLOCK.now_ns)
        link = LinkOnPort(port, OURS, CLOCK.now_ns)
        await until(lambda: bool(link.read() or link.report().differences))
        (line,) = link.report().differences
        assert b"someelse".hex() in line
        assert HASH.hex() in line
        _, heard = await drive(link, 0, 0.0, lambda heard: len(heard) >= 20)
        assert {status.state for status in heard} == {ControllerState.BOOT}
        controller.kill()
        port.close()

    run(main)


def test_a_plant_behind_the_controller_is_measured_and_moved() -> None:
    async def main() -> None:
        controller = ControllerProcess(plant=True)
        process = controller.process
        assert process.stdin is not None
        assert process.stdout is not None
        measured = "I 0.125 -0.25 40.5 900 -0.1 0.15 0.01 190 0.5 2e7 60 80 25.5 1 1 0 1 0 1 0 18.5\n"
        process.stdin.write(measured + "F " + adapters.encode_imu(samples.IMU, 7).hex() + "\n" + "nonsense\n")
        process.stdin.flush()
        port = await open_port(controller.path, 115_200, CLOCK.now_ns)
        link = LinkOnPort(port, OURS, CLOCK.now_ns)
        reader = MessageReader(adapters.HOST_DECODERS)
        heard: list[object] = []
        await until(lambda: bool(heard.extend(reader.feed(link.read())) or (link.agreed and len(heard) > 3)))
        process.stdin.write("F " + adapters.encode_gnss(samples.GNSS, 8).hex() + "\n")
        process.stdin.flush()
        await until(lambda: bool(heard.extend(reader.feed(link.read())) or samples.GNSS.lat_deg in lats(heard)))
        status = next(m for m in reversed(heard) if isinstance(m, ControllerStatus))
        assert (status.track_left_mps, status.track_right_mps, status.rotor_speed_radps) == (0.125, -0.25, 40.5)
        assert status.depth_datum == 1
        assert ControllerFlag.SHOCK in status.flags
        assert status.shock_peak_g == 18.5
        outputs = process.stdout.readline().split()
        assert outputs[0] == "O"
        assert len(outputs) == 13
        process.stdin.close()
        assert process.wait(timeout=120) == 0, "without its plant it ends"
        process.stdout.close()
        port.close()

    run(main)


def lats(heard: list[object]) -> list[float]:
    return [message.lat_deg for message in heard if isinstance(message, GnssFix)]


def test_the_host_build_refuses_nonsense() -> None:
    build()
    program = str(CONTROLLER / "build" / "flail_controller")
    for arguments in ([], ["pty"], ["pty", "0102"], ["/dev/ttyNOTHERE", HASH.hex()]):
        refused = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=120, check=False)
        assert refused.returncode == 2
        assert refused.stderr.count("\n") == 1
