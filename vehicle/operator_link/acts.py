"""Commands that stop, arm or change the machine. None of them moves it: they become acts that the gate judges."""

from firmware_bridge.mavlink import _dialect as d
from firmware_bridge.types import OperatorEdge
from vehicle.contracts.messages import Mode
from vehicle.operator_link import vehicle_view as p
from vehicle.operator_link.about import arm_obstacles
from vehicle.operator_link.command import (
    ACCEPTED,
    DENIED,
    REJECTED,
    UNSUPPORTED,
    Command,
    Context,
    Handler,
    Result,
    Waits,
)
from vehicle.operator_link.pursuit import ARM_S, GOAL_S, End, Goal
from vehicle.operator_link.transfer import text
from vehicle.operator_link.vehicle_view import Message

FORCE = 21196
STANDING = (p.HOLD, p.LOITER)
CUSTOM_ONLY = "Mode: only by its custom number"
ONE_OR_ZERO = "Parameter 1 is 1 or 0"
NAME_IT = "Sent to all vehicles: refused. Name vehicle 1"
TOO_LATE = "Came too late: ignored. Say it again"
EXTENSION_ONLY = "only a console with hold-to-run starts"


def set_mode(context: Context, custom_mode: int, now_ns: int) -> tuple[int, list[Message]]:
    """A mode by its ArduRover number; whether it holds and what is said."""
    if custom_mode in STANDING:
        context.choose_mode(custom_mode)
        context.stop(OperatorEdge.STOP)  # whatever was last reported: a start may be under way
        return ACCEPTED, []
    if custom_mode == p.MANUAL:
        return _manual(context)
    if custom_mode == p.GUIDED:
        return DENIED, [text("Guided is refused: arm, then stick or Auto")]
    if custom_mode == p.AUTO:
        return _auto(context, now_ns)
    if custom_mode == p.SMART_RTL:
        return _back_out(context, now_ns)
    if custom_mode == p.RTL:
        return DENIED, [text("RTL refused: straight home is unprocessed ground")]
    return DENIED, [text(f"Mode {custom_mode} is not offered")]


def _manual(context: Context) -> tuple[int, list[Message]]:
    view = context.view
    if view.mission_running or view.mode is Mode.WAIT:
        return DENIED, [text("Manual: hold the mission first")]
    if view.due:  # it would show Hold all the same
        return DENIED, [text(line) for line in view.obstacles()]
    context.choose_mode(p.MANUAL)
    return ACCEPTED, []


def _auto(context: Context, now_ns: int) -> tuple[int, list[Message]]:
    view = context.view
    if not view.bench:
        return DENIED, [text(f"Auto: {EXTENSION_ONLY}")]
    if view.lists.no_start:
        return DENIED, [text(f"Auto: {view.lists.no_start}")]
    if view.mission_running:
        return ACCEPTED, []
    if not _armed_by(context):
        if view.armed:
            return DENIED, [text(f"Auto: station {view.holder} holds control")]
        if view.due:
            return DENIED, [text(line) for line in view.obstacles()]
        context.choose_mode(p.AUTO)
        return ACCEPTED, [text("Auto: arm, then start the mission", d.MAV_SEVERITY_INFO)]
    if view.start_blocked:
        return DENIED, [text(f"Auto: {view.start_blocked}")]
    context.choose_mode(p.AUTO)
    context.station.pursue(Goal.START, now_ns)
    return ACCEPTED, []


def _armed_by(context: Context) -> bool:
    """Armed, and by this station, as far as is known since the last stop."""
    view = context.view
    return view.fresh and view.armed and view.holder == context.station.station_id


def _back_out(context: Context, now_ns: int) -> tuple[int, list[Message]]:
    """Hands drive in it, by the held button, and only along the driven track: less than they may in Manual."""
    view = context.view
    if not context.driver:
        return DENIED, [text("Back out: by this console's RECOVERY button")]
    if view.mode is Mode.RECOVERY and _armed_by(context):
        return ACCEPTED, []
    if view.mode is not Mode.READY or not _armed_by(context):
        return DENIED, [text("Back out: disarm, arm, this mode, then drive")]
    context.station.pursue(Goal.BACK_OUT, now_ns)
    return ACCEPTED, []


def arm(context: Context, command: Command, now_ns: int) -> Result:
    """400: arm after checks, disarm always."""
    view, station = context.view, context.station
    if command.params[0] < 0.5:
        return _disarm(context, command, now_ns)
    if command.params[0] != 1.0:  # nothing that is not clearly an arming is one; not a number is none
        return UNSUPPORTED, [text(ONE_OR_ZERO)]
    if view.armed and view.fresh:
        if view.holder == station.station_id:
            return ACCEPTED, []
        return DENIED, [text(f"Arm: station {view.holder} holds control")]
    words = arm_obstacles(view, station.station_id, driver=context.driver)
    if words and station.goal is not Goal.DISARM:  # then the disarm is waited for
        return DENIED, [text(f"Arm: {line}") for line in words[:3]]

    def later(end: End) -> tuple[int, list[Message]]:
        if end is End.REACHED:
            return ACCEPTED, [text(line, d.MAV_SEVERITY_WARNING) for line in context.view.backs_out_only()[:3]]
        if end is End.CANCELLED:
            return REJECTED, [text("Arm: cancelled by a stop")]
        found = context.view.obstacles() or ("Sticks not centred, or not standing still",)
        return REJECTED, [text(f"Arm: {line}") for line in found[:3]]

    return Waits(station.pursue(Goal.ARM, now_ns), later, ARM_S), []


def _disarm(context: Context, command: Command, now_ns: int) -> Result:
    """Stop, whatever was last reported; then acknowledge and reset what this station had been told of."""
    view, station = context.view, context.station
    if emergency(command):
        return _emergency_stop(context)
    context.stop(OperatorEdge.STOP)
    if not context.driver or not view.shows_armed:
        return ACCEPTED, []
    if unheard(command):
        return DENIED, [text(unheard(command))]
    if not view.armed and view.held_by_another(station.station_id):
        return DENIED, [text(f"Disarm: station {view.holder} holds control")]

    def later(end: End) -> tuple[int, list[Message]]:
        now = context.view
        if end is End.REACHED or (not now.armed and now.mode is Mode.STOPPING):
            return ACCEPTED, []
        return REJECTED, [text(line) for line in now.obstacles()[:3]]

    return Waits(station.pursue(Goal.DISARM, now_ns, view.told_to(station.met_ns)), later, ARM_S), []


def _emergency_stop(context: Context) -> Result:
    context.stop(OperatorEdge.ESTOP)
    return ACCEPTED, [text("Emergency stop", d.MAV_SEVERITY_EMERGENCY)]


def emergency(command: Command) -> bool:
    """This command is an emergency stop."""
    disarms = command.command == d.MAV_CMD_COMPONENT_ARM_DISARM and command.params[0] < 0.5
    ends = command.command == d.MAV_CMD_DO_FLIGHTTERMINATION and command.params[0] >= 0.5
    return ends or (disarms and command.params[1] == FORCE)


def unheard(command: Command) -> str:
    """Why nothing comes of it but a stop; "" where it counts."""
    return NAME_IT if not command.named else TOO_LATE if command.late else ""


def leads_on(command: Command) -> bool:
    """It does something of the machine, and is no stop."""
    return command.command in ACTS and not stops(command) and not emergency(command)


def stops(command: Command) -> bool:
    """This command stops; it is heard each time that it is said."""
    first = command.params[0]
    if command.command in (d.MAV_CMD_COMPONENT_ARM_DISARM, d.MAV_CMD_DO_PAUSE_CONTINUE):
        return first < 0.5
    if command.command == d.MAV_CMD_DO_SET_MODE:
        return bool(command.whole(1) & d.MAV_MODE_FLAG_CUSTOM_MODE_ENABLED) and command.whole(2) in STANDING
    if command.command == d.MAV_CMD_NAV_LOITER_UNLIM:
        return True
    return command.command == d.MAV_CMD_DO_SET_STANDARD_MODE and p.STANDARD_MODES.get(command.whole(1)) in STANDING


def do_set_mode(context: Context, command: Command, now_ns: int) -> Result:
    """176."""
    if not command.whole(1) & d.MAV_MODE_FLAG_CUSTOM_MODE_ENABLED:
        return UNSUPPORTED, [text(CUSTOM_ONLY)]
    return set_mode(context, command.whole(2), now_ns)


def do_standard_mode(context: Context, command: Command, now_ns: int) -> Result:
    """262."""
    number = p.STANDARD_MODES.get(command.whole(1))
    if number is None:
        return UNSUPPORTED, [text(f"Standard mode {command.whole(1)} is not offered")]
    return set_mode(context, number, now_ns)


def mission_start(context: Context, _: Command, now_ns: int) -> Result:
    """300: from a third-party station in simulation only."""
    view = context.view
    if not view.bench:
        return DENIED, [text(f"Mission: {EXTENSION_ONLY}")]
    if view.lists.no_start:
        return DENIED, [text(f"Mission: {view.lists.no_start}")]
    if not _armed_by(context):
        return DENIED, [text("Mission: arm first")]
    if view.mission_running:
        return ACCEPTED, []
    if view.start_blocked:
        return DENIED, [text(f"Mission: {view.start_blocked}")]

    def later(end: End) -> tuple[int, list[Message]]:
        if end is End.REACHED:
            return ACCEPTED, []
        stopped = end is End.CANCELLED
        return REJECTED, [text("Mission: cancelled by a stop" if stopped else "Mission: not started by the vehicle")]

    return Waits(context.station.pursue(Goal.START, now_ns), later, GOAL_S), []


def pause(context: Context, command: Command, now_ns: int) -> Result:
    """193: pausing stops; going on is a start."""
    if command.params[0] < 0.5:
        context.stop(OperatorEdge.STOP)
        return ACCEPTED, []
    if command.params[0] != 1.0:
        return UNSUPPORTED, [text(ONE_OR_ZERO)]
    return mission_start(context, command, now_ns)


def terminate(context: Context, command: Command, _: int) -> Result:
    """185."""
    return _emergency_stop(context) if command.params[0] >= 0.5 else (DENIED, [text("Release: by disarm")])


def go_home(context: Context, _: Command, now_ns: int) -> Result:
    """20."""
    return set_mode(context, p.RTL, now_ns)


def refuse_motion(_: Context, __: Command, ___: int) -> Result:
    """Point-and-go: no."""
    return DENIED, [text("No driving to a point: plan and Auto, or stick")]


def refuse_change(_: Context, command: Command, ___: int) -> Result:
    """Known, and not for a station to change."""
    return DENIED, [text(f"{CHANGES[command.command]} is not changed by radio")]


def stand_still(context: Context, _: Command, now_ns: int) -> Result:
    """17: stand where it is."""
    return set_mode(context, p.LOITER, now_ns)


def unknown(command: int) -> list[Message]:
    """What is said to an act that nobody knows here; to a question nothing, the result says it."""
    return [text(f"Command {command} does nothing here")] if command in UNKNOWN_ACTS else []


CHANGES = {
    d.MAV_CMD_DO_CHANGE_SPEED: "The speed",
    d.MAV_CMD_DO_SET_HOME: "The home position",
    d.MAV_CMD_DO_SET_MISSION_CURRENT: "The place in the mission",
}
UNKNOWN_ACTS = range(16, 401)
"""NAV, CONDITION, DO, PREFLIGHT: they would do something. Questions have other numbers."""
ACTS: dict[int, Handler] = {
    d.MAV_CMD_NAV_LOITER_UNLIM: stand_still,
    d.MAV_CMD_COMPONENT_ARM_DISARM: arm,
    d.MAV_CMD_DO_SET_MODE: do_set_mode,
    d.MAV_CMD_DO_SET_STANDARD_MODE: do_standard_mode,
    d.MAV_CMD_MISSION_START: mission_start,
    d.MAV_CMD_DO_PAUSE_CONTINUE: pause,
    d.MAV_CMD_DO_FLIGHTTERMINATION: terminate,
    d.MAV_CMD_NAV_RETURN_TO_LAUNCH: go_home,
    d.MAV_CMD_DO_REPOSITION: refuse_motion,
    d.MAV_CMD_DO_CHANGE_SPEED: refuse_change,
    d.MAV_CMD_DO_SET_HOME: refuse_change,
    d.MAV_CMD_DO_SET_MISSION_CURRENT: refuse_change,
}
