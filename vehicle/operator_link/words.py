"""What a ground station is told for each reason: at most 42 characters, the cause first, then what it can do itself.

A ground station has no RESET, ACKNOWLEDGE or ARM button of ours: it disarms (that acknowledges and resets), then arms.
42, so that "PreArm: " fits before it on the 50 characters that stations show.
"""

from collections.abc import Callable

TEXT_MAX, PREFIX_MAX = 50, 8
STATION_TEXTS: dict[str, str] = {
    "estop_machine": "E-stop on machine. Nobody walks to it",
    "estop_console": "E-stop by radio, engine cut. Then: disarm",
    "fire": "Fire or smoke. Nobody walks to it",
    "roll_over": "Rolled over. Nobody walks to it",
    "runaway": "Did not stop in time. At rest: disarm",
    "rotor_unrequested": "Rotor turned unasked. At rest: disarm",
    "rotor_stuck_on": "Rotor does not stop. At rest: disarm",
    "controller_hung": "Controller hangs. Wait, then disarm",
    "controller_reset": "Controller restarted. Disarm, then arm",
    "setpoint_mismatch": "Controller disobeys. Disarm; again: end",
    "rotor_not_stopping": "Rotor still turns. At rest: disarm",
    "hydraulic_pressure_lost": "Hydraulics lost. Watch by camera; disarm",
    "engine_overspeed": "Engine over-speed. Disarm; again: end",
    "oil_pressure_low": "Oil pressure low. Disarm, arm, SMART_RTL",
    "overheated": "Far too hot. Cool; disarm, arm, SMART_RTL",
    "controller_fault": "Controller fault. Read its code, disarm",
    "link_lost": "Radio link lost. Disarm, then arm",
    "link_flapping": "Link keeps breaking. Antenna? Disarm, arm",
    "console_frozen": "Sticks frozen. Disarm, then arm",
    "stick_fault": "Impossible stick values. Check; disarm",
    "console_battery_empty": "Console battery empty. Change it, disarm",
    "console_tilted": "Console tilted. Hold it upright; disarm",
    "video_stale": "Picture too old. Restore the video; disarm",
    "duplicate_station": "Two stations, one id. Stop one; disarm",
    "lease_released": "Control was released. Disarm, then arm",
    "operator_stop": "Stopped by an operator. Disarm, then arm",
    "arm_unused": "Armed and not used. Disarm, then arm",
    "controller_lost": "No controller. Wait for it, then disarm",
    "handshake": "Controller of another version. End the job",
    "wire_errors": "Damaged controller frames. Disarm, arm",
    "track_sensor": "Track encoder dead. Disarm, arm, SMART_RTL",
    "tilt_disagrees": "Tilt in doubt. Disarm, arm, SMART_RTL",
    "tilt_unknown": "No tilt known. Disarm, arm, SMART_RTL",
    "slope": "Too steep. Disarm, arm, SMART_RTL",
    "rotor_spin_up": "Rotor too slow. Wire? By camera; disarm",
    "rotor_sag": "Rotor overloaded. Disarm, arm",
    "rotor_overspeed": "Rotor over-speed. At rest: disarm, arm",
    "rotor_sensor": "Rotor unknown. Disarm, arm, SMART_RTL",
    "detonation": "Detonation. Check by camera; disarm, arm",
    "engine_stall": "Engine stalled. Nobody walks to it",
    "too_hot": "Too hot. Let it cool; disarm, arm",
    "supply_low": "Below 21 V. Disarm, arm, SMART_RTL",
    "loop_stall": "Computer missed its beat. Disarm, then arm",
    "moved_while_braked": "Moved while braked. Sliding? Disarm, arm",
    "track_stuck": "A track runs on. Disarm; again: end",
    "boot_loop": "Restarts again and again. Disarm, then arm",
    "config_envelope": "Configuration beyond limits. Correct it",
    "maintenance": "Maintenance mode. Disarm, arm, SMART_RTL",
    "gnss_lost": "No GNSS. Drive by hand, or wait",
    "position_float": "Not RTK fixed. Drive by hand, or wait",
    "position_unproven": "Position unproven. Drive a few metres",
    "position_jump": "Position jumped. Stand 2 min; disarm, arm",
    "position_drift": "GNSS drifts. Check a known point, disarm",
    "wrong_base": "Another base station. Set up ours, disarm",
    "heading_lost": "Heading unknown. Drive by hand",
    "tool_height_unknown": "Tool height unknown. Drive by hand",
    "track_slip": "Tracks slip: digging in. Back out by hand",
    "fence": "At or over the fence. Drive inwards",
    "unprocessed_ground": "Unprocessed ground ahead. Drive back",
    "attention": "No sign of attention. Disarm, then arm",
    "mission_left": "Mission paused or ended. Disarm, then arm",
    "link_slow": "Radio link slow: speed limited",
    "imu_noisy": "Gyro noisy: speed limited",
    "sticks_moved": "Sticks without the button. Centre them",
    "ticks_late": "Computer late: speed limited",
    "video_late": "Picture late: speed limited",
    "hot": "Oil or coolant hot: speed limited",
    "link_ageing": "Radio link late",
    "console_battery_low": "Console battery low. Change it",
    "console_tilting": "Console tilts. Hold it upright",
    "supply_warn": "Supply below 22.5 V. Drive out soon",
    "slope_near": "Near the slope limit",
    "second_station": "Another station moves its sticks: ignored",
    "bad_frames": "Damaged frames are dropped",
    "recording_lost": "Nothing is recorded. End the work",
    "corrections_old": "GNSS corrections are old",
    "fence_unwatched": "Fence unwatched. Keep clear by eye",
    "controller_stopped": "Controller stopped by itself. Disarm, arm",
    "line_delay": "Line to controller slow. Wait; disarm, arm",
    "restarted_in_motion": "Program died in motion. Disarm, then arm",
    "position_stuck": "Position stands still. Drive back by hand",
    "heading_stuck": "Heading does not change. Drive out by hand",
    "heading_disagrees": "Heading off the course. Drive 10 m by hand",
    "base_unchecked": "Base not checked. Measure a control point",
    "check_due": "Check of heading, tilt, place is due",
    "depth_contradicts": "Depth contradicts. Drive out by hand",
    "depth_check_due": "Depth reading is due, from safe ground",
    "hammer_count_due": "Hammer count is due. Drive to parking",
    "status_disorder": "Controller's reports out of order",
    "impossible_value": "A sensor sends impossible values",
}
"""Reason -> text; `tests/operator_link/test_words.py` holds it to the table of reasons."""

PASSING = frozenset(
    {
        "link_slow",
        "imu_noisy",
        "sticks_moved",
        "ticks_late",
        "video_late",
        "hot",
        "link_ageing",
        "console_battery_low",
        "console_tilting",
        "supply_warn",
        "slope_near",
        "second_station",
        "bad_frames",
        "recording_lost",
        "corrections_old",
        "fence_unwatched",
        "base_unchecked",
        "check_due",
        "depth_check_due",
        "hammer_count_due",
        "status_disorder",
        "impossible_value",
    }
)
"""Reasons that go by themselves: nobody has to have seen them."""
WANT_ACKNOWLEDGE = frozenset(
    {
        "runaway",
        "rotor_unrequested",
        "rotor_stuck_on",
        "controller_hung",
        "controller_reset",
        "setpoint_mismatch",
        "rotor_not_stopping",
        "hydraulic_pressure_lost",
        "engine_overspeed",
        "oil_pressure_low",
        "overheated",
        "controller_fault",
        "duplicate_station",
        "track_sensor",
        "tilt_disagrees",
        "rotor_overspeed",
        "rotor_sensor",
        "detonation",
        "too_hot",
        "supply_low",
        "moved_while_braked",
        "track_stuck",
        "boot_loop",
        "position_drift",
        "wrong_base",
    }
)
"""Reasons that stay until somebody who was told of them acknowledges."""
RETREAT = frozenset(
    {
        "oil_pressure_low",
        "overheated",
        "track_sensor",
        "tilt_disagrees",
        "tilt_unknown",
        "slope",
        "rotor_sensor",
        "detonation",
        "too_hot",
        "supply_low",
        "maintenance",
    }
)
"""Reasons in spite of which one arms, to back out along the track."""


def station_text(name: str, long_text: Callable[[str], str]) -> str:
    """What a station is told for a reason; of one that this table does not know the first words of its long text."""
    known = STATION_TEXTS.get(name)
    if known is not None:
        return known
    return long_text(name).split(". ", maxsplit=1)[0].rstrip(".")[: TEXT_MAX - PREFIX_MAX]
