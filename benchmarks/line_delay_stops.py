"""Stops with real processes over a controller's line that is slow both ways: the C controller behind a pty or TCP.

`python benchmarks/line_delay_stops.py [--trials 20] [--delay-ms 0 40 80] [--by pty tcp]`. The operator falls silent in
motion; counted from the creation of the last frame to the step in which the controller takes the rotor's drive away.
Exit status 1 where one took longer than 500 ms. `load`: of the computer, over the last five minutes.
"""

import argparse
import asyncio
import contextlib
import os
import pty
import sys
import tempfile
import tty
from collections import deque
from collections.abc import AsyncIterator, Callable
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.controller_build import build_controller
from benchmarks.drive_rig import CLOCK, Bench, above_others, bench_of, until, write_config
from benchmarks.ports import free_port
from campaign.sim_operator import Goal
from vehicle.config.drive import load_drive
from vehicle.contracts.messages import Mode
from vehicle.contracts.units import NS_PER_MS
from vehicle.host import realtime

STICK = 1.0
"""With the rotor on that is working speed, below 0.3 m/s."""
LATE_MS = 500.0


class Way:
    """One direction: bytes in order, each handed on so much later."""

    def __init__(self, delay_ms: float, hand_on: Callable[[bytes], None]) -> None:
        self._delay_s, self._hand_on = delay_ms / 1e3, hand_on
        self._held: deque[bytes] = deque()

    def take(self, data: bytes) -> None:
        """From the near side."""
        self._held.append(data)
        asyncio.get_running_loop().call_later(self._delay_s, lambda: self._hand_on(self._held.popleft()))


def put(descriptor: int, data: bytes) -> None:
    """Write what it takes; a full line loses the rest, as a UART does."""
    with contextlib.suppress(OSError):
        os.write(descriptor, data)


@contextlib.asynccontextmanager
async def slow_line(controller: Path, by: str, delay_ms: float) -> AsyncIterator[str]:
    """The controller's pty behind a slow line; gives what the vehicle program opens."""
    loop = asyncio.get_running_loop()
    far = os.open(controller, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    tty.setraw(far)
    down = Way(delay_ms, lambda data: put(far, data))
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(os.close, far)
        if by == "pty":
            near, device = pty.openpty()
            tty.setraw(device)
            os.set_blocking(near, False)
            stack.callback(os.close, near)
            stack.callback(os.close, device)
            up = Way(delay_ms, lambda data: put(near, data))
            loop.add_reader(near, lambda: down.take(os.read(near, 4096)))
            stack.callback(loop.remove_reader, near)
            name = os.ttyname(device)
        else:
            writers: list[asyncio.StreamWriter] = []

            async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                writers.append(writer)
                while data := await reader.read(4096):
                    down.take(data)

            def forward(data: bytes) -> None:
                for writer in writers:
                    writer.write(data)

            number = free_port()
            server = await asyncio.start_server(serve, "127.0.0.1", number)
            stack.callback(server.close)
            up = Way(delay_ms, forward)
            name = f"{by}://127.0.0.1:{number}"
        loop.add_reader(far, lambda: up.take(os.read(far, 4096)))
        stack.callback(loop.remove_reader, far)
        yield name


async def stop_ms(rig: Bench) -> float:
    """One stop by silence."""
    hands, machine = rig.hands, rig.machine
    hands.silent = False
    hands.goal, hands.drive, hands.rotor = Goal.MANUAL, STICK, True

    def moves() -> bool:
        return rig.mode is Mode.MANUAL and machine.outputs.rotor_radps > 5.0 and machine.speed_mps > 0.15

    await until(moves, "motion with the rotor on")
    await CLOCK.sleep_until_ns(CLOCK.now_ns() + 500 * NS_PER_MS)
    hands.silent = True
    created_ms = max(hands.created_ns.values()) // NS_PER_MS
    await until(lambda: machine.outputs.rotor_radps == 0.0, "the rotor's drive gone")
    stopped_ms = next(out.t_ms for out in machine.history if out.t_ms > created_ms and out.rotor_radps == 0.0)
    hands.silent = False
    await rig.at_rest()
    return float(stopped_ms - created_ms)


async def trials(by: str, delay_ms: float, count: int) -> list[float]:
    """A bench of its own for each line."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        path = write_config(folder, udp_port=free_port())
        async with (
            bench_of(folder, load_drive(path)) as rig,
            slow_line(folder / "controller", by, delay_ms) as name,
        ):
            path.write_text(path.read_text().replace(f'port = "{folder / "controller"}"', f'port = "{name}"'))
            rig.start_vehicle()
            await rig.heard()
            return [await stop_ms(rig) for _ in range(count)]


def main() -> int:
    """Run them; 1 where one was late."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--trials", type=int, default=20)
    options.add_argument("--delay-ms", type=float, nargs="+", default=[0.0, 40.0, 80.0])
    options.add_argument("--by", nargs="+", default=["pty", "tcp"])
    chosen = options.parse_args()
    build_controller()
    above_others(os.getpid(), 10)  # below the vehicle, above ordinary work
    late = 0
    for by in chosen.by:
        for delay_ms in chosen.delay_ms:
            with asyncio.Runner(loop_factory=realtime.new_loop) as runner:
                found = sorted(runner.run(trials(by, delay_ms, chosen.trials)))
            late += sum(latency_ms > LATE_MS for latency_ms in found)
            middle = found[len(found) // 2]
            sys.stdout.write(
                f"{by}, {delay_ms:g} ms each way: {len(found)} stops, p50 {middle:.0f}, p100 {found[-1]:.0f} ms, "
                f"load {os.getloadavg()[1]:.0f}\n"
            )
            sys.stdout.flush()
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
