"""COMMAND_LONG and COMMAND_INT: a table of what is understood, and exactly one final COMMAND_ACK for each.

A command that was repeated because its answer was lost gets the same answer again and acts once. What stops is heard
from every authenticated station; what could lead to motion only under the rules of `station.py`.
"""

from collections.abc import Callable
from typing import Protocol

import msgspec

from firmware_bridge.mavlink import _dialect as d
from firmware_bridge.types import OperatorEdge
from vehicle.messages import Mode
from vehicle.operator_link import picture as p
from vehicle.operator_link.about import arm_obstacles, available_modes, version
from vehicle.operator_link.picture import Message, Picture
from vehicle.operator_link.station import Goal, Station
from vehicle.operator_link.streams import Streams, name_of, once
from vehicle.operator_link.transfer import text

ACCEPTED, DENIED, UNSUPPORTED = d.MAV_RESULT_ACCEPTED, d.MAV_RESULT_DENIED, d.MAV_RESULT_UNSUPPORTED
FAILED, REJECTED, IN_PROGRESS = d.MAV_RESULT_FAILED, d.MAV_RESULT_TEMPORARILY_REJECTED, d.MAV_RESULT_IN_PROGRESS
FORCE = 21196
REPEAT_NS = 3_000_000_000
EXTENSION_ONLY = "only from a console with hold-to-run; this station may watch, set up, drive by stick, and stop"


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One command as it arrived, LONG or INT alike."""

    command: int
    params: tuple[float, float, float, float, float, float, float]
    confirmation: int
    sender: tuple[int, int]


class Pending(msgspec.Struct):
    """A command whose answer waits for the vehicle."""

    command: Command
    answer: Callable[[bool], list[Message]]


class Context(Protocol):
    """What commands may reach for one station on one peer."""

    station: Station

    @property
    def picture(self) -> Picture:
        """The vehicle now."""
        ...

    @property
    def streams(self) -> Streams:
        """Rates of the peer."""
        ...

    @property
    def driver(self) -> bool:
        """False for a console with a session: it drives by its own frames, never by commands."""
        ...

    def stop(self, edge: OperatorEdge) -> None:
        """Stop at once, whoever asks."""
        ...

    def choose_mode(self, custom_mode: int) -> None:
        """Show this mode while nothing moves."""
        ...


Result = tuple[int | None, list[Message]]
"""Result, None where the answer comes later; and what to send beside it."""


class Commands:
    """One station's commands on one peer."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._last: tuple[Command, int, int] | None = None
        self._pending: Pending | None = None

    def handle(self, command: Command, now_ns: int) -> list[Message]:
        """Act, and answer."""
        pending = self._pending
        if pending is not None and pending.command.command == command.command and _same(pending.command, command):
            return [_ack(command, IN_PROGRESS)] if command.command in SAYS_PROGRESS else []
        if self._last is not None and command.confirmation > 0:
            before, result, then_ns = self._last
            if _same(before, command) and now_ns - then_ns < REPEAT_NS:
                return [_ack(command, result)]
        handler = TABLE.get(command.command)
        if handler is None:
            return self._final(command, UNSUPPORTED, [], now_ns)
        result_now, messages = handler(self, command, now_ns)
        if result_now is None:
            return messages
        return self._final(command, result_now, messages, now_ns)

    def poll(self, now_ns: int) -> list[Message]:
        """Answer what was waiting for the vehicle."""
        pending = self._pending
        if pending is None:
            return []
        reached = self._context.station.reached(self._context.picture, now_ns)
        if reached is None:
            return []
        self._pending = None
        result = ACCEPTED if reached else REJECTED
        return self._final(pending.command, result, pending.answer(reached), now_ns)

    def set_mode(self, custom_mode: int, now_ns: int) -> tuple[int, list[Message]]:
        """A mode by its ArduRover number; what it says and whether it holds."""
        picture, context = self._context.picture, self._context
        if custom_mode in (p.HOLD, p.LOITER):
            context.choose_mode(custom_mode)
            if picture.armed and picture.mode is not Mode.READY:
                context.stop(OperatorEdge.STOP)
            return ACCEPTED, []
        if custom_mode in (p.MANUAL, p.GUIDED):
            if picture.mission_running:
                return DENIED, [text("Mode: pause the mission first")]
            context.choose_mode(custom_mode)
            return ACCEPTED, []
        if custom_mode == p.AUTO:
            if not picture.bench:
                return DENIED, [text(f"Mode: missions start {EXTENSION_ONLY}")]
            context.choose_mode(custom_mode)
            if picture.armed and not picture.mission_running and picture.holder == context.station.station_id:
                context.station.pursue(Goal.START, now_ns)
            return ACCEPTED, []
        if custom_mode == p.SMART_RTL:
            return DENIED, [text(f"Mode: backing out along the driven track starts {EXTENSION_ONLY}")]
        if custom_mode == p.RTL:
            return DENIED, [text("Mode: RTL is refused, a straight way home crosses unprocessed ground; use Hold")]
        return DENIED, [text(f"Mode: {custom_mode} is not offered")]

    # --- handlers ----------------------------------------------------------------------------------------------------
    def arm(self, command: Command, now_ns: int) -> Result:
        """400: arm after checks, disarm always."""
        context, picture = self._context, self._context.picture
        if command.params[0] < 0.5:
            return self._disarm(command, now_ns, force=command.params[1] == FORCE)
        if picture.armed:
            if picture.holder == context.station.station_id:
                return ACCEPTED, []
            return DENIED, [text(f"Arm: console {picture.holder} holds control")]
        words = arm_obstacles(picture, context.station.station_id, driver=context.driver)
        if words:
            return DENIED, [text(f"Arm: {line}") for line in words[:3]]
        context.station.pursue(Goal.ARM, now_ns)
        self._pending = Pending(command, self._arm_failed)
        return None, [_ack(command, IN_PROGRESS)]

    def _arm_failed(self, reached: bool) -> list[Message]:
        if reached:
            return []
        words = self._context.picture.obstacles() or ("the vehicle did not take it; sticks centred, standing still?",)
        return [text(f"Arm: {line}") for line in words[:3]]

    def _disarm(self, command: Command, now_ns: int, *, force: bool) -> Result:
        context, picture = self._context, self._context.picture
        if force:
            context.stop(OperatorEdge.ESTOP)
            return ACCEPTED, [text("Emergency stop", d.MAV_SEVERITY_EMERGENCY)]
        if picture.armed:
            context.stop(OperatorEdge.STOP)
            context.station.pursue(Goal.DISARM, now_ns)
            self._pending = Pending(command, lambda _: [])
            return None, []
        if picture.holder == context.station.station_id and context.driver:
            if picture.mode is Mode.ESTOP:
                context.station.press(OperatorEdge.NONE, OperatorEdge.RELEASE_ESTOP, OperatorEdge.NONE)
                context.station.press(OperatorEdge.RESET, OperatorEdge.NONE)
            elif picture.mode in p.STOPPED_MODES:
                context.station.press(OperatorEdge.NONE, OperatorEdge.DISARM, OperatorEdge.NONE)
                context.station.press(OperatorEdge.RESET, OperatorEdge.NONE)
        return ACCEPTED, []

    def prearm(self, _: Command, now_ns: int) -> Result:
        """401: tell every reason."""
        del now_ns
        return ACCEPTED, [text(f"PreArm: {line}") for line in self._context.picture.obstacles()]

    def do_set_mode(self, command: Command, now_ns: int) -> Result:
        """176."""
        if not int(command.params[0]) & d.MAV_MODE_FLAG_CUSTOM_MODE_ENABLED:
            return UNSUPPORTED, []
        return self.set_mode(_whole(command.params[1]), now_ns)

    def do_standard_mode(self, command: Command, now_ns: int) -> Result:
        """262."""
        number = p.STANDARD_MODES.get(_whole(command.params[0]))
        return self.set_mode(number, now_ns) if number is not None else (UNSUPPORTED, [])

    def mission_start(self, command: Command, now_ns: int) -> Result:
        """300: from a third-party station in simulation only."""
        context, picture = self._context, self._context.picture
        if not picture.bench:
            return DENIED, [text(f"Mission: starts {EXTENSION_ONLY}")]
        if not picture.armed or picture.holder != context.station.station_id:
            return DENIED, [text("Mission: arm first")]
        if picture.mission_running:
            return ACCEPTED, []
        context.station.pursue(Goal.START, now_ns)
        self._pending = Pending(command, lambda ok: [] if ok else [text("Mission: the vehicle did not start it")])
        return None, []

    def pause(self, command: Command, now_ns: int) -> Result:
        """193: pausing stops; going on is a start."""
        if command.params[0] < 0.5:
            self._context.stop(OperatorEdge.STOP)
            return ACCEPTED, []
        return self.mission_start(command, now_ns)

    def terminate(self, command: Command, now_ns: int) -> Result:
        """185."""
        del now_ns
        if command.params[0] < 0.5:
            return DENIED, []
        self._context.stop(OperatorEdge.ESTOP)
        return ACCEPTED, [text("Emergency stop", d.MAV_SEVERITY_EMERGENCY)]

    def go_home(self, _: Command, now_ns: int) -> Result:
        """20."""
        return self.set_mode(p.RTL, now_ns)

    def refuse_motion(self, _: Command, now_ns: int) -> Result:
        """Point-and-go: no."""
        del now_ns
        return DENIED, [text("Refused: this machine drives lanes of a checked plan, or by hand; not to a point")]

    def refuse_change(self, _: Command, now_ns: int) -> Result:
        """Known, and not for a station to change."""
        del now_ns
        return DENIED, []

    def request_message(self, command: Command, now_ns: int) -> Result:
        """512, and the older 520: the answer is an ACK *and* the message."""
        del now_ns
        wanted = AUTOPILOT_VERSION_ID if command.command == 520 else _whole(command.params[0])
        if wanted == AUTOPILOT_VERSION_ID:
            return ACCEPTED, [version()]
        if wanted == AVAILABLE_MODES_ID:
            messages = available_modes(_whole(command.params[1]))
            return (ACCEPTED, messages) if messages else (DENIED, [])
        message = once(name_of(wanted), self._context.picture)
        return (ACCEPTED, [message]) if message is not None else (UNSUPPORTED, [])

    def set_interval(self, command: Command, now_ns: int) -> Result:
        """511: microseconds; 0 is our own rate, -1 off."""
        del now_ns
        name, interval_us = name_of(_whole(command.params[0])), command.params[1]
        streams = self._context.streams
        if interval_us == 0.0:
            known = streams.reset_rate(name)
        else:
            known = streams.set_rate(name, 1e6 / interval_us if interval_us > 0.0 else 0.0)
        return (ACCEPTED, []) if known else (UNSUPPORTED, [])

    def get_interval(self, command: Command, now_ns: int) -> Result:
        """510."""
        del now_ns
        msg_id = _whole(command.params[0])
        rate_hz = self._context.streams.rate_hz(name_of(msg_id))
        interval_us = 0 if rate_hz is None else -1 if rate_hz <= 0.0 else round(1e6 / rate_hz)
        return ACCEPTED, [("MESSAGE_INTERVAL", {"message_id": msg_id & 0xFFFF, "interval_us": interval_us})]

    def banner(self, _: Command, now_ns: int) -> Result:
        """42428."""
        del now_ns
        return ACCEPTED, [text("Flailpilot: control of a mine-clearance flail", d.MAV_SEVERITY_INFO)]

    def _final(self, command: Command, result: int, messages: list[Message], now_ns: int) -> list[Message]:
        self._last = (command, result, now_ns)
        return [_ack(command, result), *messages]


def _same(one: Command, other: Command) -> bool:
    # params compare as text: NaN equals itself there
    return (one.command, one.sender, repr(one.params)) == (other.command, other.sender, repr(other.params))


def _whole(value: float) -> int:
    return int(value) if abs(value) < 1e9 else -1


def _ack(command: Command, result: int) -> Message:
    system, component = command.sender
    fields = {"command": command.command, "result": result, "target_system": system, "target_component": component}
    return "COMMAND_ACK", fields


Handler = Callable[[Commands, Command, int], Result]
SAYS_PROGRESS = frozenset({d.MAV_CMD_COMPONENT_ARM_DISARM})
"""For a mission's start MAVSDK takes "in progress" for the answer; it asks again by itself."""
AUTOPILOT_VERSION_ID, AVAILABLE_MODES_ID = 148, 435
TABLE: dict[int, Handler] = {
    d.MAV_CMD_COMPONENT_ARM_DISARM: Commands.arm,
    d.MAV_CMD_RUN_PREARM_CHECKS: Commands.prearm,
    d.MAV_CMD_DO_SET_MODE: Commands.do_set_mode,
    d.MAV_CMD_DO_SET_STANDARD_MODE: Commands.do_standard_mode,
    d.MAV_CMD_MISSION_START: Commands.mission_start,
    d.MAV_CMD_DO_PAUSE_CONTINUE: Commands.pause,
    d.MAV_CMD_DO_FLIGHTTERMINATION: Commands.terminate,
    d.MAV_CMD_NAV_RETURN_TO_LAUNCH: Commands.go_home,
    d.MAV_CMD_DO_REPOSITION: Commands.refuse_motion,
    d.MAV_CMD_DO_CHANGE_SPEED: Commands.refuse_change,
    d.MAV_CMD_DO_SET_HOME: Commands.refuse_change,
    d.MAV_CMD_DO_SET_MISSION_CURRENT: Commands.refuse_change,
    d.MAV_CMD_REQUEST_MESSAGE: Commands.request_message,
    d.MAV_CMD_REQUEST_AUTOPILOT_CAPABILITIES: Commands.request_message,
    d.MAV_CMD_SET_MESSAGE_INTERVAL: Commands.set_interval,
    d.MAV_CMD_GET_MESSAGE_INTERVAL: Commands.get_interval,
    d.MAV_CMD_DO_SEND_BANNER: Commands.banner,
}
