"""10 Mbit/s of garbage on the operator's port of the real vehicle program, while a signed console drives it.

`python benchmarks/garbage.py [--seconds 10] [--ordinary] [--json]`

Real processes: `flailpilot drive`, the C controller, the sender. Lateness comes from the vehicle's own recording: how
long after its 20 ms grid each tick began. `--ordinary` takes the real-time priority away, which a deployment has
(`configs/systemd`). Exit status 1 where p99.9 reaches 5 ms, memory grows by more than 2 MB, or the console that drove
before is not heard within 2 s of the end.
"""

import argparse
import asyncio
import itertools
import json
import os
import signal
import socket
import sys
import tempfile
from pathlib import Path

from mcap.reader import make_reader

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.controller_build import build_controller
from benchmarks.drive_rig import CLOCK, Bench, above_others, until
from benchmarks.roundtrip import resident_mb
from benchmarks.signed_rig import signed_bench
from campaign.sim_operator import Goal
from firmware_bridge.mavlink import codec
from firmware_bridge.mavlink.signature import key_of, sign
from firmware_bridge.mavlink.tables import SPEC_BY_NAME
from vehicle.contracts.messages import Mode
from vehicle.contracts.units import NS_PER_S, TICK_NS
from vehicle.host import realtime
from vehicle.records import recorded_tick

RATE_BPS = 10_000_000
BURST_NS = 2_000_000
LATENESS_MAX_MS, GROWTH_MAX_MB, RETURN_MAX_S = 5.0, 2.0, 2.0
HEARD_MS = 300
"""Younger than this the console's frames count for every motion and every act."""
KINDS = ("none", "random 1250", "random 64", "markers 1250", "half frames 1250", "forged", "forged packed")
Row = dict[str, float]


def datagrams(kind: str) -> list[bytes]:
    """A hundred different ones of a kind."""
    name, _, size = kind.rpartition(" ")
    if name == "random":
        return [os.urandom(int(size)) for _ in range(100)]
    if name == "markers":
        return [b"\xfd" * int(size)]
    if name == "half frames":  # headers that promise a frame which a checksum must be made for, 25 bytes apart
        head = bytes([0xFD, 255, 1, 0, 0, 250, 190]) + SPEC_BY_NAME["FLAIL_OPERATOR"].msg_id.to_bytes(3, "little")
        return [(head + os.urandom(15)) * (int(size) // 25)]
    spec = SPEC_BY_NAME["FLAIL_OPERATOR"]
    frames = [
        sign(codec.encode_fields(spec.name, {"sequence": n}, n & 255, 7, 190), spec.seed, key_of("guess"), 0, 2**46 + n)
        for n in range(100)
    ]
    return frames if kind == "forged" else [b"".join(frames[:20])]


def send(port: int, kind: str, seconds: float) -> None:
    """Keep the rate, in bursts of 2 ms; an ordinary process, whoever started it."""
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    held = datagrams(kind)
    channel = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    began_ns, sent_bits, number = CLOCK.now_ns(), 0, 0

    async def main() -> None:
        nonlocal sent_bits, number
        while (spent_ns := CLOCK.now_ns() - began_ns) < seconds * NS_PER_S:
            while sent_bits < RATE_BPS * spent_ns / NS_PER_S:
                channel.sendto(held[number % len(held)], ("127.0.0.1", port))
                sent_bits += 8 * len(held[number % len(held)])
                number += 1
            await CLOCK.sleep_until_ns(CLOCK.now_ns() + BURST_NS)

    asyncio.run(main())


def lateness_ms(recording: Path, from_ns: int, to_ns: int) -> list[float]:
    """How long after its grid each tick of a span began; a tick that was left out counts as late by its whole gap."""
    with recording.open("rb") as stream:
        times = [
            recorded_tick.decoded(message.data).t_ns
            for _, _, message in make_reader(stream).iter_messages(topics=["/tick"])
        ]
    middle_ns = times[len(times) // 2] + TICK_NS // 2
    phases = sorted((t_ns - middle_ns) % TICK_NS for t_ns in times)
    phase_ns = middle_ns + phases[len(phases) // 100]  # one in a hundred began earlier: the grid, nearly
    late: list[float] = []
    for before_ns, t_ns in itertools.pairwise(times):
        if from_ns <= t_ns < to_ns:
            after_grid_ns = (t_ns - phase_ns + 1_000_000) % TICK_NS - 1_000_000
            late.append(max(after_grid_ns, t_ns - before_ns - 3 * TICK_NS // 2) / 1e6)
    return late


def quantiles(values: list[float]) -> Row:
    """p50, p99, p99.9, p100."""
    ranked = sorted(values)
    shares = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999, "p100": 1.0}
    return {name: round(ranked[min(len(ranked) - 1, int(share * len(ranked)))], 3) for name, share in shares.items()}


def cpu_s(pid: int) -> float:
    """Time a process spent so far."""
    words = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


async def one_kind(rig: Bench, port: int, kind: str, seconds: float) -> tuple[Row, tuple[int, int]]:
    """Drive, pour, look."""
    assert rig.vehicle is not None
    pid = rig.vehicle.pid
    await driving(rig)
    before_mb, before_s = resident_mb(pid), cpu_s(pid)
    began_ns = CLOCK.now_ns()
    sender = None
    if kind != "none":
        command = [sys.executable, __file__, "--send", str(port), "--kind", kind, "--seconds", str(seconds)]
        sender = await asyncio.create_subprocess_exec(*command)
    driven = 0
    while CLOCK.now_ns() - began_ns < (seconds + 1.0) * NS_PER_S:
        await CLOCK.sleep_until_ns(CLOCK.now_ns() + 20_000_000)
        driven += rig.mode is Mode.MANUAL
    ended_ns = CLOCK.now_ns()
    share = (cpu_s(pid) - before_s) / ((ended_ns - began_ns) / NS_PER_S)
    if sender is not None:
        await sender.wait()
    left_ns = CLOCK.now_ns()
    echo = rig.hands.seen.tick if rig.hands.seen is not None else 0

    def heard() -> bool:
        seen = rig.hands.seen
        return seen is not None and seen.tick > echo and seen.operator_age_ms < HEARD_MS

    await until(heard, "the console's frames to count again")
    heard_s = (CLOCK.now_ns() - left_ns) / NS_PER_S
    reasons = rig.reasons
    await driving(rig)
    row = {
        "mb_grown": round(resident_mb(pid) - before_mb, 2),
        "cpu_percent": round(share * 100, 1),
        "driven_percent": round(driven / ((seconds + 1.0) * 50) * 100),
        "heard_again_s": round(heard_s, 2),
    }
    if reasons:
        print(kind, reasons, file=sys.stderr)
    return row, (began_ns + NS_PER_S // 2, ended_ns)


async def driving(rig: Bench) -> None:
    """The operator drives by stick; after a stop by the texts on the screen."""
    rig.hands.goal, rig.hands.drive = Goal.MANUAL, 0.2
    await until(lambda: rig.mode is Mode.MANUAL and rig.machine.speed_mps > 0.1, lambda: f"motion; {rig.diagnosis()}")


async def measure(kinds: tuple[str, ...], seconds: float, *, fifo: bool) -> dict[str, Row]:
    """All kinds on one vehicle program."""
    rows: dict[str, Row] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with signed_bench(folder, extra='[recorder]\nfolder = "runs"\n') as (rig, file, _):
            rig.start_vehicle()
            assert rig.vehicle is not None
            await rig.heard()
            if fifo:
                above_others(rig.vehicle.pid, 50)
            else:
                os.sched_setscheduler(rig.vehicle.pid, os.SCHED_OTHER, os.sched_param(0))
            spans: dict[str, tuple[int, int]] = {}
            for kind in kinds:
                rows[kind], spans[kind] = await one_kind(rig, file.config.operator.port, kind, seconds)
            rig.signal_vehicle(signal.SIGTERM)
            await until(lambda: rig.vehicle is None or rig.vehicle.poll() is not None, "the end of the program")
            recording = next((folder / "runs").glob("*.mcap"))
            for kind, (from_ns, to_ns) in spans.items():
                rows[kind] = {**quantiles(lateness_ms(recording, from_ns, to_ns)), **rows[kind]}
    return rows


def kept(row: Row) -> bool:
    """Within the budgets."""
    calm = row["p99.9"] < LATENESS_MAX_MS and row["mb_grown"] <= GROWTH_MAX_MB
    return calm and row["heard_again_s"] <= RETURN_MAX_S


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seconds", type=float, default=10.0)
    arguments.add_argument("--kind", action="append", choices=KINDS)
    arguments.add_argument("--ordinary", action="store_true")
    arguments.add_argument("--send", type=int, help=argparse.SUPPRESS)
    arguments.add_argument("--json", action="store_true")
    chosen = arguments.parse_args()
    if chosen.send:
        send(chosen.send, chosen.kind[0], chosen.seconds)
        return 0
    build_controller()
    above_others(os.getpid(), 10)  # the console and the plant, below the vehicle: the sender must not starve them
    kinds = tuple(chosen.kind or KINDS)
    with asyncio.Runner(loop_factory=realtime.new_loop) as runner:
        rows = runner.run(measure(kinds, chosen.seconds, fifo=not chosen.ordinary))
    if chosen.json:
        print(json.dumps(rows))
    else:
        print(f"tick lateness [ms] under 10 Mbit/s, {'ordinary' if chosen.ordinary else 'real-time'} priority")
        for kind, row in rows.items():
            print(f"{kind:18s} " + "  ".join(f"{name} {value}" for name, value in row.items()))
    return 0 if all(kept(row) for row in rows.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
