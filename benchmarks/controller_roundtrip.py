"""Command -> applied set-point over a pty, the C controller as a process: `python benchmarks/controller_roundtrip.py`.

Fifty commands a second, each with a new set-point inside the ramp's reach; the answer to a command shows the set-point
that it brought about. Measured from the call that writes the command to the arrival of that answer, with what the UART
itself would take at the given baud rate printed beside it (a pty has no bit clock). Both processes run SCHED_FIFO where
that is allowed, as the vehicle program does; without it, a busy machine measures its neighbours.
"""

import argparse
import asyncio
import json
import os
import selectors
import subprocess
import sys
from pathlib import Path

from benchmarks.link_on_port import LinkOnPort
from firmware_bridge.command import ActuatorCommand
from firmware_bridge.mavlink import adapters
from firmware_bridge.mavlink.adapters import MessageReader
from firmware_bridge.serial_port import open_port
from firmware_bridge.types import ControllerHello, ControllerStatus, EngineMode, ToolMode
from vehicle.host.clock import SystemClock

CONTROLLER = Path(__file__).resolve().parents[1] / "firmware_bridge" / "controller"
HASH = bytes(range(8))
PERIOD_NS = 20_000_000
OURS = ControllerHello(protocol_version=2, firmware_version=1, config_hash=HASH, watchdog_ms=0, boot_count=0)


def command(sequence: int, speed_mps: float, stamp_ms: int) -> ActuatorCommand:
    """A straight drive; `stamp_ms` is the newest that the controller's clock is known to show."""
    return ActuatorCommand(
        sequence=sequence,
        tick=sequence,
        valid_for_ms=150,
        track_left_mps=speed_mps,
        track_right_mps=speed_mps,
        rotor_speed_radps=0.0,
        tool_mode=ToolMode.HOLD,
        tool_value_m=0.0,
        engine=EngineMode.WORK,
        brake=False,
        controller_time_ms=stamp_ms,
    )


async def measure(path: str, count: int, baud: int) -> dict[str, float]:
    """Drive, and keep the time to each answer whose applied set-point moved."""
    clock = SystemClock()
    port = await open_port(path, baud, clock.now_ns)
    link = LinkOnPort(port, OURS, clock.now_ns)
    reader = MessageReader(adapters.HOST_DECODERS)
    sent_ns: dict[int, int] = {}
    applied_ns: list[int] = []
    last_mps, deadline_ns, stamp_ms = 0.0, clock.now_ns(), 0
    for sequence in range(1, count + 51):
        # one second of neutral, then up and down without end: every command changes what is applied
        speed_mps = 0.0 if sequence <= 50 else 0.3 if sequence // 25 % 2 else -0.3
        sent_ns[sequence] = clock.now_ns()
        link.send(command(sequence, speed_mps, stamp_ms))
        deadline_ns += PERIOD_NS
        while clock.now_ns() < deadline_ns:
            await clock.sleep_until_ns(min(deadline_ns, clock.now_ns() + 500_000))
            arrived = link.read()
            now_ns = clock.now_ns()
            for status in (m for m in reader.feed(arrived) if isinstance(m, ControllerStatus)):
                begun_ns = sent_ns.pop(status.command_sequence, None)
                if begun_ns is not None and status.applied_left_mps != last_mps:
                    applied_ns.append(now_ns - begun_ns)
                last_mps, stamp_ms = status.applied_left_mps, status.time_ms
    ranked = sorted(applied_ns)
    report = link.report()
    port.close()
    bits = 10e3 * (len(adapters.encode_command(command(99_999, 0.3, 1), 1)) + 100) / baud
    return {
        "answers": len(ranked),
        "p50_ms": ranked[len(ranked) // 2] / 1e6,
        "p99_ms": ranked[int(0.99 * len(ranked))] / 1e6,
        "p100_ms": ranked[-1] / 1e6,
        "bits_ms": bits,
        "p99_with_bits_ms": ranked[int(0.99 * len(ranked))] / 1e6 + bits,
        "link_p50": (report.round_trip_p50_ns or 0) / 1e6,
        "link_p99": (report.round_trip_p99_ns or 0) / 1e6,
        "lost_ratio": report.loss_ratio,
        "bad_frames": report.bad_frames,
    }


def real_time(pid: int) -> bool:
    """Above all ordinary work, where the system allows it."""
    try:
        os.sched_setscheduler(pid, os.SCHED_FIFO, os.sched_param(20))
    except PermissionError:
        return False
    return True


def main() -> int:
    """Print the figures; exit 1 where p99 is above 15 ms."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--count", type=int, default=1_500, help="commands")
    arguments.add_argument("--baud", type=int, default=115_200)
    arguments.add_argument("--json", action="store_true")
    chosen = arguments.parse_args()
    subprocess.run(["make", "--silent", "-C", str(CONTROLLER), f"PYTHON={sys.executable}"], check=True)  # noqa: S603, S607
    process = subprocess.Popen(  # noqa: S603
        [str(CONTROLLER / "build" / "flail_controller"), "pty", HASH.hex()], stdout=subprocess.PIPE, text=True
    )
    if process.stdout is None:
        return 1
    above_others = real_time(process.pid) and real_time(0)
    try:
        with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector())) as runner:
            figures = runner.run(measure(process.stdout.readline().split()[1], chosen.count, chosen.baud))
    finally:
        process.kill()
    figures["fifo"] = above_others
    print(
        json.dumps(figures) if chosen.json else "\n".join(f"{name:20s} {value:9.3f}" for name, value in figures.items())
    )
    return 0 if figures["p99_ms"] <= 15.0 and figures["answers"] > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
