"""The vehicle as ground stations know one: ArduRover's mode numbers, armed or not, state, obstacles to arming.

Stations do not support a generic autopilot well (`docs/OPERATOR_LINK.md`). Nothing inside the vehicle depends on these
numbers.
"""

from typing import Any

import msgspec

from firmware_bridge.mavlink import _dialect as d
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.messages import ACTIVE_MODES, AUTO_MODES, MissionPhase, Mode, VehicleReport
from vehicle.operator_link.words import (
    OBSTACLES,
    PASSING,
    RETREAT,
    WAITS,
    WANT_ACKNOWLEDGE,
    station_text,
    waiting_text,
)

Message = tuple[str, dict[str, Any]]
"""Name and fields of a MAVLink message; what is not named is zero."""
Cause = tuple[str, int]
"""A reason that stops, and since when [ns]."""

MANUAL, HOLD, LOITER, AUTO = d.ROVER_MODE_MANUAL, d.ROVER_MODE_HOLD, d.ROVER_MODE_LOITER, d.ROVER_MODE_AUTO
RTL, SMART_RTL, GUIDED = d.ROVER_MODE_RTL, d.ROVER_MODE_SMART_RTL, d.ROVER_MODE_GUIDED
INITIALISING = d.ROVER_MODE_INITIALIZING

ARMED_MODES = frozenset({Mode.READY, *ACTIVE_MODES})
STOPPED_MODES = frozenset({Mode.STOPPING, Mode.HOLD, Mode.FAULT})

_CUSTOM_MODES = {
    Mode.BOOT: INITIALISING,
    Mode.AUTO_MOVE: AUTO,
    Mode.AUTO_WORK: AUTO,
    Mode.STOPPING: HOLD,
    Mode.HOLD: HOLD,
    Mode.ESTOP: HOLD,
    Mode.FAULT: HOLD,
    Mode.RECOVERY: SMART_RTL,
    Mode.WAIT: LOITER,
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
    (GUIDED, "Guided (refused)", d.MAV_STANDARD_MODE_NON_STANDARD, d.MAV_MODE_PROPERTY_NOT_USER_SELECTABLE),
    (INITIALISING, "Starting", d.MAV_STANDARD_MODE_NON_STANDARD, d.MAV_MODE_PROPERTY_NOT_USER_SELECTABLE),
)
"""Number, own name, standard mode, properties; in the order of AVAILABLE_MODES."""
STANDARD_MODES = {standard: number for number, _, standard, _ in MODES if standard}
TOLD_NS = 500_000_000
"""Nobody reads a text and answers it faster."""
RADIO_ESTOP = "estop_console"
"""The reason of an emergency stop by radio, from whichever station."""
HEARD_S = 0.5
"""A holder that was not heard for so long may be followed by another."""


class Lists(msgspec.Struct, frozen=True):
    """The stations' lists as others see them: their names, 0 for an empty one, and the items of the mission.

    `no_start`: why no mission can be started, or "".
    """

    mission_id: int = 0
    fence_id: int = 0
    rally_points_id: int = 0
    total: int = 0
    current: int = 0
    reached: int = 0
    no_start: str = ""


class VehicleView(msgspec.Struct, frozen=True, kw_only=True):
    """What the services know of the vehicle; `report` is None until the first tick has reported.

    `idle_mode`: the mode that a station chose while nothing moves; it is shown and moves nothing. `stop_tick`: the
    loop's tick when the last stop was accepted; a report of that tick or before does not know of the stop. `since_ns`:
    when each of `stops` was first reported, or pressed again. `pulses`: channels 1 to 18 of the holder's overrides
    [us], 65535 if unused.
    """

    datum: LocalFrame
    report: VehicleReport | None = None
    lists: Lists = Lists()
    idle_mode: int = MANUAL
    stop_tick: int = -1
    since_ns: dict[str, int] = {}
    pulses: tuple[int, ...] = ()
    bench: bool = False
    now_ns: int = 0
    utc_us: int = 0

    @property
    def mode(self) -> Mode:
        """The vehicle's own mode."""
        return self.report.gate.mode if self.report is not None else Mode.BOOT

    @property
    def fresh(self) -> bool:
        """The report was made after the last stop that was accepted; before, nothing is decided by it."""
        return self.report is not None and self.report.tick > self.stop_tick

    @property
    def armed(self) -> bool:
        """One act away from motion, or in it."""
        return self.mode in ARMED_MODES

    @property
    def due(self) -> bool:
        """A stop waits to be acknowledged and reset; a station does both by a disarm."""
        return self.report is not None and self.report.gate.due

    @property
    def shows_armed(self) -> bool:
        """The armed bit; also until a stop is acknowledged: they offer a disarm, the way out, only while it is set."""
        return self.armed or self.due

    @property
    def stops(self) -> frozenset[str]:
        """Reasons in force or of the stop under way that do not go by themselves."""
        return frozenset(self.report.gate.reasons) - PASSING if self.report is not None else frozenset()

    @property
    def stopped_by(self) -> str:
        """The reason of the stop under way; "" without one."""
        return self.report.gate.stop_reason if self.report is not None else ""

    @property
    def time_ms(self) -> int:
        """Since the start, as messages carry it; it begins anew after 49.7 days, and nothing is decided by it."""
        return self.now_ns // 1_000_000 & 0xFFFFFFFF

    @property
    def causes(self) -> frozenset[Cause]:
        """The stops, each with the time since when: one that went and came again is another."""
        return frozenset((name, self.since_ns.get(name, self.now_ns)) for name in self.stops)

    @property
    def told(self) -> frozenset[str]:
        """Those that were reported so long ago that a hand can have answered them."""
        return frozenset(name for name, _ in self.told_to(0))

    def told_to(self, met_ns: int) -> frozenset[Cause]:
        """The same for a station that is there since `met_ns`, and was told of none before."""
        return frozenset(cause for cause in self.causes if self.now_ns - max(cause[1], met_ns) >= TOLD_NS)

    def pressed_anew(self, tick: int, *, emergency: bool) -> "VehicleView":
        """After a stop was accepted: what was told of an earlier emergency stop is not told of this one."""
        known = {name: since for name, since in self.since_ns.items() if not (emergency and name == RADIO_ESTOP)}
        return msgspec.structs.replace(self, stop_tick=tick, since_ns=known)

    def reported(self, report: VehicleReport, lists: Lists) -> "VehicleView":
        """With the newest report; what came again while it waited for an acknowledgement was told to nobody."""
        again = self.report is not None and report.latch_tick != self.report.latch_tick
        known = {} if again else self.since_ns
        after = msgspec.structs.replace(self, report=report, lists=lists)
        since_ns = {name: known.get(name, self.now_ns) for name in after.stops}
        return msgspec.structs.replace(after, since_ns=since_ns)

    @property
    def waits_for_acknowledge(self) -> bool:
        """One of them is left only by an acknowledgement."""
        return not self.stops.isdisjoint(WANT_ACKNOWLEDGE)

    @property
    def custom_mode(self) -> int:
        """The ArduRover number that stations are shown."""
        if self.mode is Mode.MANUAL and self.idle_mode in (HOLD, LOITER):
            return MANUAL
        return _CUSTOM_MODES.get(self.mode, self.idle_mode)

    @property
    def base_mode(self) -> int:
        """MAV_MODE_FLAG bits."""
        armed = d.MAV_MODE_FLAG_SAFETY_ARMED if self.shows_armed else 0
        return d.MAV_MODE_FLAG_CUSTOM_MODE_ENABLED | armed | _MODE_FLAGS.get(self.custom_mode, 0)

    @property
    def system_status(self) -> int:
        """MAV_STATE."""
        if self.mode is Mode.BOOT:
            return d.MAV_STATE_BOOT
        if self.mode is Mode.ESTOP:
            return d.MAV_STATE_EMERGENCY
        if self.mode in (Mode.STOPPING, Mode.FAULT) or self.due:
            return d.MAV_STATE_CRITICAL
        return d.MAV_STATE_ACTIVE if self.armed else d.MAV_STATE_STANDBY

    @property
    def holder(self) -> int:
        """System id of the station that holds the lease; 0 = none."""
        return self.report.gate.lease_holder if self.report is not None else 0

    def held_by_another(self, station_id: int) -> bool:
        """A station that is heard holds the lease, and it is not this one."""
        report = self.report
        return report is not None and self.holder not in (0, station_id) and report.gate.operator_age_s < HEARD_S

    @property
    def mission_running(self) -> bool:
        """A mission drives; in a WAIT it stands."""
        return self.mode in AUTO_MODES

    @property
    def start_blocked(self) -> str:
        """Why the mission would not begin from here."""
        return self.report.start_blocked if self.report is not None else ""

    @property
    def nothing_to_start(self) -> str:
        """Why a console's start leads nowhere; "" while the vehicle holds a plan, whatever is to come after it."""
        return self.lists.no_start if self.report is None or not self.report.segment_count else ""

    @property
    def paused(self) -> bool:
        """A mission was begun and waits, stopped or in a WAIT."""
        return self.report is not None and (self.report.phase is MissionPhase.PAUSED or self.mode is Mode.WAIT)

    def words(self, name: str) -> str:
        """A reason as a station is told of it; in a WAIT nothing has stopped yet, and no disarm is asked for."""
        return waiting_text(name) if self.mode is Mode.WAIT and name in WAITS else station_text(name)

    def standing_texts(self) -> list[Message]:
        """Why it stands stopped, for a station that was not there when it was said."""
        return [
            ("STATUSTEXT", {"severity": d.MAV_SEVERITY_WARNING, "text": self.words(name)})
            for name in sorted(self.stops)
        ]

    def obstacles(self) -> tuple[str, ...]:
        """What stands against arming, worst first, in a station's words."""
        report = self.report
        if report is None:
            return ("No report from the vehicle yet",)
        if self.due and report.gate.stop_reason:
            return (self.words(report.gate.stop_reason),)
        if self.due:
            return ("Stopped. Disarm, then arm",)
        return tuple(self.words(name) for name in report.gate.reasons if name in OBSTACLES)

    def backs_out_only(self) -> tuple[str, ...]:
        """Why an armed vehicle would not drive but back along its track."""
        reasons = self.report.gate.reasons if self.report is not None else ()
        return tuple(self.words(name) for name in reasons if name in RETREAT)
