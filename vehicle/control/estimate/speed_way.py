"""The receiver's place against the receiver's own speed: how far do they contradict one another along the way?

Speed is measured by the Doppler shift of the carriers and knows nothing of base or integers. Along the way slip
explains a place that goes slower or faster than the belts; two figures of one receiver it does not. Their difference
is summed up over straight pieces of the way and compared as means over a second each: white noise of the place does
not add up, since it is the way between two means.

No witness is: an epoch that comes late, a turn or a pivot (the antenna goes another way than the body), belts that
creep or stand, where noise makes a speed of nothing, and a speed that is no number or exactly nothing, which a receiver
sends that has none. All these are left out; the sum goes on after them.
"""

import math
from itertools import pairwise

from msgspec.structs import replace

from vehicle.contracts.units import NS_PER_S
from vehicle.control.estimate.place import Taken
from vehicle.control.estimate_state import SpeedWay, WayEpoch, WayMean

SPAN = 30
"""So many means, of a second each, are looked back."""
MEAN_S = 0.95
LIMIT_M, LIMIT_SIGMAS = 0.2, 2.5
"""Together 25 cm at a sigma of 2 cm. Over half a minute white noise of the speed of 3 cm/s sums up to 5 cm (1-sigma),
and the slow part of the place's is 2 cm."""
GAP_S = 0.25
"""Between two epochs; of a longer way the speeds at its ends do not tell the mean."""
LEAST_MPS = 0.15
"""Of the belts. Slower, noise of a speed, which has no sign, is a share of it."""
TURN_MAX_RADPS = 0.06
AGREE = 2
"""So many means in a row are beyond: a step of the place is found first by `track.py`, which knows its time better."""


def followed(way: SpeedWay, epoch: WayEpoch) -> SpeedWay:
    """Take an RTK-fixed epoch in; a mean is complete where `count` is back at 0."""
    before = way.last
    if before is None or not _counts(before, epoch):
        return replace(way, last=epoch)
    time_s = epoch.time_s - before.time_s
    cos_yaw, sin_yaw = math.cos(epoch.yaw_rad), math.sin(epoch.yaw_rad)
    east_m, north_m = epoch.antenna_m[0] - before.antenna_m[0], epoch.antenna_m[1] - before.antenna_m[1]
    told_m = math.copysign(0.5 * (before.speed_mps + epoch.speed_mps) * time_s, epoch.belt_m - before.belt_m)
    beyond_m = east_m * cos_yaw + north_m * sin_yaw - told_m
    off_m = way.off_m[0] + beyond_m * cos_yaw, way.off_m[1] + beyond_m * sin_yaw
    count, span_s = way.count + 1, way.span_s + time_s
    sums_m = way.sums_m[0] + off_m[0], way.sums_m[1] + off_m[1]
    begun_s = way.begun_s if way.count else before.time_s
    if span_s < MEAN_S:
        return SpeedWay(epoch, off_m, sums_m, count, span_s, begun_s, way.means)
    mean: WayMean = (begun_s, sums_m[0] / count, sums_m[1] / count)
    return SpeedWay(epoch, off_m, means=(*way.means[-SPAN:], mean))


def _counts(before: WayEpoch, epoch: WayEpoch) -> bool:
    """Two epochs in a row, the belts running straight on, and a speed told at both."""
    time_s = epoch.time_s - before.time_s
    if not 0.0 < time_s <= GAP_S:
        return False
    runs = abs(epoch.belt_m - before.belt_m) >= LEAST_MPS * time_s
    straight = abs(epoch.turned_rad - before.turned_rad) <= TURN_MAX_RADPS * time_s
    return runs and straight and before.speed_mps > 0.0 and epoch.speed_mps > 0.0


def contradiction(way: SpeedWay, sigma_m: float) -> WayMean | None:
    """Since when, and how far the place went beyond its own speed (east, north) [m]; None within the limit.

    Two means in a row lie beyond two in a row before, since one may be an outlier's; of those the ones that differ
    most. `sigma_m`: the receiver's own, of its place.
    """
    newest, earlier = way.means[-AGREE:], way.means[:-AGREE]
    if len(earlier) < AGREE:
        return None
    apart_m = [min(math.dist(mean[1:], one[1:]) for mean in newest) for one in earlier]
    pairs_m = [min(pair) for pair in pairwise(apart_m)]
    most_m = max(pairs_m)
    if not most_m > LIMIT_M + LIMIT_SIGMAS * sigma_m:
        return None
    since_s, east_m, north_m = earlier[pairs_m.index(most_m)]
    _, now_east_m, now_north_m = way.means[-1]
    return since_s, now_east_m - east_m, now_north_m - north_m


def witnessed(taken: Taken, epoch: WayEpoch) -> Taken:
    """What an epoch did to the place, and what the receiver's own speed says of it.

    A contradiction doubts the place like a step: the filter goes on from where the speed says that it is.
    """
    told = taken.place
    if not taken.use:
        # after a loss the sum goes on behind the gap; a place that stepped or stands is another one
        kept = told.way.means if told.anew and not told.stuck else ()
        off_m = told.way.off_m if kept else (0.0, 0.0)
        return replace(taken, place=replace(told, way=SpeedWay(off_m=off_m, means=kept)))
    way = followed(told.way, epoch)
    found = contradiction(way, epoch.sigma_m) if way.count == 0 else None
    if found is None:
        return replace(taken, place=replace(told, way=way))
    since_s, east_m, north_m = found
    now_ns, since_ns = round(epoch.time_s * NS_PER_S), round(since_s * NS_PER_S)
    told = replace(
        told,
        way=SpeedWay(),
        refused_t_ns=0,
        gathered=(0, 0.0, 0.0, now_ns),
        anew=False,
        doubt_t_ns=min(told.doubt_t_ns or since_ns, since_ns),
    )
    return Taken(told, shift_m=(-east_m, -north_m))
