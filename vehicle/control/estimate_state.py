"""Where the machine is, and what speaks for and against the receiver: the estimate's part of the vehicle's state."""

from typing import TypeAlias

import msgspec

from vehicle.contracts.units import NEVER_NS

Covariance: TypeAlias = tuple[tuple[float, ...], ...]


class Drift(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What was driven since the covariance was last carried, over `time_s`: sums of the ticks' Jacobians and noise.

    `moving_s` with the belts running; `turning_s` while the yaw was carried by the gyro, which at rest it is not.
    """

    ticks: int = 0
    time_s: float = 0.0
    east_m: float = 0.0
    north_m: float = 0.0
    belt_east_m: float = 0.0
    belt_north_m: float = 0.0
    side_east_m: float = 0.0
    side_north_m: float = 0.0
    position_m2: float = 0.0
    moving_s: float = 0.0
    turning_s: float = 0.0


Odometer: TypeAlias = tuple[float, float, float, float]
"""East and north as reckoned by belts and gyro, way of the belts [m, signed], turned by the gyro [rad]; all since the
start, and nothing but differences of it means anything."""
PlaceSample: TypeAlias = tuple[float, float, float, float, float, Odometer, tuple[float, float]]
"""One RTK-fixed epoch: time [s], east and north of the body origin by the receiver, the same as the filter had it
before, the odometer, and the antenna itself, in which no tilt is."""
Gathered: TypeAlias = tuple[int, float, float, int]
"""Epochs since the first one, sums of two residuals, time of the first [ns]."""


class WayEpoch(msgspec.Struct, frozen=True, gc=False):
    """One RTK-fixed epoch for the way by the receiver's own speed; `belt_m`, `turned_rad` as in `Odometer`."""

    time_s: float
    antenna_m: tuple[float, float]
    sigma_m: float
    yaw_rad: float
    speed_mps: float
    belt_m: float
    turned_rad: float


WayMean: TypeAlias = tuple[float, float, float]
"""When it began [s], and by how much the place went beyond its own speed until then: east and north [m]."""


class SpeedWay(msgspec.Struct, frozen=True, gc=False):
    """How far the receiver's place went beyond its own speed (`estimate/speed_way.py`), east and north [m].

    `off_m`: summed up; `sums_m` of so many `count` epochs over `span_s` since `begun_s`: the mean under way; `means`:
    those of a second each before, newest last.
    """

    last: WayEpoch | None = None
    off_m: tuple[float, float] = (0.0, 0.0)
    sums_m: tuple[float, float] = (0.0, 0.0)
    count: int = 0
    span_s: float = 0.0
    begun_s: float = 0.0
    means: tuple[WayMean, ...] = ()


class PlaceState(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What speaks for and against the receiver's place.

    `offset_m`: the receiver's place less the one held by dead reckoning, zero where they agree. `believed`: the filter
    follows the receiver; else it holds its own place and only the receiver's movement counts. `gap_m`: way that the
    belts ran and nobody confirmed. `gathered`: epochs collected before a new place is judged, `anew`: of a solution
    that is a new one. `doubt_t_ns`: nothing that was credited after it is upheld, should the place turn out another
    one; 0 = no doubt. `revoke_t_ns`: for one tick, it did turn out another one. `*_t_ns`: 0 = never. `restarts`: the
    receiver's own count when it was asked to fix anew; `agreed`: so many new fixes agreed with the place held.
    `missed`: a known mark was not where the receiver says; only one that is ends that. `shown`: a mark or the bay has
    shown that the place is right, since the program began or before it; until then no check of the base makes ground
    firm.
    """

    samples: tuple[PlaceSample, ...] = ()
    offset_m: tuple[float, float] = (0.0, 0.0)
    believed: bool = True
    gap_m: float = 0.0
    seen_t_ns: int = 0
    refused_t_ns: int = 0
    gathered: Gathered | None = None
    anew: bool = False
    doubt_t_ns: int = 0
    revoke_t_ns: int = 0
    checked_t_ns: int = 0
    stuck: bool = False
    stuck_belt_m: float = 0.0
    disbelieved_t_ns: int = 0
    asks: bool = False
    asked_t_ns: int = 0
    restarts: int = 0
    restarted: bool = False
    agreed: int = 0
    agreed_t_ns: int = 0
    missed: bool = False
    shown: bool = True
    way: SpeedWay = SpeedWay()


HeadingSample: TypeAlias = tuple[float, float, float, int]
"""Time [s]; the receiver's heading less what the gyro has turned, not wrapped; what the gyro has turned [rad]; of so
many epochs the mean."""


class HeadingState(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What speaks for and against the receiver's heading.

    `rest_bias_radps`: of the gyro, measured over `rest_ticks` at rest, last at `rest_t_ns`. `recent`: epochs of the
    last two seconds; `bins`: means of whole seconds before. `same_*`: since when and where the heading repeats itself
    to the last bit. `course`: a straight stretch under way (`estimate/course.py`). `vouched_t_ns`: when the
    stretch began whose course last agreed. `doubt_rad`: by what believed headings differed from the gyro's since.
    `refused`: headings refused in a row. `revoke_t_ns` as in `PlaceState`.
    """

    believed: bool = True
    rest_bias_radps: float = 0.0
    rest_ticks: int = 0
    rest_t_ns: int = 0
    recent: tuple[HeadingSample, ...] = ()
    bins: tuple[HeadingSample, ...] = ()
    yaw_rad: float = 0.0
    same_t_ns: int = 0
    same_belt_m: float = 0.0
    same_turned_rad: float = 0.0
    stuck: bool = False
    refused: int = 0
    seen_t_ns: int = 0
    gathered: Gathered | None = None
    course: tuple[float, ...] = ()
    doubt_rad: float = 0.0
    vouched_t_ns: int = 0
    revoke_t_ns: int = 0


class HeldPlace(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Where the last start of the program left the machine, and what it believed of its receiver then.

    ENU of the body origin, 1-sigma of the worse direction and of the yaw. `gap_m` and `yaw_gap_rad`: how far it may
    have gone and turned since; the rest as in `PlaceState` and `HeadingState`.
    """

    east_m: float
    north_m: float
    yaw_rad: float
    sigma_m: float
    yaw_sigma_rad: float
    gap_m: float = 0.0
    yaw_gap_rad: float = 0.0
    believed: bool = True
    missed: bool = False
    shown: bool = False
    heading_believed: bool = True
    offset_m: tuple[float, float] = (0.0, 0.0)


class EstimateState(msgspec.Struct, frozen=True, kw_only=True):
    """The filter: x = east, north, yaw, gyro bias, belt slip ratio, creep coefficient; p is its covariance (6, 6).

    `sigmas`: 1-sigma of east, north, yaw and of the tool's position, as p stood when it was last carried. `held`: what
    the first fix is held against, None where nothing is known. `stands_t_ns`: since when both belts rest, None while
    one runs or nobody tells. `t_ns`: of this tick; `moving_mps`: how fast the faster of way and turn moves the belts.
    """

    ready: bool = False
    x: tuple[float, float, float, float, float, float] = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    p: Covariance = ((0.0,) * 6,) * 6
    drift: Drift = Drift()
    sigmas: tuple[float, float, float, float] = (1e3, 1e3, 1e3, 1e3)
    accepted_t_ns: int = NEVER_NS
    rejected_count: int = 0
    innovation_ratio: float = 0.0
    slid_m: float = 0.0
    slip_curvature_1pm: float = 0.0
    odometer: Odometer = (0.0, 0.0, 0.0, 0.0)
    place: PlaceState = PlaceState()
    heading: HeadingState = HeadingState()
    held: HeldPlace | None = None
    stands_t_ns: int | None = None
    t_ns: int = NEVER_NS
    moving_mps: float = 0.0
