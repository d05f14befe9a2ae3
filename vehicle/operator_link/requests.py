"""Commands that ask and change nothing of the machine: messages, rates, checks, the banner."""

from firmware_bridge.mavlink import _dialect as d
from vehicle.operator_link.about import available_modes, protocol, version
from vehicle.operator_link.command import ACCEPTED, DENIED, UNSUPPORTED, Command, Context, Handler, Result
from vehicle.operator_link.streams import name_of, once
from vehicle.operator_link.transfer import text

AUTOPILOT_VERSION_ID, AVAILABLE_MODES_ID, PROTOCOL_VERSION_ID = 148, 435, 300


def prearm(context: Context, _: Command, __: int) -> Result:
    """401: tell every reason."""
    return ACCEPTED, [text(f"PreArm: {line}") for line in context.view.obstacles()]


def request_message(context: Context, command: Command, _: int) -> Result:
    """512, and the older 519 and 520: the answer is an ACK *and* the message."""
    wanted = AUTOPILOT_VERSION_ID if command.command == 520 else command.whole(1)
    if wanted == AUTOPILOT_VERSION_ID:
        return ACCEPTED, [version()]
    if wanted == PROTOCOL_VERSION_ID or command.command == d.MAV_CMD_REQUEST_PROTOCOL_VERSION:
        return ACCEPTED, [protocol()]
    if wanted == AVAILABLE_MODES_ID:
        messages = available_modes(command.whole(2))
        return (ACCEPTED, messages) if messages else (DENIED, [])
    message = once(name_of(wanted), context.view)
    return (ACCEPTED, [message]) if message is not None else (UNSUPPORTED, [])


def set_interval(context: Context, command: Command, _: int) -> Result:
    """511: microseconds; 0 is our own rate, -1 off."""
    name, interval_us = name_of(command.whole(1)), command.params[1]
    streams = context.streams
    if interval_us == 0.0:
        known = streams.reset_rate(name)
    else:
        known = streams.set_rate(name, 1e6 / interval_us if interval_us > 0.0 else 0.0)
    return (ACCEPTED, []) if known else (UNSUPPORTED, [])


def get_interval(context: Context, command: Command, _: int) -> Result:
    """510."""
    msg_id = command.whole(1)
    rate_hz = context.streams.rate_hz(name_of(msg_id))
    interval_us = 0 if rate_hz is None else -1 if rate_hz <= 0.0 else round(1e6 / rate_hz)
    return ACCEPTED, [("MESSAGE_INTERVAL", {"message_id": msg_id & 0xFFFF, "interval_us": interval_us})]


def banner(_: Context, __: Command, ___: int) -> Result:
    """42428."""
    return ACCEPTED, [text("Flailpilot: control of a mine-clearance flail", d.MAV_SEVERITY_INFO)]


REQUESTS: dict[int, Handler] = {
    d.MAV_CMD_RUN_PREARM_CHECKS: prearm,
    d.MAV_CMD_REQUEST_MESSAGE: request_message,
    d.MAV_CMD_REQUEST_AUTOPILOT_CAPABILITIES: request_message,
    d.MAV_CMD_REQUEST_PROTOCOL_VERSION: request_message,
    d.MAV_CMD_SET_MESSAGE_INTERVAL: set_interval,
    d.MAV_CMD_GET_MESSAGE_INTERVAL: get_interval,
    d.MAV_CMD_DO_SEND_BANNER: banner,
}
