"""The receiver's movement against belts and gyro over seconds: does the place step, does it stand while the belts run?

A share of the belts' way is lost to slip, within bounds that soil has; what exceeds them is no slip but a sensor that
lies, or tracks that dig. Noise is judged by the receiver's own sigma, of which a part is white.
"""

import itertools
import math
import statistics
from collections.abc import Callable, Sequence

import msgspec

from vehicle.control.estimate_state import PlaceSample

SLIP_MIN, SLIP_MAX = -0.1, 0.3
"""Share of the belts' way that soil takes while a machine still works: firm ground 0.02 to 0.1, a slope of 15 degrees
under load 0.15, loose sand 0.25; downhill and with the tool pulling it may be negative. Beyond, the tracks dig."""
SPAN_S = 8.0
STEP_S = 1.0
STEP_FREE_M, STEP_SIGMAS, STEP_PER_WAY, STEP_PER_TURN_M = 0.02, 4.5, 0.03, 0.08
"""A step along the way, between the middles of two seconds in a row: 6 cm at 2 cm and 10 Hz, of which noise makes 9 mm
(1-sigma), and what slip may change."""
ASIDE_FREE_M, ASIDE_PER_WAY = 0.01, 0.0175
"""The same aside, where no slip goes: a heading that is off by 2 degrees, over one of the two seconds."""
STRAIGHT_M = 0.02
"""A shorter way has no direction."""
MEAN_S = 0.25
STUCK_FREE_M, STUCK_SIGMAS, STUCK_WAY = 0.01, 4.5, 1.5
STANDS_WAY_M, STANDS_RATIO = 0.08, 0.5
LEAP_FREE_M, LEAP_SIGMAS = 0.02, 3.0
STRAIGHT_RATIO = 0.9
BEFORE_S = 2.0
LIVES_S, LIVES_MIN, LIVES_RATIO = 2.0, 6, 0.4
LIVES_WAY_M = 0.5

Samples = tuple[PlaceSample, ...]


class Standstill(msgspec.Struct, frozen=True, gc=False):
    """Since when the place stands, the belts' way then, and where the filter would be had it gone on reckoning."""

    time_s: float
    belt_m: float
    held_m: tuple[float, float]


def added(samples: Samples, sample: PlaceSample) -> Samples:
    """The track with its newest sample, as long as it is looked back."""
    oldest_s = sample[0] - SPAN_S
    return (*(samples if not samples or samples[0][0] >= oldest_s else samples[1:]), sample)


def _beyond_m(samples: Sequence[PlaceSample]) -> tuple[float, float]:
    """What the receiver shows beyond what was reckoned: the median, which a few outliers do not move."""
    east_m = statistics.median(sample[1] - sample[5][0] for sample in samples)
    return east_m, statistics.median(sample[2] - sample[5][1] for sample in samples)


def _first(samples: Samples, holds: Callable[[PlaceSample], bool]) -> int:
    """Index of the oldest of the newest samples in a row for which it holds."""
    index = len(samples)
    while index and holds(samples[index - 1]):
        index -= 1
    return index


def stepped(samples: Samples, sigma_m: float) -> bool:
    """Between the last second and the one before, the receiver moved in a way that belts and gyro do not know."""
    now_s = samples[-1][0]
    half = _first(samples, lambda sample: sample[0] > now_s - STEP_S)
    start = _first(samples[:half], lambda sample: sample[0] > now_s - 2.0 * STEP_S)
    count = min(len(samples) - half, half - start)
    if count == 0 or samples[start][0] > now_s - 1.5 * STEP_S:
        return False
    (east0, north0), (east1, north1) = _beyond_m(samples[start:half]), _beyond_m(samples[half:])
    begin, now = samples[start][5], samples[-1][5]
    way_m = abs(now[2] - begin[2])
    noise_m = STEP_SIGMAS * sigma_m * math.sqrt(2.0 / count) + STEP_PER_TURN_M * abs(now[3] - begin[3])
    along_m = STEP_FREE_M + noise_m + STEP_PER_WAY * way_m
    aside_m = ASIDE_FREE_M + noise_m + ASIDE_PER_WAY * way_m
    return _beyond_ellipse((east1 - east0, north1 - north0), (now[0] - begin[0], now[1] - begin[1]), along_m, aside_m)


def _beyond_ellipse(step_m: tuple[float, float], run_m: tuple[float, float], along_m: float, aside_m: float) -> bool:
    """Further than allowed along the way that was reckoned, or aside of it; in every direction alike where none was."""
    way_m = math.hypot(*run_m)
    if way_m < STRAIGHT_M:
        return math.hypot(*step_m) > along_m
    forth_m = (step_m[0] * run_m[0] + step_m[1] * run_m[1]) / way_m
    left_m = (step_m[1] * run_m[0] - step_m[0] * run_m[1]) / way_m
    return math.hypot(forth_m / along_m, left_m / aside_m) > 1.0


def held(samples: Samples, x_m: tuple[float, float]) -> tuple[float, tuple[float, float]]:
    """The filter's place of two seconds ago, reckoned on to now, and the time of it: nothing new has touched it."""
    now = samples[-1]
    for sample in reversed(samples):
        if sample[0] <= now[0] - BEFORE_S:
            return sample[0], _reckoned(sample, now)
    return samples[0][0], _reckoned(samples[0], now) if len(samples) > 1 else x_m


def _reckoned(sample: PlaceSample, now: PlaceSample) -> tuple[float, float]:
    return sample[3] + now[5][0] - sample[5][0], sample[4] + now[5][1] - sample[5][1]


def stuck_since(samples: Samples, sigma_m: float) -> Standstill | None:
    """The place stands while the belts run: over the shortest way on which noise cannot look like that.

    It is held against where the filter was then, which no outlier has moved. What went back further is no standstill.
    """
    noise_m = _noise_m(samples, sigma_m)
    way_m = STUCK_WAY * noise_m / (1.0 - SLIP_MAX)
    stretch = _stretch(samples, way_m)
    if stretch is None:
        return None
    lacks_m = _lacks_m(stretch, (stretch.start[3], stretch.start[4]), samples)
    stood = lacks_m > noise_m and not _leapt(stretch, samples, sigma_m)
    return _standstill(stretch, samples) if stood else None


def stands(samples: Samples, sigma_m: float) -> Standstill | None:
    """Where something is known to be wrong: whether it looks as if the place stood, rather than stepped."""
    stretch = _stretch(samples, STANDS_WAY_M)
    if stretch is None:
        return None
    lacks_m = _lacks_m(stretch, _there_m(stretch, samples), samples)
    least_m = STANDS_RATIO * (1.0 - SLIP_MAX) * STANDS_WAY_M
    stood = lacks_m > least_m and not _leapt(stretch, samples, sigma_m)
    return _standstill(stretch, samples) if stood else None


def _leapt(stretch: "_Stretch", samples: Samples, sigma_m: float) -> bool:
    """From one epoch to the next the place went back further than noise goes: it stepped, it did not stand."""
    run_m = math.hypot(*stretch.run_m)
    east, north = stretch.run_m[0] / run_m, stretch.run_m[1] / run_m
    pairs = itertools.pairwise(samples[stretch.index :])
    back_m = max((one[1] - other[1]) * east + (one[2] - other[2]) * north for one, other in pairs)
    return back_m > LEAP_FREE_M + LEAP_SIGMAS * sigma_m


def _standstill(stretch: "_Stretch", samples: Samples) -> Standstill:
    """From two seconds before on, which the standstill has not touched."""
    time_s, held_m = held(samples[: stretch.index + 1], (0.0, 0.0))
    begin, now = samples[stretch.index], samples[-1]
    run_m = now[5][0] - begin[5][0], now[5][1] - begin[5][1]
    return Standstill(time_s, stretch.start[5][2], (held_m[0] + run_m[0], held_m[1] + run_m[1]))


def _there_m(stretch: "_Stretch", samples: Samples) -> tuple[float, float]:
    """Where the receiver was when the stretch began."""
    return centre_m(samples[max(0, stretch.index - len(_newest(samples)) + 1) : stretch.index + 1])


class _Stretch(msgspec.Struct, frozen=True, gc=False):
    """From a sample to the newest: the way reckoned, and the belts' own."""

    start: PlaceSample
    index: int
    run_m: tuple[float, float]
    belts_m: float


def _newest(samples: Samples) -> Samples:
    now_s = samples[-1][0]
    return samples[_first(samples, lambda sample: sample[0] > now_s - MEAN_S) :]


def _noise_m(samples: Samples, sigma_m: float) -> float:
    return STUCK_FREE_M + STUCK_SIGMAS * sigma_m * math.sqrt(2.0 / len(_newest(samples)))


def _stretch(samples: Samples, way_m: float) -> _Stretch | None:
    """The newest one of so much way; None where there is none, or a pivot or a turn back, which go nowhere."""
    now, index = samples[-1], len(samples) - 1
    belts_now_m = now[5][2]
    while index >= 0 and abs(belts_now_m - samples[index][5][2]) < way_m:
        index -= 1
    if index < 0:
        return None
    start = samples[index]
    run_m = now[5][0] - start[5][0], now[5][1] - start[5][1]
    belts_m = abs(now[5][2] - start[5][2])
    straight = math.hypot(*run_m) >= STRAIGHT_RATIO * (1.0 - SLIP_MAX) * belts_m
    return _Stretch(start, index, run_m, belts_m) if straight else None


def _lacks_m(stretch: _Stretch, from_m: tuple[float, float], samples: Samples) -> float:
    """What of the least way that the belts must have made the place did not go."""
    newest = _newest(samples)
    east_m, north_m = centre_m(newest)
    run_m = math.hypot(*stretch.run_m)
    way_m = (east_m - from_m[0]) * stretch.run_m[0] + (north_m - from_m[1]) * stretch.run_m[1]
    late_m = abs(samples[-1][5][2] - newest[0][5][2]) / 2.0
    return (1.0 - SLIP_MAX) * (stretch.belts_m - late_m) - way_m / run_m


def centre_m(samples: Sequence[PlaceSample]) -> tuple[float, float]:
    """Where the receiver was over these epochs, on the mean."""
    count = len(samples)
    return sum(sample[1] for sample in samples) / count, sum(sample[2] for sample in samples) / count


def lives(samples: Samples, sigma_m: float, *, resting: bool) -> bool:
    """A place that stood is alive again: at rest it shows noise of its sigma, driven it follows half a metre."""
    if not resting:
        stretch = _stretch(samples, LIVES_WAY_M)
        if stretch is None:
            return False
        return _lacks_m(stretch, _there_m(stretch, samples), samples) <= _noise_m(samples, sigma_m)
    now_s = samples[-1][0]
    newest = samples[_first(samples, lambda sample: sample[0] > now_s - LIVES_S) :]
    if len(newest) < LIVES_MIN or newest[0][5][2] != newest[-1][5][2]:
        return False
    east_m = statistics.pstdev(sample[6][0] for sample in newest)
    north_m = statistics.pstdev(sample[6][1] for sample in newest)
    return math.hypot(east_m, north_m) >= LIVES_RATIO * math.sqrt(2.0) * sigma_m
