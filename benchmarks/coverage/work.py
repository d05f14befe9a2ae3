"""What counted work takes: `python -m benchmarks.coverage.work [--sites N]`.

Plans generated sites on one core and fits processor seconds to the numbers of each kind; a line a plan, then the fit
beside the table in use.
"""

import argparse
import json
import tempfile
from pathlib import Path
from time import process_time

import numpy as np

from benchmarks.coverage.one import BENCH, OVERLAP_M
from benchmarks.coverage.sites import MODES, generated
from vehicle.planning.coverage.planner import plan_site
from vehicle.planning.coverage.settings import PlanSettings
from vehicle.planning.coverage.work_limit import SECONDS, Work, WorkLimit
from vehicle.planning.site.site import load_site


def counted(document: dict[str, object], mode: str) -> tuple[WorkLimit, float]:
    """The work of one plan, and its processor seconds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "site.geojson"
        path.write_text(json.dumps(document), encoding="utf-8")
        site = load_site(path, mode)
    limit, start_s = WorkLimit(), process_time()
    plan_site(site, BENCH, PlanSettings(overlap_m=OVERLAP_M), limit)
    return limit, process_time() - start_s


def fit(rows: list[list[float]], taken_s: list[float]) -> np.ndarray:
    """(kinds,) seconds of one of each kind, none below 0, by coordinate descent on relative errors."""
    scale = np.array(rows) / np.array(taken_s)[:, None]
    found = np.array([SECONDS[work] for work in Work])
    for _ in range(2_000):
        for k in range(len(found)):
            rest = 1.0 - scale @ found + scale[:, k] * found[k]
            square = float(scale[:, k] @ scale[:, k])
            found[k] = max(0.0, float(scale[:, k] @ rest) / square) if square > 0.0 else found[k]
    return found


def main() -> None:
    """A line a plan, then the fit."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--sites", type=int, default=8)
    rows, taken_s = [], []
    for seed in range(asked.parse_args().sites):
        for mode in MODES:
            limit, cpu_s = counted(generated(seed, mode), mode)
            rows.append([float(limit.done[work]) for work in Work])
            taken_s.append(cpu_s)
            counts = " ".join(f"{work.name.lower()} {limit.done[work]}" for work in Work)
            print(f"{seed} {mode:8s} {cpu_s:7.2f} s, counted {limit.spent_s():7.2f} s: {counts}", flush=True)
    found = fit(rows, taken_s)
    for work, seconds in zip(Work, found.tolist(), strict=True):
        print(f"{work.name:10s} {seconds:.3g} s, in use {SECONDS[work]:.3g} s")
    off = np.array(rows) @ found / np.array(taken_s)
    print(f"counted / taken: {off.min():.2f} to {off.max():.2f}")


if __name__ == "__main__":
    main()
