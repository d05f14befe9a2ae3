"""How small a lie of the receiver is found, how soon, and what is credited falsely: size x kind, in virtual time.

    python -m benchmarks.beliefs [KIND ...] [--seeds N]

A machine works a straight swath by its own estimate (`benchmarks.trials.beliefs`); a lie begins after 20 s and lasts.
After the stop it stands for two and a half minutes, in which the receiver is asked to fix anew, then works on if it
may. Printed are the share of runs that were stopped, the true way and time to the stop, and the false ground at the
end. The margin is that of a machine whose checks are all made; `--bare` leaves k sigma alone.
"""

import argparse
import math
from collections.abc import Callable
from typing import NamedTuple

from benchmarks.trials.beliefs import BeliefRun, BeliefSettings, along_m, aside_m
from firmware_bridge.types import FixType
from vehicle.contracts.messages import Margin
from vehicle.control.checks.room import MEASURED, side_bound_m

Lie = Callable[[BeliefRun, float], None]
YAW_BOUND_RAD = MEASURED.heading_bound_rad
WARM_S, WORK_S, STAND_S, AGAIN_S = 20.0, 60.0, 150.0, 20.0


class Found(NamedTuple):
    """One run. `way_m`, `time_s` to the stop, infinite where it was not stopped."""

    way_m: float
    time_s: float
    false_m2: float
    worst_m2: float
    proven: bool


class Kind(NamedTuple):
    """A lie and its sizes; `each` is called every tick, `lasts` False where a new fix cures it."""

    begin: Lie
    sizes: tuple[float, ...]
    unit: str
    each: Lie | None = None
    resting: bool = False
    speed_mps: float = 0.28


def _jump(shift: Callable[[float], tuple[float, float]]) -> Lie:
    def begin(run: BeliefRun, size: float) -> None:
        run.gnss.jump_m = shift(size)

    return begin


def _wrong(run: BeliefRun, size: float) -> None:
    run.gnss.wrong_fix_m = aside_m(size)


def _base(run: BeliefRun, size: float) -> None:
    """Through float and back, the base moved under the same id."""
    run.gnss.fix = FixType.RTK_FLOAT
    run.run(30.0, 0.0)
    run.gnss.jump_m = aside_m(size)
    run.gnss.fix = FixType.RTK_FIXED


def _driven(run: BeliefRun, size: float) -> None:
    """The same, and driven by stick for half a minute meanwhile."""
    run.gnss.fix = FixType.RTK_FLOAT
    run.run(30.0, 0.28)
    run.gnss.jump_m = aside_m(size)
    run.gnss.fix = FixType.RTK_FIXED


def _freeze(jitter_m: float, *, speed: bool) -> Lie:
    def begin(run: BeliefRun, _: float) -> None:
        run.gnss.frozen, run.gnss.jitter_m, run.gnss.speed_frozen = True, jitter_m, speed

    return begin


def _turned(run: BeliefRun, size: float) -> None:
    run.gnss.heading_jump_rad = math.radians(size)


def _ramp(run: BeliefRun, size: float) -> None:
    run.gnss.heading_jump_rad += math.radians(size) * 0.02


def _nothing(run: BeliefRun, size: float) -> None:
    """The lie is told tick by tick."""


def _heading_stands(run: BeliefRun, size: float) -> None:
    run.gnss.heading_frozen, run.gnss.heading_jitter_rad = True, math.radians(size)


FIXES = (0.03, 0.05, 0.07, 0.1, 0.15, 0.3, 1.0)
SPEEDS = (0.05, 0.1, 0.15, 0.28, 1.0)
KINDS: dict[str, Kind] = {
    "fix_aside": Kind(_jump(aside_m), FIXES, "m"),
    "fix_along": Kind(_jump(along_m), FIXES, "m"),
    "fix_wrong": Kind(_wrong, FIXES, "m"),
    "fix_at_rest": Kind(_jump(aside_m), FIXES, "m", resting=True),
    "base_moved": Kind(_base, FIXES, "m", resting=True),
    "base_driven": Kind(_driven, FIXES, "m", resting=True),
    "frozen": Kind(_freeze(0.0, speed=False), SPEEDS, "m/s"),
    "frozen_jitter": Kind(_freeze(0.005, speed=False), SPEEDS, "m/s"),
    "frozen_jitter_speed": Kind(_freeze(0.005, speed=True), SPEEDS, "m/s"),
    "heading_step": Kind(_turned, (0.3, 0.5, 0.7, 1.0, 2.0, -3.0), "deg"),
    "heading_ramp": Kind(_nothing, (0.01, 0.02, 0.05, 0.1, -0.3, 1.0), "deg/s", each=_ramp),
    "heading_frozen": Kind(_heading_stands, (0.0, 0.01), "deg"),
}


def one(kind: Kind, size: float, seed: int, *, bare: bool = False) -> Found:
    """A run."""
    speed_mps = size if kind.unit == "m/s" else kind.speed_mps
    run = BeliefRun(BeliefSettings(seed=seed, speed_mps=speed_mps, work=True))
    run.margin = (
        run.margin if bare else Margin(side_m=side_bound_m(MEASURED, run.config.machine), yaw_rad=YAW_BOUND_RAD)
    )
    run.run(5.0).work(WARM_S)
    if kind.resting:
        run.run(5.0, 0.0)
    kind.begin(run, size)
    begun_s, begun_m = run.time_s, run.way_m
    stopped, worst_m2 = False, 0.0
    run.halted, run.speed_mps = False, 0.0 if kind.resting else speed_mps
    if kind.resting:
        run.run(3.0)
        stopped = run.seen.position_doubted
    run.speed_mps = 0.0 if stopped else speed_mps
    while not stopped and run.time_s - begun_s < WORK_S:
        if kind.each is not None:
            kind.each(run, size)
        run.step()
        stopped = run.halted
    time_s, way_m = (run.time_s - begun_s, run.way_m - begun_m) if stopped else (math.inf, math.inf)
    worst_m2 = max(worst_m2, run.false_m2)
    run.run(STAND_S, 0.0)
    proven = run.seen.position_proven
    if proven:
        run.work(AGAIN_S)
    return Found(way_m, time_s, run.false_m2, max(worst_m2, run.false_m2), proven)


def swept(name: str, seeds: int, *, bare: bool = False) -> list[str]:
    """A line a size."""
    kind, lines = KINDS[name], []
    for size in kind.sizes:
        found = [one(kind, size, seed, bare=bare) for seed in range(1, seeds + 1)]
        stops = [run for run in found if math.isfinite(run.time_s)]
        way_m, time_s = (max((run[i] for run in stops), default=math.nan) for i in (0, 1))
        end_m2, most_m2 = max(run.false_m2 for run in found), max(run.worst_m2 for run in found)
        on = sum(run.proven for run in found)
        lines.append(
            f"{name:20} {size:6g} {kind.unit:6} {len(stops):3}/{seeds:<3} stopped, within {way_m:5.2f} m "
            f"{time_s:6.2f} s; false at the end {end_m2:.4f} m2, at most {most_m2:.4f}; works on {on}/{seeds}"
        )
    return lines


def main() -> None:
    """The table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("kinds", nargs="*", choices=[*KINDS, []], default=[])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--bare", action="store_true")
    chosen = parser.parse_args()
    for name in chosen.kinds or KINDS:
        for line in swept(name, chosen.seeds, bare=chosen.bare):
            print(line, flush=True)


if __name__ == "__main__":
    main()
