"""The table of all reasons for which the machine is limited or stopped, and what is looked up in it.

Everything that depends on a reason is derived from its row: bit masks of the gate, onset and lingering, what stands
against a ground station's arming, all texts, the page of the manual. How bad a reason is says its class, and within
one class its place.
Classes: WARN < LIMIT < STOP < FAULT < ESTOP (L1 to L5). A reason may weigh more in a mission than by stick.
"""

from functools import lru_cache
from itertools import takewhile

from vehicle.contracts.stop_codes import Level, Recovery, Rule, StopReason

_MARKS = frozenset("radswbe")


def _rule(
    code: StopReason,
    levels: str,
    recovery: str,
    rows: tuple[int, ...],
    onset: int,
    linger: int,
    text: str,
    station: str,
) -> Rule:
    """One row.

    `levels`: the class by stick, in a mission where it differs; marks: `r` RECOVERY may drive on,
    `a` cleared by arming, `d` doubts the position, `s` sounds the horn, `w` a mission waits for it (WAIT), `b` bars an
    engine start from a console, `e` the record is sealed as evidence. `onset` and `linger` are ticks.
    """
    classes = "".join(takewhile(str.isdigit, levels))
    marks = levels[len(classes) :]
    assert set(marks) <= _MARKS, levels
    return Rule(
        name=code.name.lower(),
        level=Level(int(classes[0])),
        auto_level=Level(int(classes[-1])),
        recovery=Recovery(recovery),
        retreat="r" in marks,
        cleared_by_arming="a" in marks,
        doubts_position="d" in marks,
        sounds_horn="s" in marks,
        evidence="e" in marks,
        waits="w" in marks,
        bars_start="b" in marks,
        onset_ticks=onset,
        linger_ticks=linger,
        rows=rows,
        text=text,
        station_text=station,
    )


PLAN = "Nobody walks to it; the team leader starts the recovery plan."
"""Instead of a way to the machine. What the plan has to bring about is the manual's (docs/OPERATION.md)."""
AGAIN = "Again: nobody walks to it; the team leader starts the recovery plan."

_R = StopReason
# fmt: off
RULES: tuple[Rule, ...] = (
    # code, classes and marks, recovery, catalogue rows, onset, lingering [ticks], for the operator, for ground stations
    _rule(_R.ESTOP_MACHINE, "5b", "H", (112,), 1, 0, f"E-stop pressed on the machine. {PLAN} After it: RESET.",
          "E-stop on machine. Nobody walks to it"),
    _rule(_R.ESTOP_CONSOLE, "5", "N", (112, 113, 119), 1, 0,
          "E-stop from a console, engine cut. Release it on your console, centre the sticks, RESET.",
          "E-stop by radio, engine cut. Then: disarm"),
    _rule(_R.FIRE, "5be", "H", (69,), 1, 0, f"Fire or smoke: keep away. {PLAN} After it: RESET.",
          "Fire or smoke. Nobody walks to it"),
    _rule(_R.ROLL_OVER, "5be", "H", (105,), 10, 0, f"Rolled over. {PLAN} After it: RESET.",
          "Rolled over. Nobody walks to it"),
    _rule(_R.RUNAWAY, "5be", "P", (70,), 1, 0,
          "Did not stop in time, engine cut. Watch by camera; when it stands: ACKNOWLEDGE, RESET.",
          "Did not stop in time. At rest: disarm"),
    _rule(_R.ROTOR_UNREQUESTED, "5b", "P", (61,), 10, 0,
          "Rotor turned unasked, engine cut. Keep away; at rest: ACKNOWLEDGE, RESET.",
          "Rotor turned unasked. At rest: disarm"),
    _rule(_R.ROTOR_STUCK_ON, "5b", "P", (60,), 1, 0,
          "Rotor still turning 10 s after off, engine cut. At rest: ACKNOWLEDGE, RESET.",
          "Rotor does not stop. At rest: disarm"),
    _rule(_R.CONTROLLER_HUNG, "5", "P", (36,), 1, 0,
          "Controller hangs. It restarts by itself; then ACKNOWLEDGE, RESET.", "Controller hangs. Wait, then disarm"),
    _rule(_R.CONTROLLER_RESET, "4", "P", (35, 36, 74), 1, 0,
          f"Controller restarted while in use. ACKNOWLEDGE, RESET. {AGAIN}", "Controller restarted. Disarm, then arm"),
    _rule(_R.SETPOINT_MISMATCH, "4", "P", (40,), 15, 0,
          f"Controller does not do what it is told. ACKNOWLEDGE, RESET. {AGAIN}",
          "Controller disobeys. Disarm; again: end"),
    _rule(_R.ROTOR_NOT_STOPPING, "4b", "P", (60,), 1, 0,
          "Rotor still turning 6 s after off. Keep away; at rest: ACKNOWLEDGE, RESET.",
          "Rotor still turns. At rest: disarm"),
    _rule(_R.HYDRAULIC_PRESSURE_LOST, "4b", "P", (64,), 10, 0,
          f"Hydraulic pressure lost, brakes hold. ACKNOWLEDGE, RESET. {AGAIN}",
          "Hydraulics lost. Watch by camera; disarm"),
    _rule(_R.ENGINE_OVERSPEED, "4", "P", (67,), 15, 0, f"Engine over-speed, shut down. ACKNOWLEDGE, RESET. {AGAIN}",
          "Engine over-speed. Disarm; again: end"),
    _rule(_R.OIL_PRESSURE_LOW, "4r", "P", (68,), 25, 0,
          "Engine oil pressure low. ACKNOWLEDGE, RESET; to drive out: ARM, RECOVERY.",
          "Oil pressure low. Disarm, arm, SMART_RTL"),
    _rule(_R.OVERHEATED, "4r", "P", (65,), 50, 0,
          "Oil or coolant far too hot, engine off. Let it cool, ACKNOWLEDGE, RESET; to drive out: ARM, RECOVERY.",
          "Far too hot. Cool; disarm, arm, SMART_RTL"),
    _rule(_R.CONTROLLER_FAULT, "4", "P", (40,), 10, 0,
          f"Controller reports a fault, its code on the screen. ACKNOWLEDGE, RESET. {AGAIN}",
          "Controller fault. Read its code, disarm"),
    _rule(_R.LINK_LOST, "3a", "N", (1, 3, 4, 5, 6, 7, 10, 11, 14, 15, 19, 94), 1, 0,
          "Radio link lost. Centre the sticks, release hold-to-run, RESET, ARM.", "Radio link lost. Disarm, then arm"),
    _rule(_R.LINK_FLAPPING, "3a", "N", (3, 10), 1, 0,
          "Radio link keeps breaking. Raise your antenna where you stand, then RESET, ARM.",
          "Link keeps breaking. Antenna? Disarm, arm"),
    _rule(_R.CONSOLE_FROZEN, "3a", "N", (16,), 1, 0, "Console repeats old stick values. Restart it, TAKE, RESET, ARM.",
          "Sticks frozen. Disarm, then arm"),
    _rule(_R.STICK_FAULT, "3", "N", (19,), 1, 0,
          "Stick gives impossible values. Check the console's stick, RESET, ARM.",
          "Impossible stick values. Check; disarm"),
    _rule(_R.CONSOLE_BATTERY_EMPTY, "3a", "N", (21,), 1, 0, "Console battery below 5 %. Change it, RESET, ARM.",
          "Console battery empty. Change it, disarm"),
    _rule(_R.CONSOLE_TILTED, "3", "N", (22,), 100, 0, "Console dropped or tilted. Hold it upright, RESET, ARM.",
          "Console tilted. Hold it upright; disarm"),
    _rule(_R.VIDEO_STALE, "3aw", "N", (23,), 1, 0,
          "Picture older than 0.5 s. Restore the video on your side, RESET, ARM.",
          "Picture too old. Restore the video; disarm"),
    _rule(_R.DUPLICATE_STATION, "3", "P", (25,), 1, 250,
          "Two consoles use one identity. Switch one off, wait 5 s, TAKE, ACKNOWLEDGE, RESET.",
          "Two stations, one id. Stop one; disarm"),
    _rule(_R.LEASE_RELEASED, "3a", "N", (17,), 1, 0, "Control was released. TAKE, RESET, ARM.",
          "Control was released. Disarm, then arm"),
    _rule(_R.OPERATOR_STOP, "3a", "N", (31, 109), 1, 0, "Stopped by an operator. RESET, ARM.",
          "Stopped by an operator. Disarm, then arm"),
    _rule(_R.ARM_UNUSED, "3a", "N", (), 1, 0, "Armed but not used. RESET, ARM when you want to drive.",
          "Armed and not used. Disarm, then arm"),
    _rule(_R.CONTROLLER_LOST, "3", "N", (34,), 1, 0,
          f"No answer from the controller. When it answers: RESET, ARM. {AGAIN}",
          "No controller. Wait for it, then disarm"),
    _rule(_R.HANDSHAKE, "3", "N", (41,), 1, 0,
          f"Controller of another version, configuration or watchdog: nothing is armed. {PLAN}",
          "Controller of another version. End the job"),
    _rule(_R.WIRE_ERRORS, "3", "N", (37,), 1, 0, f"Too many damaged frames from the controller. RESET, ARM. {AGAIN}",
          "Damaged controller frames. Disarm, arm"),
    _rule(_R.TRACK_SENSOR, "3rd", "P", (52, 66), 25, 0,
          "Track encoder dead or reversed. ACKNOWLEDGE, RESET; to drive out: RECOVERY.",
          "Track encoder dead. Disarm, arm, SMART_RTL"),
    _rule(_R.TILT_DISAGREES, "3rd", "P", (53,), 1, 0,
          "Tilt sensors disagree. ACKNOWLEDGE, RESET; to drive out: RECOVERY.",
          "Tilt in doubt. Disarm, arm, SMART_RTL"),
    _rule(_R.TILT_UNKNOWN, "3rd", "N", (51, 55), 1, 0, "No tilt measurement. RESET; to drive out: RECOVERY.",
          "No tilt known. Disarm, arm, SMART_RTL"),
    _rule(_R.SLOPE, "3r", "N", (104,), 25, 0, "Too steep. RESET, RECOVERY: back out the way it came.",
          "Too steep. Disarm, arm, SMART_RTL"),
    _rule(_R.ROTOR_SPIN_UP, "3", "N", (56,), 1, 0,
          "Rotor does not reach its speed. Look by camera for wire or stones, RESET, ARM.",
          "Rotor too slow. Wire? By camera; disarm"),
    _rule(_R.ROTOR_SAG, "3", "N", (57, 59, 66), 150, 0,
          "Rotor too slow for 3 s: overload. RESET, ARM, continue; a mission backs off first.",
          "Rotor overloaded. Disarm, arm"),
    _rule(_R.ROTOR_OVERSPEED, "3", "P", (58,), 10, 0, "Rotor over-speed. At rest: ACKNOWLEDGE, RESET, ARM.",
          "Rotor over-speed. At rest: disarm, arm"),
    _rule(_R.ROTOR_SENSOR, "3r", "P", (59,), 1, 0,
          "Rotor speed unknown. ACKNOWLEDGE, RESET; to drive out: RECOVERY.",
          "Rotor unknown. Disarm, arm, SMART_RTL"),
    _rule(_R.DETONATION, "3r", "P", (63,), 1, 0,
          "Detonation. Nobody moves before its wait is over: look by camera, ACKNOWLEDGE, RESET, ARM, back out.",
          "Detonation. Wait, look by camera; disarm"),
    _rule(_R.ENGINE_STALL, "3", "N", (66,), 10, 0,
          f"Engine stalled. If offered, START ENGINE. Else: {PLAN} After it: RESET, ARM.",
          "Engine stalled. Nobody walks to it"),
    _rule(_R.TOO_HOT, "3r", "P", (65,), 50, 0,
          "Oil or coolant too hot. Let it idle and cool, ACKNOWLEDGE, RESET, ARM; "
          "to drive out: ACKNOWLEDGE, RESET, RECOVERY.",
          "Too hot. Let it cool; disarm, arm"),
    _rule(_R.SUPPLY_LOW, "3r", "P", (73,), 250, 0,
          "Supply voltage below 21 V. ACKNOWLEDGE, RESET, RECOVERY: drive out while it lasts.",
          "Below 21 V. Disarm, arm, SMART_RTL"),
    _rule(_R.LOOP_STALL, "3", "N", (76, 77, 80), 1, 0,
          "The computer missed its beat. RESET, ARM; if it repeats, end the work.",
          "Computer missed its beat. Disarm, then arm"),
    _rule(_R.MOVED_WHILE_BRAKED, "3sb", "P", (70, 107), 10, 0,
          "Moved although braked. Watch for sliding by camera, ACKNOWLEDGE, RESET, ARM.",
          "Moved while braked. Sliding? Disarm, arm"),
    _rule(_R.TRACK_STUCK, "3sb", "P", (71,), 10, 0, f"A track runs although told to stand. ACKNOWLEDGE, RESET. {AGAIN}",
          "A track runs on. Disarm; again: end"),
    _rule(_R.BOOT_LOOP, "3", "P", (75,), 1, 0,
          f"Restarts again and again, or its latches are lost. ACKNOWLEDGE, RESET. {AGAIN}",
          "Restarts again and again. Disarm, then arm"),
    _rule(_R.CONFIG_ENVELOPE, "3", "N", (98,), 1, 0,
          "Configuration exceeds the built-in limits. Correct it and restart.",
          "Configuration beyond limits. Correct it"),
    _rule(_R.MAINTENANCE, "3r", "N", (118,), 1, 0,
          "Maintenance mode is on in the configuration. RESET, ARM, RECOVERY drives slowly.",
          "Maintenance mode. Disarm, arm, SMART_RTL"),
    _rule(_R.GNSS_LOST, "13d", "N", (44, 45, 46, 106), 1, 0,
          "No GNSS. Drive by stick, or wait for RTK fixed, then RESET, ARM, start again.",
          "No GNSS. Drive by stick, or wait"),
    _rule(_R.POSITION_FLOAT, "13dw", "N", (43,), 1, 0,
          "Position not RTK fixed. Wait for fixed or drive by stick; RESET, ARM, start again.",
          "Not RTK fixed. Drive by stick, or wait"),
    _rule(_R.POSITION_UNPROVEN, "13dw", "N", (44, 45, 46, 106), 25, 0,
          "Position not proven. Wait or drive a few metres by stick; RESET, ARM, start again.",
          "Position unproven. Drive a few metres"),
    _rule(_R.POSITION_JUMP, "13d", "N", (45,), 12, 250,
          "Position jumped. Stand: it is fixed anew twice, 2 min; else to a known mark, 10 min. RESET, ARM.",
          "Position jumped. Stand 2 min; disarm, arm"),
    _rule(_R.POSITION_DRIFT, "13d", "P", (46,), 1, 0,
          "GNSS drifts against tracks and gyro. Check a known point, ACKNOWLEDGE, RESET, ARM.",
          "GNSS drifts. Check a known point, disarm"),
    _rule(_R.WRONG_BASE, "13d", "P", (47,), 1, 0,
          "Corrections from another base station. Set up the right one, ACKNOWLEDGE, RESET, ARM.",
          "Another base station. Set up ours, disarm"),
    _rule(_R.HEADING_LOST, "13d", "N", (49, 50), 10, 0,
          "Heading unknown, not fixed, late or contradictory. Drive by stick, RESET, ARM, start again.",
          "Heading unknown. Drive by stick"),
    _rule(_R.TOOL_HEIGHT_UNKNOWN, "13", "N", (62,), 25, 0,
          "Tool height unknown: nothing is credited. RESET, ARM, drive out by stick.",
          "Tool height unknown. Drive by stick"),
    _rule(_R.TRACK_SLIP, "13d", "N", (106,), 150, 0,
          "Tracks turn, machine stands: digging in. RESET, ARM, back out by stick.",
          "Tracks slip: digging in. Back out by stick"),
    _rule(_R.FENCE, "23s", "N", (101, 102), 1, 0,
          "At or over the fence. RESET, ARM, by stick only what leads out moves; or RECOVERY.",
          "At or over the fence. Drive inwards"),
    _rule(_R.UNPROCESSED_GROUND, "13", "N", (108,), 1, 0,
          "Unprocessed ground before the tracks. RESET, ARM, START works it again; or drive back by stick.",
          "Unprocessed ground ahead. Drive back"),
    _rule(_R.ATTENTION, "13w", "N", (117,), 1, 0,
          "No answer for 20 s whether somebody watches. RESET, ARM, start again.",
          "No sign of attention. Disarm, then arm"),
    _rule(_R.MISSION_LEFT, "13", "N", (32,), 5, 0, "Mission paused or ended. RESET, ARM; MISSION START continues.",
          "Mission paused or ended. Disarm, then arm"),
    _rule(_R.LINK_SLOW, "2", "A", (6,), 1, 0, "Radio link slow: speed limited to 0.3 m/s.",
          "Radio link slow: speed limited"),
    _rule(_R.IMU_NOISY, "2", "A", (51,), 1, 50, "Gyro saturated or stuck: speed limited.", "Gyro noisy: speed limited"),
    _rule(_R.STICKS_MOVED, "1", "A", (18, 111), 25, 0,
          "Sticks moved without hold-to-run: nothing drives. Centre them, hold, drive.",
          "Sticks without the button. Centre them"),
    _rule(_R.TICKS_LATE, "2", "A", (78,), 1, 50, "The computer is late: speed limited.",
          "Computer late: speed limited"),
    _rule(_R.VIDEO_LATE, "2", "A", (23,), 1, 0, "Picture is late: speed limited.", "Picture late: speed limited"),
    _rule(_R.HOT, "2", "A", (65,), 50, 0, "Oil or coolant hot: speed limited.", "Oil or coolant hot: speed limited"),
    _rule(_R.LINK_AGEING, "12", "A", (2,), 1, 0, "Radio link late.", "Radio link late"),
    _rule(_R.CONSOLE_BATTERY_LOW, "1", "A", (21,), 1, 0, "Console battery below 20 %.",
          "Console battery low. Change it"),
    _rule(_R.CONSOLE_TILTING, "1", "A", (22,), 50, 0, "Console tilted: it will stop the machine.",
          "Console tilts. Hold it upright"),
    _rule(_R.SUPPLY_WARN, "1", "A", (73,), 250, 0, "Supply voltage below 22.5 V.",
          "Supply below 22.5 V. Drive out soon"),
    _rule(_R.SLOPE_NEAR, "1", "A", (104,), 25, 0, "Slope above 80 % of the limit.", "Near the slope limit"),
    _rule(_R.SECOND_STATION, "1", "A", (27,), 1, 50, "Another console sends motion; it is ignored.",
          "Another station moves its sticks: ignored"),
    _rule(_R.BAD_FRAMES, "1", "A", (11, 37), 1, 50, "Damaged frames are being dropped.", "Damaged frames are dropped"),
    _rule(_R.RECORDING_LOST, "12", "A", (81, 82), 25, 50,
          "Nothing is recorded: disk full or broken. No mission starts; end the work, drive out by stick.",
          "Nothing is recorded. End the work"),
    _rule(_R.CORRECTIONS_OLD, "12", "A", (48,), 1, 0, "GNSS corrections older than 30 s.", "GNSS corrections are old"),
    _rule(_R.FENCE_UNWATCHED, "2", "A", (44, 101), 1, 0,
          "No position: room to keep-outs is only reckoned, speed limited. Keep clear by eye.",
          "Fence unwatched. Keep clear by eye"),
    _rule(_R.CONTROLLER_STOPPED, "3a", "N", (34,), 1, 0,
          "The controller stopped by itself: no command in time. RESET, ARM.",
          "Controller stopped by itself. Disarm, arm"),
    _rule(_R.LINE_DELAY, "3", "N", (39,), 1, 0,
          "Line to the controller too slow: nothing is armed. Wait for it, RESET, ARM; if it stays, end the work.",
          "Line to controller slow. Wait; disarm, arm"),
    _rule(_R.RESTARTED_IN_MOTION, "3a", "N", (84,), 1, 0,
          "The vehicle program died in motion and restarted. RESET, ARM, ARM.",
          "Program died in motion. Disarm, then arm"),
    _rule(_R.POSITION_STUCK, "13d", "N", (55,), 1, 0,
          "Position stands still while the belts drive. RESET, ARM, drive back by stick, keep clear by eye.",
          "Position stands still. Drive back by stick"),
    _rule(_R.HEADING_STUCK, "13d", "N", (55,), 1, 0,
          "Heading does not change, or is lost. RESET, ARM, drive out by stick.",
          "Heading is stuck. Drive out by stick"),
    _rule(_R.HEADING_DISAGREES, "13d", "N", (49,), 1, 0,
          "Heading differs from the course driven. RESET, ARM, drive 10 m straight by stick, start again.",
          "Heading off course. Drive 10 m by stick"),
    _rule(_R.BASE_UNCHECKED, "1", "A", (47,), 1, 0,
          "Base unchecked or of unknown id: credit is provisional. Measure a control point.",
          "Base not checked. Measure a control point"),
    _rule(_R.CHECK_DUE, "1", "A", (), 1, 0,
          "Check of heading, tilt, place is due: until then a wider margin or provisional credit.",
          "Check of heading, tilt, place is due"),
    _rule(_R.DEPTH_CONTRADICTS, "13", "N", (62,), 1, 0,
          "Depth, tool height and tilt contradict: nothing is credited. RESET, ARM, drive out by stick.",
          "Depth contradicts. Drive out by stick"),
    _rule(_R.DEPTH_CHECK_DUE, "1", "A", (), 1, 0,
          "Depth reading is due, from safe ground only: wider margin until it is done.",
          "Depth reading is due, from safe ground"),
    _rule(_R.HAMMER_COUNT_DUE, "1", "A", (), 1, 0, "Hammer count is due: drive to parking first.",
          "Hammer count is due. Drive to parking"),
    _rule(_R.STATUS_DISORDER, "1", "A", (54,), 1, 0,
          "Reports of the controller out of order: nothing is credited meanwhile.",
          "Controller's reports out of order"),
    _rule(_R.IMPOSSIBLE_VALUE, "1", "A", (96,), 1, 50, "A sensor sends values that cannot be: they are not used.",
          "A sensor sends impossible values"),
    _rule(_R.ATTENTION_ASKED, "1", "A", (117,), 1, 0,
          "Does somebody watch? Press ATTENTION, or do anything else on purpose.",
          "Attention asked for: act on the console"),
    _rule(_R.ATTENTION_LATE, "12", "A", (117,), 1, 0,
          "No answer: speed limited to 0.05 m/s, then it stands. Press ATTENTION.",
          "No answer: slow, then it stands"),
    _rule(_R.RING_OVERLAP, "3r", "N", (109,), 1, 0,
          "Rings meet: another machine or a person is too near. Let them go, RESET, ARM; "
          "to drive out: RESET, RECOVERY.",
          "Rings meet. Disarm, arm, SMART_RTL"),
    _rule(_R.RING_NEAR, "2", "A", (109,), 1, 50,
          "Near another ring, or place unknown: speed limited, no mission starts. Keep apart by eye.",
          "Near another ring: speed limited"),
    _rule(_R.NEIGHBOUR_SILENT, "12", "A", (109,), 1, 0,
          "A neighbour is silent and its ring grows. Ask by radio where it is; no mission starts.",
          "A neighbour is silent. Ask where it is"),
    _rule(_R.SHOCK_SMALL, "3rw", "P", (63,), 1, 0,
          "Small shock. Look by camera; in WAIT: AP, picture good, START; else ACKNOWLEDGE, RESET, ARM; or RECOVERY.",
          "Small shock. Look by camera; disarm, arm"),
    _rule(_R.TWO_BASES, "1", "A", (47,), 1, 0,
          "Two base stations on one channel: their corrections take turns. Switch one off, or change its channel.",
          "Two bases on one channel. Stop one"),
)
# fmt: on
ORDER = tuple(sorted(StopReason, key=lambda code: (-RULES[code].gravest, -RULES[code].level)))
"""Worst first: by class at its gravest, then by class by stick; what is alike stays in the table's order."""
RANK = {code: place for place, code in enumerate(ORDER)}


@lru_cache(maxsize=1024)
def codes(bits: int) -> tuple[StopReason, ...]:
    """The reasons of a mask, worst first."""
    found = []
    while bits:
        low = bits & -bits
        found.append(StopReason(low.bit_length() - 1))
        bits ^= low
    return tuple(sorted(found, key=RANK.__getitem__))


@lru_cache(maxsize=1024)
def names(bits: int) -> tuple[str, ...]:
    """Their names, worst first."""
    return tuple(RULES[code].name for code in codes(bits))


def named(name: str) -> Rule:
    """The row of this name; raises KeyError where there is none."""
    return RULES[StopReason[name.upper()]]


def text(name: str) -> str:
    """What the operator is told for the reason of this name."""
    return named(name).text
