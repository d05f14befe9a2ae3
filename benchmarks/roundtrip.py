"""The vehicle program in figures, printed beside their budgets: `python benchmarks/roundtrip.py`.

  lateness      50 Hz against an ideal grid, each variant in a process of its own, one after another in one run: stock
                asyncio, this program's loop, and both with SCHED_FIFO
  start         from the start of `flailpilot drive` to its first report at an operator that was waiting
  memory        resident, ten seconds after the start, disarmed
  round trip    of the last 512 commands of manual driving: from the write to the arrival of the answer, which shows the
                set-point as applied, in the running program's own link

`benchmarks/controller_roundtrip.py` has the round trip without the vehicle program, to the microsecond.
"""

import argparse
import asyncio
import json
import math
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.controller_build import build_controller
from benchmarks.drive_rig import CLOCK, Bench, bench, until
from vehicle.contracts.units import TICK_NS
from vehicle.host import realtime

START_MAX_S, MEMORY_MAX_MB, ROUND_TRIP_MAX_MS = 3.0, 150.0, 15.0
Row = dict[str, float]


def quantiles(values: Sequence[float]) -> Row:
    """p50, p99, p100 by nearest rank."""
    ranked = sorted(values)
    ranks = {"p50": 0.5, "p99": 0.99, "p100": 1.0}
    return {name: round(ranked[max(0, math.ceil(q * len(ranked)) - 1)], 3) for name, q in ranks.items()}


async def lateness_us(ticks: int) -> list[float]:
    """How late each tick of an absolute 20 ms grid begins."""
    late: list[float] = []
    deadline_ns = CLOCK.now_ns() + TICK_NS
    for _ in range(ticks):
        await CLOCK.sleep_until_ns(deadline_ns)
        late.append((CLOCK.now_ns() - deadline_ns) / 1e3)
        deadline_ns += TICK_NS
    return late


LOOPS: dict[str, tuple[Callable[[], asyncio.AbstractEventLoop], bool]] = {
    "stock asyncio": (asyncio.new_event_loop, False),
    "stock asyncio, FIFO": (asyncio.new_event_loop, True),
    "this loop": (realtime.new_loop, False),
    "this loop, FIFO": (realtime.new_loop, True),
}


def one_loop(name: str, ticks: int) -> Row | None:
    """In this process; None where FIFO is not allowed."""
    factory, fifo = LOOPS[name]
    if fifo and not realtime.claim_fifo():
        return None
    with asyncio.Runner(loop_factory=factory) as runner:
        return quantiles(runner.run(lateness_us(ticks)))


def all_loops(ticks: int) -> dict[str, Row | None]:
    """Each variant in a process of its own."""
    found: dict[str, Row | None] = {}
    for name in LOOPS:
        command = [sys.executable, __file__, "--ticks", str(ticks), "--loop", name]
        found[name] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # noqa: S603
    return found


def resident_mb(pid: int) -> float:
    """Resident memory of a process."""
    row = next(row for row in Path(f"/proc/{pid}/status").read_text().splitlines() if row.startswith("VmRSS"))
    return int(row.split()[1]) / 1e3


async def program(starts: int, drive_s: float) -> dict[str, Any]:
    """Start it, weigh it, drive with it."""
    with tempfile.TemporaryDirectory() as folder:
        async with bench(Path(folder), extra="[telemetry]\nport = 1\n") as rig:
            start_s: list[float] = []
            for number in range(starts):
                rig.start_vehicle()
                await rig.heard()
                assert rig.port.heard_ns is not None
                start_s.append((rig.port.heard_ns - rig.started_ns) / 1e9)
                if number < starts - 1:
                    rig.signal_vehicle(signal.SIGKILL)
            rest_ns = CLOCK.now_ns() + 10_000_000_000
            await until(lambda: CLOCK.now_ns() >= rest_ns, "ten seconds at rest")
            assert rig.vehicle is not None
            memory_mb = resident_mb(rig.vehicle.pid)
            trips = await round_trip(rig, drive_s)
            return {"start_s": quantiles(start_s), "memory_mb": memory_mb, "round_trip_ms": trips}


async def round_trip(rig: Bench, drive_s: float) -> Row:
    """Drive by stick, end the program as systemd would, and read the figures of its own link from its last words."""
    await rig.in_motion()
    end_ns = CLOCK.now_ns() + round(drive_s * 1e9)
    await until(lambda: CLOCK.now_ns() >= end_ns, "the drive", drive_s + 5.0)
    assert rig.vehicle is not None
    rig.signal_vehicle(signal.SIGTERM)
    await until(lambda: rig.vehicle is None or rig.vehicle.poll() is not None, "the end of the program")
    line = next(line for line in reversed(rig.log.read_text().splitlines()) if "round trip" in line)
    figures = re.findall(r"(p\d+) ([0-9.]+) ms", line)
    return {name: float(value) for name, value in figures}


def judged(found: dict[str, Any], loops: dict[str, Row | None]) -> bool:
    """Budgets of the program; of lateness, that ours with FIFO is a tenth and a fifth of stock asyncio."""
    kept = (
        found["start_s"]["p50"] <= START_MAX_S  # the others hold what else this computer did
        and found["memory_mb"] <= MEMORY_MAX_MB
        and found["round_trip_ms"]["p99"] <= ROUND_TRIP_MAX_MS
    )
    ours, stock = loops["this loop, FIFO"], loops["stock asyncio"]
    if ours is None or stock is None:
        return bool(kept)
    return bool(kept and ours["p50"] <= stock["p50"] / 10 and ours["p99"] <= stock["p99"] / 5)


def main() -> int:
    """Print the figures; exit 1 where a budget is not kept."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--ticks", type=int, default=700, help="ticks for each loop; 700 are 14 s")
    arguments.add_argument("--starts", type=int, default=5)
    arguments.add_argument("--drive", type=float, default=11.0, help="seconds; the link keeps 512 round trips")
    arguments.add_argument("--loop", choices=list(LOOPS), help=argparse.SUPPRESS)
    arguments.add_argument("--json", action="store_true")
    chosen = arguments.parse_args()
    if chosen.loop:
        print(json.dumps(one_loop(chosen.loop, chosen.ticks)))
        return 0
    build_controller()
    loops = all_loops(chosen.ticks)
    with asyncio.Runner(loop_factory=realtime.new_loop) as runner:
        found = runner.run(program(chosen.starts, chosen.drive))
    if chosen.json:
        print(json.dumps({"lateness_us": loops, **found}))
    else:
        for name, row in loops.items():
            print(f"lateness [us]  {name:22s} {row}")
        print(f"start [s]      {found['start_s']}  budget {START_MAX_S}")
        print(f"memory [MB]    {found['memory_mb']:.1f}  budget {MEMORY_MAX_MB}")
        print(f"round trip [ms] {found['round_trip_ms']}  budget p99 {ROUND_TRIP_MAX_MS}")
    return 0 if judged(found, loops) else 1


if __name__ == "__main__":
    sys.exit(main())
