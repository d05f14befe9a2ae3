"""Whether the receiver's heading is believed: held against the gyro, whose bias every stand measures.

The heading has its own solution, apart from the position's: a baseline may jump, freeze, drift or come back wrong while
the position stays right. At rest the yaw is held and the gyro's bias measured, so that a heading which was lost while
parked comes back to a yaw that is still known. What differs from the gyro by more than both can err is not believed:
the filter goes on by the gyro until the heading agrees with it again for a second, or the course over ground of a
straight stretch shows that the heading is right (`course.py`).
"""

import math

import msgspec
from msgspec.structs import replace

from vehicle.contracts.units import NS_PER_S, wrap_rad
from vehicle.control.estimate_state import HeadingSample, HeadingState

REST_TURN_RADPS = math.radians(0.3)
"""At rest, more than this beside the known bias is a turn: a machine that slides."""
REST_TICKS_MAX, REST_TICKS_MIN, REST_TICKS_KEPT, STAND_NS = 500, 50, 25, NS_PER_S // 5
LOSS_NS = NS_PER_S
KEPT_NS = 3 * NS_PER_S // 10
"""Two epochs without a heading are an outlier; with more the yaw is the gyro's alone, and nothing is proven by it."""
GATHER_NS, GATHER_MIN = NS_PER_S, 3
FREE_RAD, SIGMAS, STEP_SIGMAS = math.radians(0.15), 4.0, 4.5
SAME_RAD, MEAN_SHARE = math.radians(0.3), 0.35
"""What two seconds of the same heading differ by, and the share of the receiver's sigma that a second's mean keeps."""
BIAS_WALK = math.radians(0.001)
"""Of a gyro's bias since the last stand, per root second: 20 degrees an hour after a quarter of a minute."""
TURN_RATIO, LATE_S = 0.01, 0.1
"""A gyro's scale is right to 1 %; a heading arrives up to so much later than it was."""
RECENT_S = 2.0
BINS_MAX = 60
LAGS_S = (10, 20, 40)
"""Ramps are sought over so many seconds: with longer ones the gyro's own drift is no less."""
STUCK_WAY_M, STUCK_TURN_RAD, STUCK_NS = 0.3, math.radians(0.5), NS_PER_S // 2
"""No live heading repeats itself to the bit over so much way or turn, and half a second."""
REFUSED_MAX = 10


class Turn(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One epoch with a heading: the body's yaw by the antennas and by the filter, and 1-sigma of both."""

    now_ns: int
    yaw_rad: float
    held_rad: float
    sigma_rad: float
    held_sigma_rad: float
    belt_m: float
    turned_rad: float
    rate_radps: float


class Taken(msgspec.Struct, frozen=True, gc=False):
    """The filter's yaw is turned by so much, and then corrected by the epoch, or not."""

    heading: HeadingState
    turn_rad: float = 0.0
    use: bool = False


def at_rest(heading: HeadingState, rate_radps: float, now_ns: int) -> HeadingState:
    """A tick at rest: what the gyro shows is its bias, unless it is too much for one.

    A new stand measures it anew; what the gyro had drifted before says nothing of the heading from then on.
    """
    begins = now_ns - heading.rest_t_ns > STAND_NS
    old_ticks = min(heading.rest_ticks, REST_TICKS_KEPT) if begins else heading.rest_ticks
    ticks = min(old_ticks + 1, REST_TICKS_MAX)
    off_radps = rate_radps - heading.rest_bias_radps
    if not abs(off_radps) < REST_TURN_RADPS:
        return heading
    bias_radps = heading.rest_bias_radps + off_radps / ticks
    bins = () if begins else heading.bins
    return replace(heading, rest_ticks=ticks, rest_bias_radps=bias_radps, rest_t_ns=now_ns, bins=bins)


def measured(heading: HeadingState) -> bool:
    """The gyro's bias is known from a stand."""
    return heading.rest_ticks >= REST_TICKS_MIN


def follow(heading: HeadingState, turn: Turn) -> Taken:
    """Take an epoch with a heading in."""
    now_ns = turn.now_ns
    lost = heading.seen_t_ns != 0 and now_ns - heading.seen_t_ns > LOSS_NS
    heading = replace(_repeats(replace(heading, revoke_t_ns=0), turn), seen_t_ns=now_ns)
    if heading.stuck:
        return Taken(replace(heading, recent=(), bins=(), course=(), gathered=(0, 0.0, 0.0, now_ns)))
    if lost and heading.gathered is None:
        heading = replace(heading, recent=(), bins=(), gathered=(0, 0.0, 0.0, now_ns))
    if heading.gathered is not None:
        return _gathered(heading, turn)
    heading = _added(heading, turn)
    good = _left(heading, turn.sigma_rad)
    return Taken(heading, use=True) if good is None else disbelieved(heading, turn, good)


def _repeats(heading: HeadingState, turn: Turn) -> HeadingState:
    if turn.yaw_rad != heading.yaw_rad:
        return replace(
            heading,
            yaw_rad=turn.yaw_rad,
            same_t_ns=turn.now_ns,
            same_belt_m=turn.belt_m,
            same_turned_rad=turn.turned_rad,
            stuck=False,
        )
    way_m = abs(turn.belt_m - heading.same_belt_m)
    turned_rad = abs(turn.turned_rad - heading.same_turned_rad)
    moved = way_m >= STUCK_WAY_M or turned_rad >= STUCK_TURN_RAD
    if heading.stuck or not moved or turn.now_ns - heading.same_t_ns < STUCK_NS:
        return heading
    return replace(heading, stuck=True, revoke_t_ns=heading.same_t_ns)


def _added(heading: HeadingState, turn: Turn) -> HeadingState:
    """The track of what the heading shows beyond the gyro; a second of it that leaves the window becomes a bin."""
    now_s = turn.now_ns / NS_PER_S
    old = heading.recent
    off_rad = turn.yaw_rad - turn.turned_rad
    if old:
        off_rad = old[-1][1] + wrap_rad(off_rad - old[-1][1])
    recent = (*old, (now_s, off_rad, turn.turned_rad, 1))
    if recent[0][0] > now_s - RECENT_S:
        return replace(heading, recent=recent)
    leaving = [sample for sample in recent if sample[0] <= now_s - RECENT_S / 2.0]
    mean_rad = sum(sample[1] for sample in leaving) / len(leaving)
    bins = (*heading.bins, (leaving[-1][0], mean_rad, leaving[-1][2], len(leaving)))[-BINS_MAX:]
    return replace(heading, recent=recent[len(leaving) :], bins=bins)


def _newest(heading: HeadingState) -> tuple[int, float]:
    recent = heading.recent[len(heading.recent) // 2 :]
    return len(recent), sum(sample[1] for sample in recent) / len(recent)


def _left(heading: HeadingState, sigma_rad: float) -> HeadingSample | None:
    """The last second in which the heading still went with the gyro, where it does so no more; else None."""
    if not heading.bins or heading.recent[-1][0] - heading.recent[0][0] < RECENT_S / 4.0:
        return None
    count, mean_rad = _newest(heading)
    now, before = heading.recent[-1], heading.bins[-1]
    turned_rad = abs(now[2] - before[2])
    allowed_rad = _noise_rad(sigma_rad, count, count) + turned_rad * (TURN_RATIO + LATE_S / (now[0] - before[0]))
    if abs(mean_rad - before[1]) > allowed_rad:
        return heading.bins[-2:][0]
    return _ramped(heading, sigma_rad) if measured(heading) else None


def _noise_rad(sigma_rad: float, one: int, other: int) -> float:
    """What two means of so many epochs may differ by."""
    return FREE_RAD + STEP_SIGMAS * sigma_rad * math.sqrt(1.0 / one + 1.0 / other)


def _ramped(heading: HeadingState, sigma_rad: float) -> HeadingSample | None:
    """Over tens of seconds the heading left the gyro by more than its bias can have walked: since when."""
    bins = heading.bins
    now_s, now_rad, now_turned_rad, count = bins[-1]
    age_s = max(0.0, now_s - heading.rest_t_ns / NS_PER_S)
    for lag_s in LAGS_S:
        then = next((sample for sample in reversed(bins) if sample[0] <= now_s - lag_s), None)
        if then is None:
            break
        walk_rad = SIGMAS * BIAS_WALK * math.sqrt(age_s) * lag_s
        turned_rad = abs(now_turned_rad - then[2])
        if abs(now_rad - then[1]) > _noise_rad(sigma_rad, count, then[3]) + walk_rad + TURN_RATIO * turned_rad:
            return then
    return None


def disbelieved(heading: HeadingState, turn: Turn, good: HeadingSample) -> Taken:
    """Go on by the gyro from the last good second; nothing is upheld that was credited since."""
    new = replace(
        heading,
        believed=False,
        recent=(),
        bins=(),
        course=(),
        refused=0,
        gathered=(0, 0.0, 0.0, turn.now_ns),
        revoke_t_ns=max(1, round(good[0] * NS_PER_S)),
    )
    return Taken(new, turn_rad=wrap_rad(good[1] + turn.turned_rad - turn.held_rad))


def refused(heading: HeadingState, turn: Turn) -> Taken:
    """The filter refused it as an outlier; so many in a row are another heading."""
    if heading.refused + 1 < REFUSED_MAX:
        return Taken(replace(heading, refused=heading.refused + 1))
    since_s = heading.bins[-1][0] if heading.bins else (turn.now_ns - LOSS_NS) / NS_PER_S
    return disbelieved(heading, turn, (since_s, turn.held_rad - turn.turned_rad, turn.turned_rad, 1))


def accepted(heading: HeadingState) -> HeadingState:
    """The filter took the epoch."""
    return heading if heading.refused == 0 else replace(heading, refused=0)


def _gathered(heading: HeadingState, turn: Turn) -> Taken:
    """A second of headings is held against the yaw that the gyro kept."""
    assert heading.gathered is not None
    count, off_rad, _, since_ns = heading.gathered
    # unwrapped about the mean so far: half a turn, +pi and -pi by noise, would come to nothing
    about_rad = off_rad / count if count else 0.0
    count, off_rad = count + 1, off_rad + about_rad + wrap_rad(turn.yaw_rad - turn.held_rad - about_rad)
    if turn.now_ns - since_ns < GATHER_NS or count < GATHER_MIN:
        return Taken(replace(heading, gathered=(count, off_rad, 0.0, since_ns)))
    off_rad /= count
    spread_rad = math.hypot(turn.held_sigma_rad, MEAN_SHARE * turn.sigma_rad)
    bound_rad = SAME_RAD + SIGMAS * spread_rad + LATE_S * abs(turn.rate_radps)
    if abs(off_rad) > bound_rad:
        return Taken(replace(heading, believed=False, gathered=(0, 0.0, 0.0, turn.now_ns)))
    doubt_rad = heading.doubt_rad + (off_rad if abs(off_rad) > SAME_RAD else 0.0)
    return Taken(replace(heading, believed=True, gathered=None, refused=0, doubt_rad=doubt_rad), turn_rad=off_rad)


def witnessed(heading: HeadingState, begun_ns: int) -> HeadingState:
    """The course over ground of a straight stretch agrees with the heading: it is believed, and vouched for.

    The course speaks for the mean of the stretch, not for its end: upheld is what lies before its begin.
    """
    vouched_t_ns = max(heading.vouched_t_ns, begun_ns)
    return replace(heading, believed=True, gathered=None, refused=0, doubt_rad=0.0, vouched_t_ns=vouched_t_ns)


def contradicted(heading: HeadingState, now_ns: int) -> HeadingState:
    """The course over ground speaks against the heading: nothing is upheld since it last spoke for it."""
    return replace(
        heading,
        believed=False,
        recent=(),
        bins=(),
        course=(),
        gathered=(0, 0.0, 0.0, now_ns),
        revoke_t_ns=max(1, heading.vouched_t_ns),
    )
