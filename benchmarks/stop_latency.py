"""Stop latency over many trials: modes, phases, slopes, link shapes and recorded links, with and without process death.

`python -m benchmarks.stop_latency --trials 10000 [--first 0] [--jobs 2] [--traces FOLDER] [--out FILE] [--json]`
Exit status 1 if a single trial was late or broke an invariant. A trial is a function of its seed alone.
"""

import argparse
import contextlib
import functools
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import msgspec

from benchmarks.trials import link_traces
from benchmarks.trials.stop_trials import Figures, Trial, figures, run_trial

CHUNK = 20


def main() -> int:
    options = _options()
    traces = link_traces.load_folder(options.traces) if options.traces else {}
    seeds = range(options.first, options.first + options.trials)
    work = functools.partial(run_trial, traces=traces)
    trials: list[Trial] = []
    with ProcessPoolExecutor(options.jobs) as pool, _kept(options.out) as keep:
        for trial in pool.map(work, seeds, chunksize=CHUNK):
            trials.append(trial)
            keep(trial)
    found = figures(trials)
    print(json.dumps(msgspec.to_builtins(found)) if options.json else table(found, trials))
    return 1 if found.late or found.breached else 0


@contextlib.contextmanager
def _kept(path: Path | None) -> Iterator[Callable[[Trial], None]]:
    """Each trial as a line of JSON as soon as it is done: a run that is cut short has told what it found."""
    if path is None:
        yield lambda _: None
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as lines:

        def keep(trial: Trial) -> None:
            lines.write(msgspec.json.encode(trial) + b"\n")
            lines.flush()

        yield keep


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--traces", type=Path, default=None)
    parser.add_argument("--out", type=Path, default=None)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def table(found: Figures, trials: list[Trial]) -> str:
    lines = [
        f"{found.trials} trials, {found.deaths} of them with the death of the process",
        f"{'':34}{'p50':>8}{'p99':>8}{'p100':>8}",
        f"{'frame created -> set-point 0 [ms]':34}" + "".join(f"{value:8.0f}" for value in found.latency_ms),
        f"{'process dead -> set-point 0 [ms]':34}" + "".join(f"{value:8.0f}" for value in found.death_ms),
        f"{'way to standstill [m]':34}" + "".join(f"{value:8.3f}" for value in found.distance_m),
        f"way / (v t + v^2/2a), most: {found.bound_ratio_max:.2f}",
        f"late: {len(found.late)} {found.late[:10]}   invariant breaches: {len(found.breached)} {found.breached[:10]}",
        "by mode: " + _counts(Counter(trial.mode for trial in trials)),
        "by link: " + _counts(Counter(trial.shape for trial in trials)),
    ]
    return "\n".join(lines)


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


if __name__ == "__main__":
    sys.exit(main())
