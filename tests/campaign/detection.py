"""How the vehicle notices each fault of the catalogue, and what it does where no reason stands for the fault.

Numbers come from the constants of the code, so that a page made of this text cannot disagree with them.
"""

import math
from typing import NamedTuple

from vehicle.config.vehicle import SafetyConfig
from vehicle.contracts import engine_start
from vehicle.contracts.units import TICK_S
from vehicle.control import neighbours
from vehicle.control.safety import attention, checks, drift, lease, monitor_state, operator_acts, rings, rotor, tracks

_SAFE = SafetyConfig()
_ASKED_FROM_S = _SAFE.attention_s / attention.SOONEST


def _ms(seconds: float) -> str:
    return f"{round(seconds * 1000)} ms"


def _deg(radians: float) -> str:
    return f"{round(math.degrees(radians))} degrees"


def _s(seconds: float) -> str:
    return f"{seconds:g} s"


def _hotter(oil_degc: float, coolant_degc: float) -> str:
    return f"oil above {oil_degc:g} or coolant above {coolant_degc:g} degrees Celsius"


DETECTION: dict[str, str] = {
    "estop_machine": "the controller reports its e-stop chain open",
    "estop_console": "a frame of any authenticated console carries E-STOP",
    "fire": "the controller's fire input",
    "roll_over": f"tilt above {_deg(checks.ROLL_OVER_RAD)}",
    "runaway": f"the machine still moves {_s(_SAFE.t_brake_s)} after a stop began",
    "rotor_unrequested": f"a rotor at rest turns unasked, above {engine_start.ROTOR_RESTS_RATIO * 100:g} % of speed",
    "rotor_stuck_on": f"rotor still turning {_s(checks.ROTOR_OFF_S + checks.ROTOR_STUCK_S)} after it was switched off",
    "controller_hung": f"the controller's report has not changed for {checks.STATUS_SAME_TICKS} ticks",
    "controller_reset": "the controller's count of starts has changed",
    "setpoint_mismatch": f"a set-point as applied is more than {tracks.MISMATCH_MPS:g} m/s off the one expected",
    "rotor_not_stopping": f"rotor still turning {_s(checks.ROTOR_OFF_S)} after it was switched off",
    "hydraulic_pressure_lost": f"charge pressure below {checks.CHARGE_MIN_PA / 1e6:g} MPa while the engine runs",
    "engine_overspeed": f"above {checks.ENGINE_MAX_RADPS:g} rad/s, in HOLD {checks.ENGINE_IDLE_MAX_RADPS:g} rad/s",
    "oil_pressure_low": "the controller's oil pressure switch while the engine runs",
    "overheated": _hotter(checks.HYDRAULIC_OVERHEATED_DEGC, checks.COOLANT_OVERHEATED_DEGC),
    "controller_fault": "the controller reports the state FAULT, or holds a kill that nobody asks for",
    "link_lost": f"age of the operator's newest frame: {_ms(_SAFE.t_stop_slow_s)}, or {_ms(_SAFE.t_stop_fast_s)} above "
    f"{_SAFE.slow_speed_mps:g} m/s",
    "link_flapping": f"gaps of {lease.GAP_MS} ms and more use up a budget of {lease.BUDGET_MS} ms",
    "console_frozen": f"the console's count of stick readings stands still for {checks.SAMPLE_MAX_MS} ms",
    "stick_fault": f"{monitor_state.STICK_FAULTS} frames with impossible sticks within a second; each is dropped",
    "console_battery_empty": f"the console reports less than {checks.BATTERY_EMPTY_RATIO * 100:.0f} %",
    "console_tilted": f"the console reports a tilt above {_deg(checks.CONSOLE_TILT_RAD)}",
    "video_stale": f"the picture that the console shows is older than {checks.VIDEO_STALE_MS} ms",
    "duplicate_station": "the counters of one identity contradict each other",
    "lease_released": "the console in control releases it",
    "operator_stop": "STOP or DISARM from an authenticated station; a person sees what nothing measures",
    "controller_lost": f"no report of the controller for {_ms(_SAFE.controller_timeout_s)}",
    "handshake": "protocol version, hash of the configuration or watchdog time of the controller differ",
    "wire_errors": f"{monitor_state.WIRE_ERRORS} damaged frames within a second",
    "track_sensor": "a track encoder is silent, or does not follow what the controller applies",
    "tilt_disagrees": f"accelerometer and gyro differ by more than {checks.TILT_DISAGREES_RAD:g} rad",
    "tilt_unknown": f"no tilt for {_ms(checks.IMU_MAX_S)}, or one that does not change at all",
    "slope": "roll or pitch above the machine's limit",
    "rotor_spin_up": f"rotor below its speed for {_s(checks.ROTOR_UP_S)}, or longer by the profile, after it was "
    "switched on; by stick also after it was at speed",
    "rotor_sag": "the rotor is below its speed in a swath, the tracks are slowed first; or at work by stick",
    "rotor_overspeed": f"the rotor is above {checks.ROTOR_MAX_RATIO * 100:.0f} % of its working speed",
    "rotor_sensor": "the rotor's speed is unknown, or falls faster than a rotor can, or seems to stand: cutting or "
    f"running down it keeps within {rotor.STILL_RADPS} rad/s for {_s(rotor.STILL_TICKS * TICK_S)}, or for "
    f"{_s(rotor.SHORT_TICKS * TICK_S)} the engine gives less than {rotor.SHORT_RATIO * 100:.0f} % of the power that "
    "torque and speed ask for",
    "detonation": "the controller's shock input: contact closed, or peak above the lower threshold, and not surely a "
    "small shock; a second small one in the same WAIT; somebody says in a WAIT that it was more; the controller "
    "restarted while the rotor worked the ground",
    "shock_small": "the shock's peak lies between the profile's thresholds, hammers turn in the ground",
    "engine_stall": f"engine below {checks.ENGINE_STALLED_RADPS:g} rad/s while armed",
    "too_hot": _hotter(checks.HYDRAULIC_TOO_HOT_DEGC, checks.COOLANT_TOO_HOT_DEGC),
    "supply_low": f"supply below {checks.SUPPLY_LOW_V:g} V",
    "loop_stall": f"{_ms(checks.STALL_NS / 1e9)} and more between two ticks",
    "moved_while_braked": f"more than {checks.SLIDE_MPS:g} m/s while nothing is armed",
    "track_stuck": f"a belt runs at more than {tracks.STUCK_MPS:g} m/s although nothing is applied",
    "boot_loop": f"more than {checks.BOOTS_MAX} starts within five minutes, or the file of latches is lost",
    "config_envelope": "the configuration is compared with limits in the code before anything is armed",
    "maintenance": "`safety.maintenance` is set",
    "gnss_lost": f"no fix for {_ms(_SAFE.gnss_timeout_s)}, or the same one for {checks.GNSS_SAME_TICKS} ticks",
    "position_float": "the fix is less than RTK fixed",
    "position_unproven": "the estimate cannot prove its position",
    "position_jump": "the position differs from belts and gyro by more than its sigma explains",
    "position_drift": f"the position moves {drift.ALARM_M:g} m further than belts, gyro and slope explain",
    "wrong_base": "the id of the base station has changed, or is not the configured one",
    "heading_lost": f"no heading, or one that gyro or course contradict (course: {_deg(checks.COURSE_ERROR_RAD)})",
    "tool_height_unknown": "height, depth or its sigma is missing, or the depth repeats itself at work",
    "track_slip": f"GNSS shows less than {checks.DIG_RATIO * 100:.0f} % of the belts' speed in a mission",
    "fence": "the footprint, grown by 3 sigma, cannot stop inside the fence, or is over it",
    "unprocessed_ground": "the ground where a stop begun now would end is neither swept nor safe ground",
    "attention": f"no act of the operator for {_s(_SAFE.attention_grace_s + attention.SLOW_S)} after the question",
    "attention_asked": f"no act of the operator in a mission for {_s(_ASKED_FROM_S)} to {_s(_SAFE.attention_s)}, drawn",
    "attention_late": f"no act of the operator for {_s(_SAFE.attention_grace_s)} after the question",
    "mission_left": "a stick is moved in a mission, or the mission is paused or ends",
    "ring_overlap": "the machine cannot stand before its ring meets the ring of a machine or of people that was told",
    "ring_near": f"less than {rings.NEAR_M:g} m are left between two rings, or the own place is unknown",
    "neighbour_silent": f"nothing was told of a known neighbour for {_s(neighbours.SILENT_S)}",
    "two_bases": f"the id of the base changed {monitor_state.BASE_TURNS} times within "
    f"{_s(monitor_state.BASE_TICKS * TICK_S)}",
    "link_slow": f"age of the operator's newest frame: {_ms(_SAFE.t_stop_fast_s)}",
    "imu_noisy": "the sensor's count of clipped samples has risen",
    "sticks_moved": "sticks are off centre before they were seen centred",
    "ticks_late": f"{monitor_state.LATE_TICKS} missed slots within a second",
    "video_late": f"the picture that the console shows is older than {checks.VIDEO_LATE_MS} ms",
    "hot": _hotter(checks.HYDRAULIC_HOT_DEGC, checks.COOLANT_HOT_DEGC) + ", or unknown",
    "link_ageing": f"age of the operator's newest frame: {checks.AGEING_MS} ms",
    "console_battery_low": f"the console reports less than {checks.BATTERY_LOW_RATIO * 100:.0f} %",
    "console_tilting": f"the console reports a tilt above {_deg(checks.CONSOLE_TILT_RAD)}",
    "supply_warn": f"supply below {checks.SUPPLY_WARN_V:g} V",
    "slope_near": f"roll or pitch above {checks.SLOPE_NEAR_RATIO * 100:.0f} % of the machine's limit",
    "second_station": "a station that does not hold control moves its sticks",
    "bad_frames": "damaged, foreign or impossible frames were dropped in this tick",
    "recording_lost": "recording or ledger journal does not reach the disk",
    "corrections_old": f"the receiver reports corrections older than {_s(checks.CORRECTIONS_MAX_S)}",
    "fence_unwatched": "there is a fence and no valid position",
    "controller_stopped": "while armed, the controller reports SAFE or BOOT: it had no live lease",
    "line_delay": f"a command and its answer take more than {lease.LINE_MAX_MS} ms",
    "restarted_in_motion": "the file of latches says that the program died in motion",
    "position_stuck": "the position stands still while the belts drive",
    "heading_stuck": "the heading does not change while the gyro turns or the machine drives",
    "heading_disagrees": "the heading differs from the course driven",
    "base_unchecked": "the base was not checked, or its id is unknown",
    "depth_contradicts": "depth, tool height and tilt contradict each other",
    "status_disorder": "a report of the controller is repeated, late or goes back; ends after half a second in order",
    "impossible_value": "a reading is outside what any machine can have",
}
"""How each reason that stands for a fault is noticed; the time that it must last is that of the table of reasons."""


class Handled(NamedTuple):
    """A fault that is dealt with where it arises and needs no reason."""

    detection: str
    reaction: str
    recovery: str


REFUSED_UNTIL_NEUTRAL = "by itself once the sticks are centred and hold-to-run was released"
HANDLED: dict[int, Handled] = {
    8: Handled("the sequence number is not newer", "the frame is dropped", "needs none"),
    9: Handled("the sequence number is not newer", "the frame is dropped; each act counts once", "needs none"),
    12: Handled("one sequence for all paths of a session", "the newest frame counts", "needs none"),
    13: Handled("nobody holds control", "nothing can be armed", "a console connects and takes control"),
    20: Handled("hold-to-run was never seen released", "nothing is armed", REFUSED_UNTIL_NEUTRAL),
    24: Handled(
        "machine id, number and tag of each picture",
        "the picture is dropped and counted; the one before it stays on the screen, with its age",
        "by itself with the next picture",
    ),
    26: Handled(
        "the dialect's version in the session's handshake", "no session: the console holds nothing", "update it"
    ),
    28: Handled("the mode and the measured speed", "TAKE is refused", "stop first"),
    29: Handled(
        "control is free or its holder silent, and the machine stands",
        "TAKE counts only as a new press, with the hands off the sticks",
        "the new holder: neutral, RESET, ARM, ARM",
    ),
    30: Handled("another console takes control", "the mission stays paused", "START of the new holder"),
    33: Handled("control is not kept over a restart", "nobody holds control", "TAKE"),
    38: Handled("lengths and checksums of the frames", "the parser finds the next whole frame", "needs none"),
    42: Handled("an exclusive lock of the port", "the second program ends with one line", "end the first program"),
    72: Handled("the controller's own clock ends the lease", "controlled stop by the controller", "RESET, ARM, ARM"),
    79: Handled("control reads the monotonic clock only", "no effect", "needs none"),
    83: Handled(
        "the controller's own clock ends the lease", "controlled stop; the program starts disarmed", "RESET, ARM, ARM"
    ),
    85: Handled("a task that ends by an exception ends the program", "the controller's lease ends", "RESET, ARM, ARM"),
    86: Handled("a checksum of each file or record", "the last whole version is used", "needs none"),
    87: Handled("-", "not built yet", "-"),
    88: Handled("the connection to the broker", "control is not affected; messages wait in the outbox", "needs none"),
    89: Handled("the length of a bounded queue", "the oldest telemetry is dropped and counted", "needs none"),
    90: Handled("the vehicle subscribes to nothing", "no message arrives", "needs none"),
    91: Handled("the vehicle subscribes to nothing", "no message arrives", "needs none"),
    92: Handled("access rules of the broker, by name", "the broker refuses it", "needs none"),
    93: Handled("the last will of the connection", "the broker tells that the vehicle is offline", "needs none"),
    95: Handled("the console's count of stick readings", "a repeated reading counts as none", "needs none"),
    97: Handled("strict models of the configuration", "refused with file and key, before the start", "correct it"),
    99: Handled("the vehicle is armed", "the change is refused", "disarm first"),
    100: Handled(
        "a chain of checksums over the records", "the record ends before the damage, and this is told", "needs none"
    ),
    103: Handled("the file is checked when it is read", "refused, with the place in the file", "correct it"),
    110: Handled("depth below the undisturbed ground, with its sigma", "the ground is not credited", "work it again"),
    114: Handled(
        "an act counts once, when its button is pressed",
        f"acts towards motion count only {operator_acts.PAUSE_TICKS} ticks or more apart",
        "needs none",
    ),
    115: Handled(
        "the distance to the mission's next segment", "START is refused", "drive to it, or load the right plan"
    ),
    116: Handled("first motion after arming", f"the horn sounds for {_s(_SAFE.horn_s)} before it", "needs none"),
    120: Handled("-", "there is no override", "drive out: inwards by stick, or RECOVERY"),
}
"""Rows without a reason."""
