"""Silent errors of machine, receiver and base, which nothing on the machine has to contradict; what each one sets.

Each has a direction and a size, drawn from a range that reaches beyond what is promised (`inside`). One that `lasts` is
still there when the team makes its checks; any other has ended by then, so that no check can find it.
"""

import math
from collections.abc import Callable

import msgspec

from campaign.fault_scenario import FaultScenario
from firmware_bridge.types import FixType
from vehicle.contracts.units import TICK_S


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One error as drawn: `size` in the unit of its kind, `side_rad` its direction, `rate` 0 to 1 its growth."""

    kind: str
    size: float
    side_rad: float
    rate: float


AT_SPEED_RATIO = 0.98
JITTER_RADPS = 0.15
"""At most; the noise of a living sensor is 0.1 rad/s (`SensorParams.rotor_sigma_radps`)."""

Act = Callable[[FaultScenario, Told], None]


def _nothing(_drill: FaultScenario, _told: Told) -> None:
    """Do nothing: the error is set in each tick, or ends by itself."""


class Lie(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of error. `rows`: of the fault catalogue.

    `each` is called in every tick. `least`..`most`: sizes for which no false credit is promised, with a `rate` of up to
    `rate_most`; `beyond` says in words what a higher one is. `afloat`: an error
    that begins at a standstill, and before it the receiver is in float. `bounded_by`: the check that finds what is left
    of it.
    """

    name: str
    rows: tuple[int, ...]
    title: str
    unit: str
    low: float
    high: float
    least: float = 0.0
    most: float = math.inf
    rate_most: float = 1.0
    beyond: str = ""
    begin: Act = _nothing
    each: Act | None = None
    end: Act = _nothing
    lasts: bool = True
    afloat: bool = False
    whole: bool = False
    bounded_by: str

    @property
    def bounds_credit(self) -> bool:
        """Whether the error can make false credit; an error of the line can only cause stops."""
        return self.name not in LINE

    def inside(self, size: float, rate: float) -> bool:
        """Whether no false credit is promised for this size and rate."""
        return self.least <= size <= self.most and rate <= self.rate_most


def _vector_m(told: Told) -> tuple[float, float]:
    return told.size * math.cos(told.side_rad), told.size * math.sin(told.side_rad)


def _signed(told: Told) -> float:
    return math.copysign(told.size, math.cos(told.side_rad))


def _wrong_fix(drill: FaultScenario, told: Told) -> None:
    drill.world.gnss.wrong_fix_m = _vector_m(told)


def _right_fix(drill: FaultScenario, _told: Told) -> None:
    drill.world.gnss.wrong_fix_m = (0.0, 0.0)


def _base_moved(drill: FaultScenario, told: Told) -> None:
    drill.world.gnss.jump_m = _vector_m(told)


def _base_drifts(drill: FaultScenario, told: Told) -> None:
    east_m, north_m = drill.world.gnss.jump_m
    off_m = told.size / 100.0 / 60.0 * TICK_S
    drill.world.gnss.jump_m = (east_m + off_m * math.cos(told.side_rad), north_m + off_m * math.sin(told.side_rad))


def _base_stands(drill: FaultScenario, _told: Told) -> None:
    drill.world.gnss.jump_m = (0.0, 0.0)


def _place_scaled(drill: FaultScenario, told: Told) -> None:
    """Let the place go so much further, or less far, along the way than the machine; the speed stays true."""
    tracks = drill.world.tracks
    east_m, north_m = drill.world.gnss.jump_m
    off_m = _signed(told) / 100.0 * tracks.speed_mps * TICK_S
    drill.world.gnss.jump_m = (east_m + off_m * math.cos(tracks.yaw_rad), north_m + off_m * math.sin(tracks.yaw_rad))


def _stuck(drill: FaultScenario, told: Told) -> None:
    gnss = drill.world.gnss
    gnss.frozen, gnss.jitter_m, gnss.speed_frozen = True, told.size, told.rate < 0.5


def _lives(drill: FaultScenario, _told: Told) -> None:
    gnss = drill.world.gnss
    gnss.frozen, gnss.jitter_m, gnss.speed_frozen = False, 0.0, False


def _heading_stuck(drill: FaultScenario, told: Told) -> None:
    drill.world.gnss.heading_frozen, drill.world.gnss.heading_jitter_rad = True, math.radians(told.size)


def _heading_lives(drill: FaultScenario, _told: Told) -> None:
    drill.world.gnss.heading_frozen, drill.world.gnss.heading_jitter_rad = False, 0.0


def _heading_off(drill: FaultScenario, told: Told) -> None:
    drill.world.gnss.heading_jump_rad = math.radians(_signed(told))


def _heading_ramps(drill: FaultScenario, told: Told) -> None:
    """Grow to the size within 1 to 60 s."""
    gnss, wanted_rad = drill.world.gnss, math.radians(_signed(told))
    step_rad = abs(wanted_rad) / 60.0**told.rate * TICK_S
    left_rad = wanted_rad - gnss.heading_jump_rad
    gnss.heading_jump_rad += math.copysign(min(step_rad, abs(left_rad)), left_rad)


def _heading_right(drill: FaultScenario, _told: Told) -> None:
    drill.world.gnss.heading_jump_rad = 0.0


def _rolled(drill: FaultScenario, told: Told) -> None:
    drill.world.imu.tilt_offset_rad = (_signed(told), 0.0)


def _level(drill: FaultScenario, _told: Told) -> None:
    drill.world.imu.tilt_offset_rad = (0.0, 0.0)


def _antenna_off(drill: FaultScenario, told: Told) -> None:
    drill.world.gnss.lever_off_m = _vector_m(told)


def _antenna_right(drill: FaultScenario, _told: Told) -> None:
    drill.world.gnss.lever_off_m = (0.0, 0.0)


def _depth_off(drill: FaultScenario, told: Told) -> None:
    drill.world.tool_sensors.depth_offset_m = told.size


def _depth_right(drill: FaultScenario, _told: Told) -> None:
    drill.world.tool_sensors.depth_offset_m = 0.0


def _hammers_lost(drill: FaultScenario, told: Told) -> None:
    missing = int(told.size) - len(drill.world.flail.lost_hammers)
    if missing > 0:
        drill.world.flail.lose_hammers(missing)


def _hammers_new(drill: FaultScenario, _told: Told) -> None:
    drill.world.flail.lost_hammers = ()


def _rotor_slow(drill: FaultScenario, told: Told) -> None:
    """From the working speed on the sensor stands and the drive falls short; `rate`: from half on it jitters, too."""
    sensors, flail = drill.world.tool_sensors, drill.world.flail
    if sensors.rotor_frozen or sensors.rotor_radps < AT_SPEED_RATIO * flail.working_radps:
        return
    sensors.rotor_frozen, sensors.rotor_jitter_radps = True, JITTER_RADPS * max(0.0, 2.0 * told.rate - 1.0)
    flail.drive_speed_ratio = 1.0 - told.size / 100.0


def _rotor_right(drill: FaultScenario, _told: Told) -> None:
    drill.world.tool_sensors.rotor_frozen, drill.world.tool_sensors.rotor_jitter_radps = False, 0.0
    drill.world.flail.drive_speed_ratio = 1.0


def _line_slow(drill: FaultScenario, told: Told) -> None:
    """Delay the line by this in both directions together; `rate`: the share on the way to the controller."""
    ticks = told.size / 1000.0 / TICK_S
    drill.line.down_ticks = round(told.rate * ticks)
    drill.line.up_ticks = round((1.0 - told.rate) * ticks)


def _line_quick(drill: FaultScenario, _told: Told) -> None:
    drill.line.down_ticks = drill.line.up_ticks = 0


def _commands_cut(drill: FaultScenario, told: Told) -> None:
    """Lose all commands for this time, once in 20 s."""
    drill.line.down_cut = drill.ticks % round(20.0 / TICK_S) < told.size / TICK_S


def _commands_pass(drill: FaultScenario, _told: Told) -> None:
    drill.line.down_cut = False


LINE = ("line_delay", "commands_cut")


_ALL = (
    Lie(
        name="wrong_fix",
        rows=(45,), title="wrong fix that lasts", unit="m", low=0.02, high=2.0, least=0.10, begin=_wrong_fix,
        end=_right_fix, lasts=False, afloat=True, bounded_by="dead reckoning, two new fixes or a known mark",
    ),
    Lie(
        name="base_moved",
        rows=(47,), title="base moved, same id", unit="m", low=0.005, high=2.0, begin=_base_moved,
        end=_base_stands, afloat=True, bounded_by="closing check of the base",
    ),
    Lie(
        name="base_drift",
        rows=(46,), title="base that drifts", unit="cm/min", low=0.1, high=12.0, most=3.0, each=_base_drifts,
        end=_base_stands, bounded_by="closing check of the base",
    ),
    Lie(
        name="place_scaled",
        rows=(46,), title="place off along the way by", unit="%", low=0.5, high=40.0, each=_place_scaled,
        end=_base_stands, bounded_by="the receiver's own speed; closing check of the base",
    ),
    Lie(
        name="stuck",
        rows=(55,), title="position stuck, jitter", unit="m", low=1e-4, high=0.05, most=0.005, begin=_stuck,
        end=_lives, lasts=False, bounded_by="belts against place; a stop within 0.5 m",
    ),
    Lie(
        name="heading_stuck",
        rows=(55,), title="heading stuck, jitter", unit="deg", low=1e-3, high=0.3, most=0.01,
        begin=_heading_stuck, end=_heading_lives, lasts=False, bounded_by="gyro and course over ground",
    ),
    Lie(
        name="heading_ramp",
        rows=(49,), title="heading that drifts to", unit="deg", low=0.05, high=8.0, most=3.0,
        each=_heading_ramps, end=_heading_right, bounded_by="daily check",
    ),
    Lie(
        name="heading_offset",
        rows=(49,), title="heading off by", unit="deg", low=0.05, high=8.0, most=3.0, begin=_heading_off,
        end=_heading_right, bounded_by="daily check",
    ),
    Lie(
        name="roll_offset",
        rows=(53,), title="tilt sensor off by", unit="rad", low=0.001, high=0.25, most=0.1, begin=_rolled,
        end=_level, bounded_by="daily check",
    ),
    Lie(
        name="lever_arm",
        rows=(45,), title="antenna moved by", unit="m", low=0.005, high=0.3, most=0.10, begin=_antenna_off,
        end=_antenna_right, bounded_by="daily check",
    ),
    Lie(
        name="depth_offset",
        rows=(62,), title="depth reads too deep by", unit="m", low=0.003, high=0.2, most=0.10,
        begin=_depth_off, end=_depth_right, bounded_by="depth reading",
    ),
    Lie(
        name="hammers",
        rows=(63,), title="hammers lost", unit="", low=1.0, high=12.0, most=6.0, begin=_hammers_lost,
        end=_hammers_new, whole=True, bounded_by="hammer count",
    ),
    Lie(
        name="rotor_slow",
        rows=(59,), title="rotor's sensor stands, rotor slower by", unit="%", low=2.0, high=80.0, least=20.0,
        rate_most=0.6, beyond="jitters by more than 0.03 rad/s, as a living one does", each=_rotor_slow,
        end=_rotor_right, bounded_by="scatter of its speed; the engine's power",
    ),
    Lie(
        name="line_delay",
        rows=(34,), title="line delay", unit="ms", low=20.0, high=600.0, begin=_line_slow, end=_line_quick,
        lasts=False, bounded_by="the controller's clock",
    ),
    Lie(
        name="commands_cut",
        rows=(34,), title="commands cut for", unit="s", low=0.02, high=5.0, each=_commands_cut,
        end=_commands_pass, lasts=False, bounded_by="the controller's lease",
    ),
)  # fmt: skip
LIES: dict[str, Lie] = {lie.name: lie for lie in _ALL}


def begin(drill: FaultScenario, told: Told) -> None:
    """Begin the error."""
    LIES[told.kind].begin(drill, told)


def each(drill: FaultScenario, told: Told) -> None:
    """Apply the error in one tick."""
    act = LIES[told.kind].each
    if act is not None:
        act(drill, told)


def end(drill: FaultScenario, told: Told) -> None:
    """End the error."""
    LIES[told.kind].end(drill, told)


def afloat(drill: FaultScenario, *, floats: bool) -> None:
    """Put the receiver in RTK float, or back in RTK fixed."""
    drill.world.gnss.fix = FixType.RTK_FLOAT if floats else FixType.RTK_FIXED
