"""Processor time of `flailpilot drive` at 50 Hz: `python benchmarks/drive_cost.py [--beside CHECKOUT]`.

Everything is real but the machine: the C controller on a pty, recorder and telemetry on (a broker beside), and

  idle      disarmed, nobody on the operators' wire
  console   disarmed, an operator's console sends 20 frames a second
  motion    driven by stick with the rotor on

Milliseconds of the program's own processor time for each second of 50 ticks; by thread too. With `--beside` the program
of another checkout, which has a `.venv` of its own, takes turns with this one on the same core, and the ratios are
printed. No part of CI: it takes real time.
"""

import argparse
import asyncio
import json
import selectors
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CASES = ("idle", "console", "motion")
SETTLE_S = 2.0
TICKS_A_SECOND = 50.0


def thread_ms(pid: int) -> dict[str, float]:
    """Processor time so far of each thread of a process [ms]; threads of one name are added up."""
    found: dict[str, float] = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            spent_ms, name = int((task / "schedstat").read_text().split()[0]) / 1e6, (task / "comm").read_text().strip()
        except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            continue
        name = "main" if task.name == str(pid) else name
        found[name] = found.get(name, 0.0) + spent_ms
    return found


def idle(now_ns: int) -> None:
    """Hands that do nothing."""
    del now_ns


async def measured(case: str, seconds: float, folder: Path) -> dict[str, float]:
    """Of one start of the program of the checkout that is first on the path."""
    from benchmarks.drive_rig import CLOCK, bench, until  # noqa: PLC0415 (of the checkout that is measured)
    from vehicle.telemetry.embedded import EmbeddedBroker  # noqa: PLC0415

    async def pause(wait_s: float) -> None:
        end_ns = CLOCK.now_ns() + round(wait_s * 1e9)
        await until(lambda: CLOCK.now_ns() >= end_ns, "the time to pass", wait_s + 30.0)

    with EmbeddedBroker() as broker:
        extra = f'[recorder]\nfolder = "runs"\n\n[telemetry]\nport = {broker.port}\n'
        async with bench(folder, extra=extra) as rig:
            rig.start_vehicle()
            await rig.heard()
            assert rig.vehicle is not None
            if case == "motion":
                await rig.in_motion()
            await pause(SETTLE_S)
            console = rig.hands.step
            if case == "idle":
                rig.hands.step = idle  # type: ignore[method-assign]
                await pause(SETTLE_S)
            before, began_ns = thread_ms(rig.vehicle.pid), CLOCK.now_ns()
            await pause(seconds)
            after, took_s = thread_ms(rig.vehicle.pid), (CLOCK.now_ns() - began_ns) / 1e9
            assert rig.vehicle.poll() is None, rig.diagnosis()
            rig.hands.step = console  # type: ignore[method-assign]
    spent = {name: (total - before.get(name, 0.0)) / took_s for name, total in after.items()}
    main_ms, others_ms = spent.pop("main"), sum(spent.values())
    return {f"{case} ms/s": main_ms + others_ms, f"{case}, main thread": main_ms, f"{case}, others": others_ms}


async def all_measured(cases: list[str], seconds: float) -> dict[str, float]:
    """Each case with a program of its own."""
    found: dict[str, float] = {}
    for case in cases:
        with tempfile.TemporaryDirectory() as folder:
            found |= await measured(case, seconds, Path(folder))
    return found


def child(options: Any) -> int:
    """One turn, in an interpreter of the checkout that is measured."""
    sys.path[0] = options.root
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector())) as runner:
        print(json.dumps(runner.run(all_measured(options.cases, options.seconds))))
    return 0


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--beside", type=Path, help="another checkout")
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--seconds", type=float, default=10.0, help="of each turn of each case")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--core", type=int, default=None, help="run all on this core")
    parser.add_argument("--root", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.root:
        return child(options)
    sys.path.insert(0, str(ROOT))
    from benchmarks.turns import built, in_turns, python_of, table  # noqa: PLC0415

    for checkout in (ROOT, options.beside):
        if checkout is not None:
            built(checkout)

    def command(checkout: Path) -> list[str]:
        own = ["--root", str(checkout), "--seconds", str(options.seconds), "--cases", *options.cases]
        return [python_of(checkout), __file__, *own]

    beside = options.beside.resolve() if options.beside is not None else None
    ours, theirs = in_turns(command, beside, options.rounds, options.core)
    print("\n".join(table(ours, theirs)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
