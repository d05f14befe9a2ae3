"""The vehicle as ground stations know one: ArduRover mode numbers, armed or not, state, what stands against arming.

Stations know no generic autopilot well (`docs/OPERATOR_LINK.md`); inside, nothing depends on these numbers.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from firmware_bridge.mavlink import _dialect as d
from vehicle.frames import LocalFrame
from vehicle.messages import MissionPhase, Mode, VehicleReport

Message = tuple[str, dict[str, Any]]
"""Name and fields of a MAVLink message; what is not named is zero."""

MANUAL, HOLD, LOITER, AUTO = d.ROVER_MODE_MANUAL, d.ROVER_MODE_HOLD, d.ROVER_MODE_LOITER, d.ROVER_MODE_AUTO
RTL, SMART_RTL, GUIDED = d.ROVER_MODE_RTL, d.ROVER_MODE_SMART_RTL, d.ROVER_MODE_GUIDED
INITIALISING = d.ROVER_MODE_INITIALIZING

ARMED_MODES = frozenset({Mode.READY, Mode.MANUAL, Mode.AUTO_MOVE, Mode.AUTO_WORK, Mode.RECOVERY})
STOPPED_MODES = frozenset({Mode.STOPPING, Mode.HOLD, Mode.FAULT})
AUTO_MODES = frozenset({Mode.AUTO_MOVE, Mode.AUTO_WORK})

_CUSTOM_MODES = {
    Mode.BOOT: INITIALISING,
    Mode.AUTO_MOVE: AUTO,
    Mode.AUTO_WORK: AUTO,
    Mode.STOPPING: HOLD,
    Mode.HOLD: HOLD,
    Mode.ESTOP: HOLD,
    Mode.FAULT: HOLD,
    Mode.RECOVERY: SMART_RTL,
}
_MODE_FLAGS = {
    AUTO: d.MAV_MODE_FLAG_AUTO_ENABLED | d.MAV_MODE_FLAG_GUIDED_ENABLED,
    GUIDED: d.MAV_MODE_FLAG_GUIDED_ENABLED,
    MANUAL: d.MAV_MODE_FLAG_MANUAL_INPUT_ENABLED,
}
MODES: tuple[tuple[int, str, int, int], ...] = (
    (MANUAL, "Manual, hold to run", d.MAV_STANDARD_MODE_NON_STANDARD, 0),
    (HOLD, "Hold", d.MAV_STANDARD_MODE_NON_STANDARD, 0),
    (LOITER, "Loiter (stands still)", d.MAV_STANDARD_MODE_POSITION_HOLD, 0),
    (AUTO, "Lane mission", d.MAV_STANDARD_MODE_MISSION, 0),
    (RTL, "RTL (refused)", d.MAV_STANDARD_MODE_NON_STANDARD, d.MAV_MODE_PROPERTY_NOT_USER_SELECTABLE),
    (SMART_RTL, "Back out along the track", d.MAV_STANDARD_MODE_SAFE_RECOVERY, d.MAV_MODE_PROPERTY_ADVANCED),
    (GUIDED, "Guided (stands still)", d.MAV_STANDARD_MODE_NON_STANDARD, d.MAV_MODE_PROPERTY_ADVANCED),
    (INITIALISING, "Starting", d.MAV_STANDARD_MODE_NON_STANDARD, d.MAV_MODE_PROPERTY_NOT_USER_SELECTABLE),
)
"""Number, own name, standard mode, properties; in the order of AVAILABLE_MODES."""
STANDARD_MODES = {standard: number for number, _, standard, _ in MODES if standard}

# Reasons that a ground station clears by what it does next: they are no obstacle to arming, they are why one arms.
CLEARED_BY_ARMING = frozenset(
    {
        "link_lost",
        "console_frozen",
        "operator_stop",
        "arm_unused",
        "lease_released",
        "mission_left",
        "attention",
        "link_flapping",
        "link_slow",
        "link_ageing",
        "controller_stopped",
        "restarted_in_motion",
    }
)
# What a mission needs and driving by hand does not; the reasons' table gives them as warnings there.
WARNINGS = frozenset(
    {
        "gnss_lost",
        "position_float",
        "position_unproven",
        "position_jump",
        "heading_lost",
        "tool_height_unknown",
        "track_slip",
        "fence",
        "unprocessed_ground",
        "imu_noisy",
        "corrections_old",
        "ticks_late",
        "video_late",
        "hot",
        "console_battery_low",
        "console_tilting",
        "supply_warn",
        "slope_near",
        "second_station",
        "bad_frames",
        "video_stale",
        "console_battery_empty",
        "position_stuck",
        "heading_stuck",
        "heading_disagrees",
        "base_unchecked",
        "check_due",
        "depth_contradicts",
        "depth_check_due",
        "hammer_count_due",
        "status_disorder",
        "impossible_value",
    }
)


class Lists(msgspec.Struct, frozen=True):
    """What the lists of stations are to those who watch: their names, 0 for an empty one, and items of the mission.

    `no_start`: why no mission can be started, "" where one can.
    """

    mission_id: int = 0
    fence_id: int = 0
    rally_points_id: int = 0
    total: int = 0
    current: int = 0
    reached: int = 0
    no_start: str = ""


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """What the services know of the vehicle; `report` is None until the first tick reported.

    `idle_mode` is the mode that a station chose while nothing moves: it shows, and moves nothing.
    """

    datum: LocalFrame
    reason_text: Callable[[str], str]
    report: VehicleReport | None = None
    lists: Lists = Lists()
    idle_mode: int = MANUAL
    bench: bool = False
    time_ms: int = 0
    utc_us: int = 0

    @property
    def mode(self) -> Mode:
        """The vehicle's own mode."""
        return self.report.gate.mode if self.report is not None else Mode.BOOT

    @property
    def armed(self) -> bool:
        """One act away from motion, or in it."""
        return self.mode in ARMED_MODES

    @property
    def custom_mode(self) -> int:
        """The ArduRover number that stations are shown."""
        return _CUSTOM_MODES.get(self.mode, self.idle_mode)

    @property
    def base_mode(self) -> int:
        """MAV_MODE_FLAG bits."""
        armed = d.MAV_MODE_FLAG_SAFETY_ARMED if self.armed else 0
        return d.MAV_MODE_FLAG_CUSTOM_MODE_ENABLED | armed | _MODE_FLAGS.get(self.custom_mode, 0)

    @property
    def system_status(self) -> int:
        """MAV_STATE."""
        if self.mode is Mode.BOOT:
            return d.MAV_STATE_BOOT
        if self.mode is Mode.ESTOP:
            return d.MAV_STATE_EMERGENCY
        if self.mode in (Mode.STOPPING, Mode.FAULT):
            return d.MAV_STATE_CRITICAL
        return d.MAV_STATE_ACTIVE if self.armed else d.MAV_STATE_STANDBY

    @property
    def holder(self) -> int:
        """System id of the station that holds the lease; 0 = none."""
        return self.report.gate.lease_holder if self.report is not None else 0

    @property
    def mission_running(self) -> bool:
        """A lane mission drives."""
        return self.mode in AUTO_MODES

    @property
    def paused(self) -> bool:
        """A mission was begun and waits."""
        return self.report is not None and self.report.phase is MissionPhase.PAUSED

    def obstacles(self) -> tuple[str, ...]:
        """What stands against arming, worst first, in the words of the reasons' table."""
        if self.report is None:
            return ("No report from the vehicle's loop yet.",)
        names = [name for name in self.report.gate.reasons if name not in CLEARED_BY_ARMING | WARNINGS]
        return tuple(self.reason_text(name) for name in names)
