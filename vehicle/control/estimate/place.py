"""Whether the receiver's place is believed. Waiting is no evidence: only dead reckoning, a new fix and a mark are.

A wrong integer fix, a base that was moved and a frozen receiver all claim RTK fixed, for minutes. So the place is held
against what belts and gyro reckon: over two seconds while it is tracked (`track.py`), and after every loss. One that
lies within the bound which dead reckoning has grown to is believed; what it then differs by stays in the margin of the
credit (`offset_m`). One that lies beyond is not believed: the filter goes on from the place it held and takes from the
receiver only how it moves, and boundaries are kept from both places (`doubt_m`), until

- it comes back within 10 s, or
- the receiver, made to fix anew at a stand, has agreed twice with the place held, 30 s apart, or
- a known mark has shown that the receiver is right (`marked`).
"""

import math

import msgspec
from msgspec.structs import replace

from firmware_bridge.types import RESTART_NEVER
from vehicle.contracts.units import NS_PER_S
from vehicle.control.estimate import track
from vehicle.control.estimate_state import Covariance, Odometer, PlaceState, SpeedWay

LOSS_NS = NS_PER_S
"""A receiver that was without an RTK-fixed place for longer has fixed anew, perhaps wrongly."""
GATHER_NS, GATHER_MIN = NS_PER_S, 3
"""A new place is judged by the mean of a second: white noise of 2 cm is then 6 mm."""
REFUSED_NS = NS_PER_S
SAME_PLACE_M = 0.03
SIGMAS = 4.0
SLOW_SHARE, STEP_SHARE = 0.65, 0.3
"""Of the receiver's sigma, what no averaging over a second removes; and what is left of it in a step within two."""
LASTING_NS = 10 * NS_PER_S
"""What comes back sooner was an outlier; a wrong fix lasts."""
APART_NS = 30 * NS_PER_S
"""Two new fixes so far apart are independent: the sky of the second is another one for the search of integers."""
ANSWER_NS, ASK_AGAIN_NS = 5 * NS_PER_S, 60 * NS_PER_S
FIXES = 2
MOVED_M = 10.0
"""An RTK-fixed place is wrong by decimetres, or a few metres. What lies further off is another place, or another mark
than was named."""
GAP_KEPT, GAP_LEAST_M = 0.95, 1.0e-3

NOWHERE = (0.0, 0.0)


class Epoch(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One RTK-fixed epoch: body origin and antenna by the receiver, the receiver's own sigma, whether it rests."""

    now_ns: int
    east_m: float
    north_m: float
    sigma_m: float
    antenna_m: tuple[float, float]
    resting: bool
    odometer: Odometer


class Taken(msgspec.Struct, frozen=True, gc=False):
    """What an epoch did: the filter's place is shifted by so much, and then corrected by the epoch, or not."""

    place: PlaceState
    shift_m: tuple[float, float] = NOWHERE
    use: bool = False


def follow(place: PlaceState, x_m: tuple[float, float], p: Covariance, epoch: Epoch) -> Taken:
    """Take an RTK-fixed epoch in; `x_m`: the body origin as the filter has it, `p` its covariance."""
    now_ns = epoch.now_ns
    lost = place.seen_t_ns != 0 and now_ns - place.seen_t_ns > LOSS_NS
    east_m, north_m = expected_m(place)
    sample = (now_ns / NS_PER_S, epoch.east_m - east_m, epoch.north_m - north_m, *x_m, epoch.odometer, epoch.antenna_m)
    place = replace(place, seen_t_ns=now_ns, samples=track.added(() if lost else place.samples, sample))
    if place.stuck:
        if not track.lives(place.samples, epoch.sigma_m, resting=epoch.resting):
            return Taken(place)
        way_m = abs(epoch.odometer[2] - place.stuck_belt_m)
        gap_m = place.gap_m + way_m
        place = replace(place, stuck=False, gap_m=gap_m, gathered=(0, 0.0, 0.0, now_ns), anew=True)
    elif lost:
        place = replace(place, gathered=(0, 0.0, 0.0, now_ns), anew=True)
    if place.gathered is not None:
        return _gathered(place, place.gathered, x_m, p, epoch)
    standstill = track.stuck_since(place.samples, epoch.sigma_m)
    if standstill is not None:
        return _stuck(place, standstill)
    if track.stepped(place.samples, epoch.sigma_m):
        return doubted(place, x_m, epoch)
    return Taken(place, use=True)


def unsure(place: PlaceState, way_m: float) -> PlaceState:
    """A tick in which dead reckoning may have been off by so much way."""
    return replace(place, gap_m=place.gap_m + way_m) if way_m > 0.0 else place


def expected_m(place: PlaceState) -> tuple[float, float]:
    """What the receiver's place differs by from the filter's: nothing where it is believed."""
    return NOWHERE if place.believed else place.offset_m


def accepted(place: PlaceState) -> PlaceState:
    """The filter took the epoch; what dead reckoning may have been off by is forgotten over a few seconds of that."""
    sure = place.believed and place.offset_m == NOWHERE
    if place.refused_t_ns == 0 and not (sure and place.gap_m):
        return place
    kept_m = GAP_KEPT * place.gap_m if sure else place.gap_m
    return replace(place, refused_t_ns=0, gap_m=kept_m if kept_m > GAP_LEAST_M else 0.0)


def refused(place: PlaceState, x_m: tuple[float, float], epoch: Epoch) -> Taken:
    """The filter refused the epoch as an outlier; a second of nothing else is a new place."""
    if place.refused_t_ns == 0:
        return Taken(replace(place, refused_t_ns=epoch.now_ns))
    return doubted(place, x_m, epoch) if epoch.now_ns - place.refused_t_ns >= REFUSED_NS else Taken(place)


def doubted(place: PlaceState, x_m: tuple[float, float], epoch: Epoch) -> Taken:
    """The place stepped: go on from before the step, and judge the new place after a second of it."""
    standstill = track.stands(place.samples, epoch.sigma_m)
    if standstill is not None:
        return _stuck(place, standstill)
    before_s, held_m = track.held(place.samples, x_m)
    place = replace(
        place,
        refused_t_ns=0,
        gathered=(0, 0.0, 0.0, epoch.now_ns),
        anew=False,
        doubt_t_ns=place.doubt_t_ns or round(before_s * NS_PER_S),
    )
    return Taken(place, shift_m=(held_m[0] - x_m[0], held_m[1] - x_m[1]))


def _stuck(place: PlaceState, since: track.Standstill) -> Taken:
    """The belts run and the place does not: reckon on from before, and believe nothing until it lives again."""
    newest = place.samples[-1]
    place = replace(
        place,
        stuck=True,
        samples=(),
        stuck_belt_m=since.belt_m,
        refused_t_ns=0,
        doubt_t_ns=place.doubt_t_ns or round(since.time_s * NS_PER_S),
    )
    return Taken(place, shift_m=(since.held_m[0] - newest[3], since.held_m[1] - newest[4]))


def _gathered(
    place: PlaceState, so_far: tuple[int, float, float, int], x_m: tuple[float, float], p: Covariance, epoch: Epoch
) -> Taken:
    off_east, off_north = _off_m(place, x_m, epoch)
    count, east_m, north_m, since_ns = so_far
    count, east_m, north_m = count + 1, east_m + off_east, north_m + off_north
    if epoch.now_ns - since_ns < GATHER_NS or count < GATHER_MIN:
        return Taken(replace(place, gathered=(count, east_m, north_m, since_ns)))
    return _judged(replace(place, gathered=None), (east_m / count, north_m / count), p, epoch)


def _off_m(place: PlaceState, x_m: tuple[float, float], epoch: Epoch) -> tuple[float, float]:
    """The receiver's place less the one held by dead reckoning alone."""
    held_m = (x_m[0] - place.offset_m[0], x_m[1] - place.offset_m[1]) if place.believed else x_m
    return epoch.east_m - held_m[0], epoch.north_m - held_m[1]


def bound_m(place: PlaceState, p: Covariance, sigma_m: float) -> float:
    """How far from the place held a true one may lie by now."""
    share = SLOW_SHARE if place.anew else STEP_SHARE
    variance = max(p[0][0], p[1][1]) + abs(p[0][1]) + (share * sigma_m) ** 2
    return SAME_PLACE_M + SIGMAS * math.sqrt(variance) + place.gap_m


def _judged(place: PlaceState, off_m: tuple[float, float], p: Covariance, epoch: Epoch) -> Taken:
    now_ns, differs_m = epoch.now_ns, math.hypot(*off_m)
    within = differs_m <= bound_m(place, p, epoch.sigma_m)
    lasting = not place.believed and now_ns - place.disbelieved_t_ns >= LASTING_NS
    agreed, agreed_t_ns = place.agreed, place.agreed_t_ns
    if lasting and within and (agreed == 0 or now_ns - agreed_t_ns >= APART_NS):
        agreed, agreed_t_ns = agreed + 1, now_ns
    believed = within and not place.missed and (not lasting or agreed >= FIXES)
    same = differs_m <= SAME_PLACE_M
    new = replace(
        place,
        samples=(),
        offset_m=NOWHERE if believed and same else off_m,
        believed=believed,
        gap_m=0.0 if believed and same else place.gap_m,
        disbelieved_t_ns=0 if believed else place.disbelieved_t_ns or now_ns,
        agreed=0 if believed or not within else agreed,
        agreed_t_ns=agreed_t_ns,
        doubt_t_ns=0,
        revoke_t_ns=0 if same and believed else place.doubt_t_ns,
    )
    # the filter held x = held + offset where it believed, x = held where it did not
    was_m = place.offset_m if place.believed else NOWHERE
    target_m = off_m if believed else NOWHERE
    return Taken(new, shift_m=(target_m[0] - was_m[0], target_m[1] - was_m[1]))


def asking(place: PlaceState, restart_count: int, *, resting: bool, now_ns: int) -> PlaceState:
    """Every tick: whether the receiver is to be asked to fix anew, and whether it did."""
    if place.believed:
        return place if not place.asks and place.asked_t_ns == 0 else replace(place, asks=False, asked_t_ns=0)
    rose = place.asked_t_ns != 0 and not place.restarted and restart_count not in (place.restarts, RESTART_NEVER)
    if rose:
        return replace(place, asks=False, restarted=True, gathered=(0, 0.0, 0.0, now_ns), anew=True)
    asks = place.asks and resting and now_ns - place.asked_t_ns < ANSWER_NS
    if asks or not resting or restart_count == RESTART_NEVER or not _due(place, now_ns):
        return place if asks is place.asks else replace(place, asks=asks)
    return replace(place, asks=True, asked_t_ns=now_ns, restarts=restart_count, restarted=False)


def _due(place: PlaceState, now_ns: int) -> bool:
    """First when the place has been another one for a while, then half a minute after a fix that agreed."""
    if place.asked_t_ns == 0:
        return now_ns - place.disbelieved_t_ns >= LASTING_NS
    if place.agreed and place.asked_t_ns < place.agreed_t_ns:
        return now_ns - place.agreed_t_ns >= APART_NS
    return now_ns - place.asked_t_ns >= ASK_AGAIN_NS


def marked(place: PlaceState, shift_m: tuple[float, float], now_ns: int) -> PlaceState:
    """A known mark has shown that the receiver is right; the filter's place is shifted to it by `shift_m` (ENU).

    Where another place was held or looked for, nothing is upheld that was credited since the mark before. What was
    remembered of the place before the shift would put the filter back to it.
    """
    other = not place.believed or place.offset_m != NOWHERE or place.doubt_t_ns != 0
    since_ns = max(1, place.checked_t_ns) if other and place.seen_t_ns else 0
    return PlaceState(
        samples=place.samples if shift_m == NOWHERE else (),
        seen_t_ns=place.seen_t_ns,
        revoke_t_ns=earlier_ns(place.revoke_t_ns, since_ns),
        checked_t_ns=now_ns,
    )


def missed(place: PlaceState, off_m: tuple[float, float], now_ns: int, *, held: bool) -> PlaceState:
    """A known mark has shown that the receiver is wrong: no new fix that agrees makes it right, only a hit mark does.

    `off_m`: the receiver's place less the one that is held from now on; what was remembered of another one would put
    the filter back to it. `held`: the place that was held until now is the mark's; else nothing is upheld since the
    mark before.
    """
    since_ns = 0 if held else max(1, place.checked_t_ns)
    return replace(
        place,
        samples=(),
        believed=False,
        missed=True,
        offset_m=off_m,
        gap_m=0.0,
        refused_t_ns=0,
        gathered=None,
        doubt_t_ns=0,
        disbelieved_t_ns=now_ns if place.believed else place.disbelieved_t_ns,
        agreed=0,
        revoke_t_ns=earlier_ns(place.revoke_t_ns, since_ns),
        way=SpeedWay(),
    )


def earlier_ns(*since_ns: int) -> int:
    """The earliest moment since which nothing is upheld; 0 where none is told."""
    return min((t_ns for t_ns in since_ns if t_ns), default=0)


def doubt_m(place: PlaceState) -> float:
    """How far off the place may be beside its sigma: as far as receiver and dead reckoning contradict one another.

    Which of the two is right nobody knows, whether the receiver's is believed or not.
    """
    return math.hypot(*place.offset_m)
