"""What a station may do whose key may do nothing but STOP. Pure: one frame in, what comes of it out.

Everything is refused that is not in `_HEARD`: a message or an act that is added later is refused until it is written
there. A refusal is an answer of the kind that the message has, and a line of text with the reason. What a ground
station sends in order to stop (disarm, hold, pause, emergency stop) is STOP and nothing beyond it.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from firmware_bridge.mavlink import _dialect as d
from firmware_bridge.mavlink import adapters, console_adapters
from firmware_bridge.mavlink.framing import Frame
from firmware_bridge.mavlink.tables import SPEC_BY_NAME, SPECS
from firmware_bridge.types import OperatorEdge, OperatorFrame, ToolMode
from vehicle.operator_link.acts import STANDING, emergency, stops
from vehicle.operator_link.command import ACCEPTED, DENIED, Command
from vehicle.operator_link.files import refused_file
from vehicle.operator_link.plain_frames import plain_frame
from vehicle.operator_link.transfer import text
from vehicle.operator_link.vehicle_view import Message

Fields = dict[str, Any]
WHY: Final = "this key may only STOP"
ENGINE_OFF: Final = "ENGINE OFF"
STOPPED: Final = text("Stop-only key: STOP taken, nothing else", d.MAV_SEVERITY_INFO)


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """A numbered act of our own client. `frame` asks for STOP or for nothing; `refused`: edges that are not heard."""

    frame: OperatorFrame
    number: int
    refused: OperatorEdge


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What comes of one frame: STOP, an answer, or nothing.

    `session`: it is the station's half of a proof. `act`: to be answered in the beat. `refused`: what was not taken, ""
    if nothing was refused. `told`: answers.
    """

    stop: bool = False
    session: bool = False
    act: Act | None = None
    refused: str = ""
    told: tuple[Message, ...] = ()


NOTHING: Final = Heard()


def judged(frame: Frame, fields: Fields, now_ns: int) -> Heard:
    """One frame of a station that may only stop; its signature was found right."""
    heard = _HEARD.get(frame.msg_id)
    found = heard(frame, fields, now_ns) if heard is not None else _refused(frame, fields)
    if not found.refused:
        return found
    line = text(f"Stop-only key: {found.refused} refused", d.MAV_SEVERITY_WARNING)
    return msgspec.structs.replace(found, told=(*found.told, line))


# --- what is heard ---------------------------------------------------------------------------------------------------
def _present(_frame: Frame, _fields: Fields, _now_ns: int) -> Heard:
    """HEARTBEAT: it is there."""
    return NOTHING


def _proof(_frame: Frame, _fields: Fields, _now_ns: int) -> Heard:
    """FLAIL_PROOF."""
    return Heard(session=True)


def _time(_frame: Frame, fields: Fields, now_ns: int) -> Heard:
    """TIMESYNC: the question by which the station knows that both ways are whole."""
    question = fields["tc1"] == 0
    return Heard(told=(("TIMESYNC", {"tc1": now_ns, "ts1": fields["ts1"]}),)) if question else NOTHING


def _operator(frame: Frame, _fields: Fields, _now_ns: int) -> Heard:
    """FLAIL_OPERATOR: STOP, even if the rest cannot be; sticks, tool and all other acts count for nothing."""
    stop = bool(adapters.stop_of(frame))
    asked = adapters.decode_operator(frame)
    if asked is None:
        return Heard(stop=stop, refused="" if stop else "a broken frame")
    number, _ = console_adapters.act_of(frame)
    others = asked.edges & ~OperatorEdge.STOP
    hands = asked.hold_to_run or asked.rotor_request or asked.tool_mode is not ToolMode.HOLD
    sticks = bool(asked.drive or asked.turn or asked.tool_value_m)
    words = [ENGINE_OFF] if others & OperatorEdge.ESTOP else ["the act"] if others else []
    words += ["sticks"] if hands or sticks else []
    act = Act(frame=_neutral(asked, stop=stop), number=number, refused=others)
    return Heard(stop=stop, act=act, refused=" and ".join(words))


def _neutral(asked: OperatorFrame, *, stop: bool) -> OperatorFrame:
    """Its counters, and STOP or nothing."""
    return plain_frame(
        station_id=asked.station_id,
        session_id=asked.session_id,
        sequence=asked.sequence,
        echo_tick=asked.echo_tick,
        sample_count=asked.sample_count,
        edges=OperatorEdge.STOP if stop else OperatorEdge.NONE,
    )


def _command_long(frame: Frame, fields: Fields, _now_ns: int) -> Heard:
    return _command(frame, fields, tuple(fields[f"param{number}"] for number in range(1, 8)))


def _command_int(frame: Frame, fields: Fields, _now_ns: int) -> Heard:
    place = (float(fields["x"]), float(fields["y"]), fields["z"])
    return _command(frame, fields, (fields["param1"], fields["param2"], fields["param3"], fields["param4"], *place))


def _command(frame: Frame, fields: Fields, params: tuple[Any, ...]) -> Heard:
    sender = (frame.system_id, frame.component_id)
    command = Command(command=fields["command"], params=params, confirmation=0, sender=sender)
    if emergency(command):
        return Heard(stop=True, refused=ENGINE_OFF, told=(command.answered(DENIED),))
    if stops(command):
        return Heard(stop=True, told=(command.answered(ACCEPTED), STOPPED))
    return Heard(refused=f"command {command.command}", told=(command.answered(DENIED),))


def _set_mode(_frame: Frame, fields: Fields, _now_ns: int) -> Heard:
    custom = fields["base_mode"] & d.MAV_MODE_FLAG_CUSTOM_MODE_ENABLED
    if custom and fields["custom_mode"] in STANDING:
        return Heard(stop=True, told=(STOPPED,))
    return Heard(refused="the mode")


def _id(name: str) -> int:
    return SPEC_BY_NAME[name].msg_id


_HEARD: Final[dict[int, Callable[[Frame, Fields, int], Heard]]] = {
    _id("HEARTBEAT"): _present,
    _id("FLAIL_PROOF"): _proof,
    _id("TIMESYNC"): _time,
    _id("FLAIL_OPERATOR"): _operator,
    _id("COMMAND_LONG"): _command_long,
    _id("COMMAND_INT"): _command_int,
    _id("SET_MODE"): _set_mode,
}


# --- how the rest is refused -----------------------------------------------------------------------------------------
def _refused(frame: Frame, fields: Fields) -> Heard:
    """By an answer that the sender of such a message waits for, if there is one."""
    name = SPECS[frame.msg_id].name
    what, answer = _ANSWERS.get(name, (name, _none))
    return Heard(refused=what, told=answer(frame, fields))


def _none(_frame: Frame, _fields: Fields) -> tuple[Message, ...]:
    return ()


def _parameter(_frame: Frame, fields: Fields) -> tuple[Message, ...]:
    plain = str(fields.get("param_id", "")).encode("ascii", "replace")[:16].decode()
    error = {"param_id": plain, "param_index": fields.get("param_index", -1)}
    return (("PARAM_ERROR", {**error, "error": d.MAV_PARAM_ERROR_PERMISSION_DENIED}),)


def _list(frame: Frame, fields: Fields) -> tuple[Message, ...]:
    to = {"target_system": frame.system_id, "target_component": frame.component_id}
    return (("MISSION_ACK", {**to, "type": d.MAV_MISSION_DENIED, "mission_type": fields.get("mission_type", 0)}),)


def _file(frame: Frame, fields: Fields) -> tuple[Message, ...]:
    to = {"target_system": frame.system_id, "target_component": frame.component_id}
    answer = refused_file(fields["payload"])
    payload = answer.ljust(len(fields["payload"]), b"\0")
    return (("FILE_TRANSFER_PROTOCOL", {**to, "payload": payload}),) if answer else ()


def _observation(frame: Frame, fields: Fields) -> tuple[Message, ...]:
    result = {"sequence": fields["sequence"], "target_system": frame.system_id, "result": 2, "text": WHY}
    return (("FLAIL_OBSERVATION_RESULT", result),)


_ANSWERS: Final[dict[str, tuple[str, Callable[[Frame, Fields], tuple[Message, ...]]]]] = {
    "PARAM_REQUEST_LIST": ("parameters", _parameter),
    "PARAM_REQUEST_READ": ("parameters", _parameter),
    "PARAM_SET": ("parameters", _parameter),
    "FILE_TRANSFER_PROTOCOL": ("files", _file),
    "MISSION_COUNT": ("lists", _list),
    "MISSION_ITEM": ("lists", _list),
    "MISSION_ITEM_INT": ("lists", _list),
    "MISSION_REQUEST": ("lists", _list),
    "MISSION_REQUEST_INT": ("lists", _list),
    "MISSION_REQUEST_LIST": ("lists", _list),
    "MISSION_WRITE_PARTIAL_LIST": ("lists", _list),
    "MISSION_CLEAR_ALL": ("lists", _list),
    "MANUAL_CONTROL": ("sticks", _none),
    "RC_CHANNELS_OVERRIDE": ("sticks", _none),
    "SET_POSITION_TARGET_LOCAL_NED": ("set-points", _none),
    "SET_POSITION_TARGET_GLOBAL_INT": ("set-points", _none),
    "SET_ATTITUDE_TARGET": ("set-points", _none),
    "FLAIL_OBSERVATION": ("observations", _observation),
}
