"""Short losses of the fix in a swath, and lies about them: what is credited through a loss, and what of it is false.

    python -m benchmarks.short_losses [KIND ...] [--count N] [--margin]

A machine works a straight swath by its own estimate (`benchmarks.trials.beliefs`); the receiver floats for 0.2 to 8 s,
and lies before, meanwhile or after as its kind says, by a size that is drawn too. The machine stands as it would in a
WAIT, goes on two seconds after its place is proven again, for 3 m, and is lifted. Printed of each kind: runs in which
credit went on through the loss as if nothing had been, false credit, and the same of a ledger that brackets nothing.
"""

import argparse
import math
from collections.abc import Callable
from typing import NamedTuple
from unittest.mock import patch

from benchmarks.trials.beliefs import BeliefRun, BeliefSettings
from firmware_bridge.types import FixType
from sim.noise import generator
from sim.plant import Pose
from vehicle.contracts.messages import Margin
from vehicle.contracts.units import TICK_S
from vehicle.control.checks.room import MEASURED, side_bound_m
from vehicle.control.ledger import bracket, masks

WARM_S, AFTER_S, LIMIT_S = 12.0, 11.0, 25.0
GO_ON_TICKS, BRAKE_TICKS = 100, 3
"""A second away and a second of horn; and the tick of the epoch, of the gate, of the controller."""


class Drawn(NamedTuple):
    """A loss of `loss_s`, and the lie about it: a shift of the place [m], a size of its own, when it begins before."""

    loss_s: float
    shift_m: tuple[float, float]
    size: float
    early_s: float


Act = Callable[[BeliefRun, Drawn], None]


def _nothing(_run: BeliefRun, _drawn: Drawn) -> None:
    """No lie at this time."""


def _wrong(run: BeliefRun, drawn: Drawn) -> None:
    run.gnss.wrong_fix_m = drawn.shift_m


def _right(run: BeliefRun, _drawn: Drawn) -> None:
    run.gnss.wrong_fix_m = (0.0, 0.0)


def _slides(run: BeliefRun, drawn: Drawn) -> None:
    """With the brakes set, by a fifth of the size in a second, in any direction."""
    east_m, north_m = drawn.shift_m
    _put(run, east_m * TICK_S / 5.0, north_m * TICK_S / 5.0, 0.0)


def _turns(run: BeliefRun, drawn: Drawn) -> None:
    """The same on the spot, by up to half a degree in a second, and no gyro tells it."""
    _put(run, 0.0, 0.0, math.copysign(min(drawn.size, 0.5), drawn.shift_m[0]) * math.radians(1.0) * TICK_S)


def _put(run: BeliefRun, east_m: float, north_m: float, yaw_rad: float) -> None:
    tracks = run.tracks
    if tracks.speed_mps == 0.0:
        tracks.put(Pose(tracks.east_m + east_m, tracks.north_m + north_m, tracks.yaw_rad + yaw_rad))


def _heading(run: BeliefRun, drawn: Drawn) -> None:
    run.gnss.heading_jump_rad = math.copysign(drawn.size, drawn.shift_m[0]) * 0.05


def _heading_frozen(run: BeliefRun, _drawn: Drawn) -> None:
    run.gnss.heading_frozen = True


def _heading_lives(run: BeliefRun, _drawn: Drawn) -> None:
    run.gnss.heading_frozen = False


def _frozen(run: BeliefRun, drawn: Drawn) -> None:
    run.gnss.frozen, run.gnss.jitter_m, run.gnss.speed_frozen = True, 0.005, drawn.size < 0.2


def _thawed(run: BeliefRun, _drawn: Drawn) -> None:
    run.gnss.frozen, run.gnss.speed_frozen = False, False


def _digs(run: BeliefRun, _drawn: Drawn) -> None:
    """While it brakes, the machine stays behind by nine tenths of the way of its belts."""
    run.tracks.slip_left_ratio = run.tracks.slip_right_ratio = 0.9


def _skews(run: BeliefRun, drawn: Drawn) -> None:
    """One track digs while it brakes, and turns the machine."""
    run.tracks.slip_left_ratio = min(0.9, drawn.size)


def _grips(run: BeliefRun, _drawn: Drawn) -> None:
    run.tracks.slip_left_ratio = run.tracks.slip_right_ratio = run.settings.slip_ratio


class Kind(NamedTuple):
    """What is done `early_s` before the loss, as it begins, in each tick of it, and as it ends."""

    early: Act = _nothing
    gone: Act = _nothing
    each: Act = _nothing
    back: Act = _nothing


KINDS = {
    "honest": Kind(),
    "wrong_after": Kind(back=_wrong),
    "wrong_before": Kind(early=_wrong, back=_right),
    "wrong_before_and_after": Kind(early=_wrong),
    "slides": Kind(each=_slides),
    "turns": Kind(each=_turns),
    "digs": Kind(gone=_digs, back=_grips),
    "skews": Kind(gone=_skews, back=_grips),
    "heading_after": Kind(back=_heading),
    "heading_before": Kind(early=_heading),
    "heading_frozen": Kind(early=_heading_frozen, back=_heading_lives),
    "frozen_before": Kind(early=_frozen, back=_thawed),
    "frozen_after": Kind(back=_frozen),
}


class Found(NamedTuple):
    """One run: credit went on through the loss; what is credited, and falsely [m2]."""

    went_on: bool
    credited_m2: float
    false_m2: float


def drawn(kind: str, number: int) -> tuple[BeliefSettings, Drawn]:
    """The run of this number."""
    draw = generator(number, f"short_losses.{kind}")
    size = math.exp(float(draw.uniform(math.log(0.01), math.log(1.0))))
    side_rad = float(draw.uniform(-math.pi, math.pi))
    settings = BeliefSettings(
        seed=int(draw.integers(1 << 31)),
        speed_mps=float(draw.choice((0.08, 0.15, 0.28))),
        slip_ratio=float(draw.uniform(0.0, 0.15)),
        slope_deg=float(draw.uniform(0.0, 12.0)),
        slope_bearing_rad=float(draw.uniform(-math.pi, math.pi)),
        work=True,
    )
    shift_m = size * math.cos(side_rad), size * math.sin(side_rad)
    return settings, Drawn(float(draw.uniform(0.2, 8.0)), shift_m, size, float(draw.uniform(0.0, 2.5)))


def driven(kind: str, number: int, *, margin: bool = False) -> Found:
    """One run from the first metre to the lifted tool."""
    settings, lie = drawn(kind, number)
    told = KINDS[kind]
    run = BeliefRun(settings)
    if margin:
        run.margin = Margin(side_m=side_bound_m(MEASURED, run.config.machine), yaw_rad=MEASURED.heading_bound_rad)
    run.run(5.0).work(WARM_S)
    begun = run.ledger.run
    told.early(run, lie)
    run.run(lie.early_s)
    run.gnss.fix = FixType.RTK_FLOAT
    told.gone(run, lie)
    run.run(BRAKE_TICKS * TICK_S)
    run.speed_mps = 0.0
    for _ in range(round(lie.loss_s / TICK_S) - BRAKE_TICKS):
        told.each(run, lie)
        run.step()
    run.gnss.fix = FixType.RTK_FIXED
    told.back(run, lie)
    proven = ticks = 0
    while proven < GO_ON_TICKS and ticks < LIMIT_S / TICK_S:
        run.step()
        proven, ticks = proven + 1 if run.seen.position_proven else 0, ticks + 1
    after = run.ledger.run
    went_on = (
        begun is not None and after is not None and masks.crediting(run.ledger)
        and after.credit_from is not None and begun.credit_from is not None
        and after.credit_from.path_m == begun.credit_from.path_m
    )  # fmt: skip
    if proven >= GO_ON_TICKS:
        run.work(AFTER_S)
    run.run(1.0, 0.0)
    run.run(0.5, -0.1)
    return Found(went_on, run.ledger.credited_m2, run.false_m2)


def row(kind: str, count: int, *, margin: bool) -> str:
    """The line of a kind."""
    found = [driven(kind, number, margin=margin) for number in range(count)]
    with patch.object(bracket, "opens", lambda *_: False):
        plain = [driven(kind, number, margin=margin) for number in range(count)]
    pairs = list(zip(found, plain, strict=True))
    return (
        f"{kind:24s} {count:5d} {sum(one.went_on for one in found):8d} "
        f"{sum(one.false_m2 > 0.0 for one in found):6d} {sum(one.false_m2 for one in found):8.4f} "
        f"{sum(one.false_m2 > 0.0 for one in plain):6d} {sum(one.false_m2 for one in plain):8.4f} "
        f"{sum(one.false_m2 > other.false_m2 for one, other in pairs):6d} "
        f"{max(one.false_m2 - other.false_m2 for one, other in pairs):8.4f}"
    )


def main() -> None:
    """A line for each kind."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", help=f"of {', '.join(KINDS)}; all if none is named")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument(
        "--margin", action="store_true", help="of a machine whose checks are all made, not bare k sigma"
    )
    chosen = parser.parse_args()
    print(f"{'kind':24s} {'runs':>5s} {'went on':>8s} {'false, m2':>15s} {'not bracketed':>15s} {'more, most':>15s}")
    for kind in chosen.kinds or KINDS:
        print(row(kind, chosen.count, margin=chosen.margin), flush=True)


if __name__ == "__main__":
    main()
