"""What the doubt in the receiver costs an honest one: losses that come back true, and clean hours.

    python -m benchmarks.belief_costs losses --count 1000
    python -m benchmarks.belief_costs hours --hours 10

A loss of 5 s to 10 min (half of them to float), standing or driven by stick at 0.28 m/s; counted is who goes on within
three seconds of its end without a mark or a new fix. Clean hours: back and forth with pauses, at 10 % true slip.
"""

import argparse
import math

from benchmarks.trials.beliefs import BeliefRun, BeliefSettings
from firmware_bridge.types import FixType
from sim.noise import generator

AFTER_S = 3.0
SPEEDS = (0.05, 0.1, 0.28)


def goes_on(seed: int, *, moving: bool) -> tuple[bool, float]:
    """One loss: whether it goes on, and how much of the place is in doubt then."""
    draw = generator(seed, "loss")
    loss_s = math.exp(float(draw.uniform(math.log(5.0), math.log(600.0))))
    run = BeliefRun(BeliefSettings(seed=seed, slip_ratio=float(draw.uniform(0.0, 0.1)))).run(5.0)
    run.work(20.0)
    run.run(3.0, 0.0)
    run.gnss.fix = FixType.RTK_FLOAT if draw.random() < 0.5 else FixType.NONE
    run.run(loss_s, 0.28 if moving else 0.0)
    run.gnss.fix = FixType.RTK_FIXED
    seen = run.run(AFTER_S).seen
    return seen.position_proven, seen.doubt_m


def losses(count: int) -> None:
    """The two shares."""
    for moving in (False, True):
        found = [goes_on(seed, moving=moving) for seed in range(1, count + 1)]
        on = sum(proven for proven, _ in found)
        doubts = sorted(doubt_m for _, doubt_m in found)
        print(
            f"{'moving' if moving else 'standing'}: {on}/{count} go on ({100.0 * on / count:.1f} %), in doubt "
            f"p50 {doubts[count // 2]:.3f} m, p95 {doubts[int(0.95 * count)]:.3f} m",
            flush=True,
        )


def hours(count: float) -> None:
    """Stops and withdrawals of nothing but noise."""
    stops = revokes = 0
    for number, speed_mps in enumerate(SPEEDS):
        run = BeliefRun(BeliefSettings(seed=100 + number, speed_mps=speed_mps, slip_ratio=0.1)).run(5.0)
        end_s = run.time_s + count * 3600.0 / len(SPEEDS)
        while run.time_s < end_s:
            for way in (1.0, -1.0):
                run.halted, run.speed_mps = False, way * speed_mps
                for _ in range(50 * 100):
                    revokes += run.step().revoke_t_ns != 0
                    stops += run.halted
                    run.halted = False
                run.run(5.0, 0.0)
        print(
            f"{speed_mps:g} m/s: {run.time_s / 3600.0:.2f} h, so far {stops} ticks of a stop, {revokes} withdrawals",
            flush=True,
        )


def main() -> None:
    """One of the two."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("what", choices=["losses", "hours"])
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--hours", type=float, default=10.0)
    chosen = parser.parse_args()
    losses(chosen.count) if chosen.what == "losses" else hours(chosen.hours)


if __name__ == "__main__":
    main()
