"""Whether the shown speed of a rotor at work is that of a rotor: it must scatter, and the engine must give its power.

A sensor that stands goes on showing the working speed while the drive loses its power. Two things tell of it:

1 the speed of a rotor that cuts or runs down never rests: in two seconds of that it goes up and down by a few times its
  sensor's noise;
2 shaft power is torque times speed. Where the engine gives clearly less than that power asks for, beside what it takes
  to turn the rotor in the air, the rotor is slower than shown. This is looked at while the shown speed would count as
  worked, the tool is in the ground and the belts move.

A rotor that turns on the spot or in the air cuts nothing, and its speed may rest: such time counts neither for nor
against a sensor, and a status that does not come is no sign of life. So a sensor that stood a moment before a stop is
found when the rotor should run down, and one that stood before the end of a swath in the next one. What was found stays
until the tool leaves the ground while the rotor is to turn, or the shown speed falls.
"""

import math
from typing import Final

from msgspec.structs import replace

from firmware_bridge.types import ControllerStatus
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.engine_start import ROTOR_RESTS_RATIO
from vehicle.contracts.units import TICK_NS
from vehicle.control.safety.tracks import STANDSTILL_MPS
from vehicle.control.state import RotorWatch

STILL_TICKS: Final = 100
STILL_RADPS: Final = 0.2
"""The shown speed stands while its readings stay within this span; the next one beyond begins it anew. What is held is
found after two seconds of cutting or running down, what jitters within the span after four at most. A hundred readings
with noise of 0.1 rad/s (the simulated sensor's) span 0.5 rad/s; that they span 0.2, twice the noise, has a chance of
1e-15. Unverified for a real sensor: one that is coarser than 0.1 rad/s cannot be told from one that stands."""
MEAN_TICKS: Final = 50
SHORT_RATIO: Final = 0.9
SHORT_FREE_RATIO: Final = 0.01
"""The engine must give nine tenths of the power that torque and speed show, less 1 % of its full power. Simulated
gauges agree within 0.5 % at steady work; those of a machine may be a tenth apart."""
SHORT_TICKS: Final = 150
"""For three seconds on end: an engine's load follows the torque late, by 1.3 s when a tool enters the ground."""
CUTS_MPS: Final = 0.01
"""Slower belts carry the tool no further than 2 cm in the time that a look takes: it cuts nothing. At 0.05 m/s, where a
machine counts as standing elsewhere, soil is still worked and credited."""
FULL_RATIO: Final = 0.98
"""A load at its end tells no more."""


def follow(
    old: RotorWatch, status: ControllerStatus | None, config: VehicleConfig, tick: int, now_ns: int, *, asked: bool
) -> RotorWatch:
    """One tick further; `status` is None where it is stale. `asked`: the rotor was told to turn."""
    tool = config.machine.tool
    if tool.rotor_speed_radps == 0.0:
        return RotorWatch(air_ratio=old.air_ratio)
    if status is None:
        return replace(old, shown_ratio=0.0, load_ratio=0.0, short_tick=0, short_t_ns=0)
    ratio = status.rotor_speed_radps / tool.rotor_speed_radps
    shown = _shown_ratio(status, config)
    air_ratio = _air_ratio(old, status, ratio, shown, config)
    if not ratio >= config.mission.rotor_at_speed_ratio:
        return RotorWatch(air_ratio=air_ratio)
    in_ground = status.depth_m > 0.0
    cuts = in_ground and _fastest_mps(status) > CUTS_MPS
    restless = cuts or not asked
    after = replace(_spanned(old, status.rotor_speed_radps, tick, now_ns, restless=restless), air_ratio=air_ratio)
    if cuts:
        after = _powered(old, after, shown, status.engine_load_ratio, tick, now_ns)
    if old.doubt_tick and (in_ground or not asked):
        return replace(after, doubt_tick=old.doubt_tick, doubt_t_ns=old.doubt_t_ns)
    found: list[tuple[int, int]] = []
    if restless and after.restless_ticks >= STILL_TICKS:
        # one that stands and jitters may have begun within the span before, never before that
        found.append((after.before_tick, after.before_t_ns))
    if cuts and tick - after.short_tick >= SHORT_TICKS:
        found.append((after.short_tick, after.short_t_ns))
    if not found:
        return after
    doubt_tick, doubt_t_ns = _doubted_from(*min(found), tick, now_ns)
    return replace(after, doubt_tick=doubt_tick, doubt_t_ns=doubt_t_ns)


def _spanned(old: RotorWatch, speed_radps: float, tick: int, now_ns: int, *, restless: bool) -> RotorWatch:
    """The span of the shown speed with one reading more, and nothing else; `restless`: a rotor's speed cannot rest."""
    low_radps, high_radps, still_tick, before_tick = _span(old, speed_radps, tick)
    times_ns = {old.before_tick: old.before_t_ns, old.still_tick: old.still_t_ns, tick: now_ns}
    return RotorWatch(
        low_radps=low_radps,
        high_radps=high_radps,
        still_tick=still_tick,
        before_tick=before_tick,
        still_t_ns=times_ns[still_tick],
        before_t_ns=times_ns[before_tick],
        restless_ticks=restless + (old.restless_ticks if still_tick == old.still_tick else 0),
    )


def _powered(old: RotorWatch, after: RotorWatch, shown: float, load: float, tick: int, now_ns: int) -> RotorWatch:
    """The balance of power with one reading more: what is asked for, and what the engine gives, of its full power."""
    begins = old.short_tick == 0
    shown_ratio = shown if begins else _mean(old.shown_ratio, shown)
    load_ratio = load if begins else _mean(old.load_ratio, load)
    goes_on = _short(load_ratio, _known(old.air_ratio), shown_ratio) and not begins
    short_tick, short_t_ns = (old.short_tick, old.short_t_ns) if goes_on else (tick, now_ns)
    return replace(after, shown_ratio=shown_ratio, load_ratio=load_ratio, short_tick=short_tick, short_t_ns=short_t_ns)


def _short(load_ratio: float, air_ratio: float, shown_ratio: float) -> bool:
    """The engine gives less than the shown speed asks for; not so where any of it is unknown."""
    return load_ratio < FULL_RATIO and load_ratio - air_ratio < SHORT_RATIO * shown_ratio - SHORT_FREE_RATIO


def _span(old: RotorWatch, speed_radps: float, tick: int) -> tuple[float, float, int, int]:
    """Lowest and highest speed of the span, its first tick, and that of the span before; a scatter begins it anew."""
    low_radps, high_radps = min(old.low_radps, speed_radps), max(old.high_radps, speed_radps)
    if old.still_tick and high_radps - low_radps < STILL_RADPS:
        return low_radps, high_radps, old.still_tick, old.before_tick
    return speed_radps, speed_radps, tick, old.still_tick or tick


def _doubted_from(from_tick: int, from_t_ns: int, tick: int, now_ns: int) -> tuple[int, int]:
    """The first tick in which the sensor may have stood, and its time [ns]: a second of filters and chance earlier.

    Neither is 0, which is no doubt. That second lasted as long as as many ticks did since.
    """
    doubt_tick = max(1, from_tick - MEAN_TICKS)
    slot_ns = max(TICK_NS, -((from_t_ns - now_ns) // (tick - from_tick)))
    return doubt_tick, max(1, from_t_ns - (from_tick - doubt_tick) * slot_ns)


def _shown_ratio(status: ControllerStatus, config: VehicleConfig) -> float:
    """What torque and shown speed ask of the engine, over its full power; NaN where one of them is unknown."""
    taken_w = status.rotor_torque_nm * status.rotor_speed_radps / config.machine.tool.rotor_efficiency_ratio
    return taken_w / config.machine.body.power_w


def _air_ratio(old: RotorWatch, status: ControllerStatus, ratio: float, shown: float, config: VehicleConfig) -> float:
    """The least load, beside the rotor's, that was seen since it rested: at speed, tool in the air, belts at rest."""
    if abs(ratio) <= ROTOR_RESTS_RATIO:
        return math.inf
    stands = _fastest_mps(status) <= STANDSTILL_MPS
    if ratio >= config.mission.rotor_at_speed_ratio and status.depth_m <= 0.0 and stands:
        return min(old.air_ratio, status.engine_load_ratio - shown)
    return old.air_ratio


def _fastest_mps(status: ControllerStatus) -> float:
    """Of the faster belt; NaN where one is unknown."""
    left_mps, right_mps = abs(status.track_left_mps), abs(status.track_right_mps)
    return max(left_mps, right_mps) if left_mps + right_mps >= 0.0 else math.nan


def _known(air_ratio: float) -> float:
    """Without a look in the air nothing is taken off, which can only believe more."""
    return max(0.0, air_ratio) if math.isfinite(air_ratio) else 0.0


def _mean(mean: float, value: float) -> float:
    """One value further; after one that was no number, anew."""
    return value if math.isnan(mean) else mean + (value - mean) / MEAN_TICKS
