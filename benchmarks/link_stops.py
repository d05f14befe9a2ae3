"""Stop latency over the operator link: eight shapes of a failing radio and two recorded links.

`python benchmarks/link_stops.py [--trials 1000] [--jobs 2]`     virtual time, the whole stack
`python benchmarks/link_stops.py --real --trials 50`             real processes, real sockets; 7 s a trial

Both take `--shape NAME`, `--json`, and `--first N` to go on where an earlier run was stopped.

From the creation of the last operator's frame that could count to the start of the ramp at the controller. In virtual
time that frame is the one that the gate held in force. With real processes (`flailpilot drive`, the C controller, a
signed console, and the fault proxy between) it is the newest that the proxy handed over whole and younger than the
vehicle allows. Exit status 1 where one trial took longer than 500 ms or broke an invariant.
"""

import argparse
import asyncio
import functools
import json
import os
import sys
import tempfile
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.controller_build import build_controller
from benchmarks.drive_rig import ROOT, above_others
from benchmarks.real_stops import real_trials
from benchmarks.trials import link_traces
from benchmarks.trials.link_shapes import SHAPES, Shape, recorded
from benchmarks.trials.link_trials import is_late, run_trial
from benchmarks.trials.linked_scenario import Stop
from vehicle.host import realtime

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

TRACES = ("cicv5g_south_n8_v10_01.txt", "mahimahi_ATT-LTE-driving-2016.up")
FOLDER = ROOT.parent / "shared/data/link"
CHUNK = 10


@functools.cache
def shapes(folder: Path) -> dict[str, Shape]:
    """The eight of the catalogue and the two recordings."""
    return {**SHAPES, **{f"trace {name}": recorded(link_traces.load(folder / name)) for name in TRACES}}


def _one(name: str, seed: int, folder: Path) -> Stop:
    return run_trial(name, shapes(folder)[name], seed)


def virtual(names: list[str], trials: range, jobs: int, folder: Path) -> list[Stop]:
    """So many of each shape, spread over processes."""
    work = [(name, seed, folder) for name in names for seed in trials]
    with ProcessPoolExecutor(jobs) as pool:
        return list(pool.map(_one, *zip(*work, strict=True), chunksize=CHUNK))


def real(names: list[str], trials: range, folder: Path) -> list[Stop]:
    """One bench, trial after trial; this process below the vehicle and above ordinary work."""
    build_controller()
    above_others(os.getpid(), 10)
    chosen = {name: shape for name, shape in shapes(folder).items() if name in names}
    with tempfile.TemporaryDirectory() as place, asyncio.Runner(loop_factory=realtime.new_loop) as runner:
        return runner.run(real_trials(Path(place), chosen, trials, _told))


def _told(stop: Stop) -> None:
    sys.stderr.write(f"{stop.shape}: {stop.latency_ms:.0f} ms\n")


def summary(stops: list[Stop]) -> dict[str, dict[str, float]]:
    """p50, p99, p100 of each shape, nearest rank."""
    by_shape: dict[str, list[Stop]] = defaultdict(list)
    for stop in stops:
        by_shape[stop.shape].append(stop)
    rows = {}
    for name, own in by_shape.items():
        ranked = sorted(stop.latency_ms for stop in own)
        rows[name] = {
            "trials": len(own),
            "p50_ms": ranked[len(ranked) // 2],
            "p99_ms": ranked[min(len(ranked) - 1, int(0.99 * len(ranked)))],
            "p100_ms": ranked[-1],
            "late": sum(map(is_late, own)),
            "breaches": sum(bool(stop.breaches) for stop in own),
        }
    return rows


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--trials", type=int, default=1000)
    options.add_argument(
        "--first", type=int, default=0, help="the first trial of each shape: to go on where one stopped"
    )
    options.add_argument("--jobs", type=int, default=2)
    options.add_argument("--shape", action="append")
    options.add_argument("--real", action="store_true")
    options.add_argument("--traces", type=Path, default=FOLDER)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    names = chosen.shape or list(shapes(chosen.traces))
    trials = range(chosen.first, chosen.first + chosen.trials)
    stops = real(names, trials, chosen.traces) if chosen.real else virtual(names, trials, chosen.jobs, chosen.traces)
    rows = summary(stops)
    if chosen.json:
        print(json.dumps(rows))
    else:
        print(f"{'shape':42s}{'trials':>7s}{'p50':>6s}{'p99':>6s}{'p100':>6s}  [ms]   late  breaches")
        for name, row in rows.items():
            figures = "".join(f"{row[key]:6.0f}" for key in ("p50_ms", "p99_ms", "p100_ms"))
            print(f"{name:42s}{row['trials']:7.0f}{figures}       {row['late']:6.0f}{row['breaches']:10.0f}")
        for stop in [stop for stop in stops if is_late(stop) or stop.breaches][:10]:
            print(stop)
    return 1 if any(row["late"] or row["breaches"] for row in rows.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
