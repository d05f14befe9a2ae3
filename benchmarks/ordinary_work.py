"""What the rules of belief cost a team with honest sensors: losses of RTK that come back true, hours of ordinary work.

Plants, sensors and estimate alone, without wires, gate and operator. A unit is a kind and a number:

- `standing`, `moving`: twenty losses of 5 s to 10 min, half of them to float; who goes on within three seconds of the
  end without a mark or a new fix is counted. Moving: driven by stick at 0.28 m/s.
- `slipping`: ten minutes back and forth with pauses at 10 % true slip; ticks in which the gate would stop, withdrawals.
- `untroubled`: half an hour of the same on slopes to 10 degrees, with 2 to 10 % of slip.
"""

import itertools
import math
from collections.abc import Callable
from typing import Any

from benchmarks.trials.beliefs import BeliefRun, BeliefSettings
from firmware_bridge.types import FixType
from sim.noise import generator

AT_ONCE = 20
AFTER_S = 3.0
SPEEDS = (0.05, 0.1, 0.28)
SLIPS = (0.02, 0.05, 0.1)
SLOPES_DEG = (0.0, 3.0, 6.0, 10.0)
STRETCH_S, HALF_HOUR_S = 600.0, 1800.0
Row = dict[str, Any]


def goes_on(seed: int, *, moving: bool) -> bool:
    """One loss: whether the position is proven again."""
    draw = generator(seed, "loss")
    loss_s = math.exp(float(draw.uniform(math.log(5.0), math.log(600.0))))
    run = BeliefRun(BeliefSettings(seed=seed, slip_ratio=float(draw.uniform(0.0, 0.1)))).run(5.0)
    run.work(20.0)
    run.run(3.0, 0.0)
    run.gnss.fix = FixType.RTK_FLOAT if draw.random() < 0.5 else FixType.NONE
    run.run(loss_s, 0.28 if moving else 0.0)
    run.gnss.fix = FixType.RTK_FIXED
    return run.run(AFTER_S).seen.position_proven


def losses(number: int, *, moving: bool) -> Row:
    """So many losses, and of how many the work went on."""
    first = 1 + number * AT_ONCE
    return {"losses": AT_ONCE, "on": sum(goes_on(seed, moving=moving) for seed in range(first, first + AT_ONCE))}


def slipping(number: int) -> Row:
    """Ten minutes back and forth, with pauses."""
    speed_mps = SPEEDS[number % len(SPEEDS)]
    return back_and_forth(BeliefSettings(seed=100 + number, speed_mps=speed_mps, slip_ratio=0.1), STRETCH_S)


def untroubled(number: int) -> Row:
    """Half an hour of ordinary work."""
    settings = BeliefSettings(
        seed=1000 + number,
        speed_mps=SPEEDS[number % len(SPEEDS)],
        slip_ratio=SLIPS[number // len(SPEEDS) % len(SLIPS)],
        slope_deg=SLOPES_DEG[number % len(SLOPES_DEG)],
        slope_bearing_rad=float(number),
    )
    return back_and_forth(settings, HALF_HOUR_S)


def back_and_forth(settings: BeliefSettings, stretch_s: float) -> Row:
    """So long, with pauses between the ways."""
    run = BeliefRun(settings).run(5.0)
    stops = revokes = 0
    for way in itertools.cycle((1.0, -1.0)):
        if run.time_s >= stretch_s:
            break
        run.speed_mps = way * settings.speed_mps
        for _ in range(50 * 100):
            run.halted = False
            revokes += run.step().revoke_t_ns != 0
            stops += run.halted
        run.run(5.0, 0.0)
    return {"speed_mps": settings.speed_mps, "hours": run.time_s / 3600.0, "stop_ticks": stops, "revokes": revokes}


KINDS: dict[str, tuple[int, Callable[[int], Row]]] = {
    "standing": (50, lambda number: losses(number, moving=False)),
    "moving": (50, lambda number: losses(number, moving=True)),
    "slipping": (60, slipping),
    "untroubled": (200, untroubled),
}
"""How many units, and what one is: a thousand losses of either kind, ten hours, a hundred hours."""
