"""What a station's message does: one function for each message that is understood. All others are ignored."""

from collections.abc import Callable
from typing import Any

from firmware_bridge.mavlink import _dialect as d
from firmware_bridge.mavlink.tables import SPEC_BY_NAME
from vehicle.operator_link.about import version
from vehicle.operator_link.acts import CUSTOM_ONLY, NAME_IT, STANDING, TOO_LATE, set_mode
from vehicle.operator_link.command import Command
from vehicle.operator_link.gcs_session import GcsSession
from vehicle.operator_link.transfer import Item, text
from vehicle.operator_link.vehicle_view import Message

Fields = dict[str, Any]
Service = Callable[[GcsSession, Fields, int], list[Message]]
FTP_SIZE = 251
INT_FRAMES: dict[int, int] = {
    d.MAV_FRAME_GLOBAL: d.MAV_FRAME_GLOBAL_INT,
    d.MAV_FRAME_GLOBAL_RELATIVE_ALT: d.MAV_FRAME_GLOBAL_RELATIVE_ALT_INT,
}


def _heartbeat(_gcs: GcsSession, _fields: Fields, _now_ns: int) -> list[Message]:
    return []


def _command_long(gcs: GcsSession, fields: Fields, now_ns: int) -> list[Message]:
    params = tuple(fields[f"param{number}"] for number in range(1, 8))
    return _command(gcs, fields, params, fields["confirmation"], now_ns)


def _command(gcs: GcsSession, fields: Fields, params: tuple[Any, ...], confirmation: int, now_ns: int) -> list[Message]:
    command = Command(
        command=fields["command"],
        params=params,
        confirmation=confirmation,
        sender=gcs.sender,
        named=fields["target_system"] != 0,
        late=gcs.late,
    )
    return gcs.commands.handle(command, now_ns)


def _command_int(gcs: GcsSession, fields: Fields, now_ns: int) -> list[Message]:
    place = (float(fields["x"]), float(fields["y"]), fields["z"])
    params = (fields["param1"], fields["param2"], fields["param3"], fields["param4"], *place)
    return _command(gcs, fields, params, 0, now_ns)


def _set_mode(gcs: GcsSession, fields: Fields, now_ns: int) -> list[Message]:
    if not fields["base_mode"] & d.MAV_MODE_FLAG_CUSTOM_MODE_ENABLED:
        return [text(CUSTOM_ONLY)]
    if fields["custom_mode"] not in STANDING and (gcs.late or not fields["target_system"]):
        return [text(TOO_LATE if fields["target_system"] else NAME_IT)]
    _, messages = set_mode(gcs, fields["custom_mode"], now_ns)
    gcs.peer.streams.at_once("HEARTBEAT")
    return messages


def _param_list(gcs: GcsSession, _fields: Fields, _now_ns: int) -> list[Message]:
    gcs.peer.parameters.request_list()
    return []


def _param_read(gcs: GcsSession, fields: Fields, _now_ns: int) -> list[Message]:
    return gcs.peer.parameters.request_read(fields["param_id"], fields["param_index"])


def _param_set(gcs: GcsSession, fields: Fields, _now_ns: int) -> list[Message]:
    return gcs.peer.parameters.set(fields["param_id"], fields["param_value"], armed=gcs.view.armed)


def _ftp(gcs: GcsSession, fields: Fields, now_ns: int) -> list[Message]:
    system, component = gcs.sender
    to = {"target_system": system, "target_component": component}
    answers = gcs.peer.files.handle(fields["payload"], now_ns)
    return [("FILE_TRANSFER_PROTOCOL", {**to, "payload": answer.ljust(FTP_SIZE, b"\0")}) for answer in answers]


def _count(gcs: GcsSession, fields: Fields, now_ns: int) -> list[Message]:
    return gcs.peer.transfers.count(fields["mission_type"], fields["count"], gcs.sender, now_ns)


def _item_int(gcs: GcsSession, fields: Fields, now_ns: int) -> list[Message]:
    return _item(gcs, fields, fields["x"], fields["y"], fields["frame"], now_ns)


def _item_float(gcs: GcsSession, fields: Fields, now_ns: int) -> list[Message]:
    # latitude and longitude as float32 are only good to a metre: taken, because some stations know nothing else
    frame = INT_FRAMES.get(fields["frame"], int(fields["frame"]))
    x, y = _degrees_e7(fields["x"]), _degrees_e7(fields["y"])
    return _item(gcs, fields, x, y, frame, now_ns, exact=False)


def _degrees_e7(value: float) -> int:
    return round(value * 1e7) if abs(value) <= 200.0 else 2_000_000_000


def _item(
    gcs: GcsSession, fields: Fields, x: int, y: int, frame: int, now_ns: int, *, exact: bool = True
) -> list[Message]:
    item = Item(
        command=fields["command"],
        frame=frame,
        params=(fields["param1"], fields["param2"], fields["param3"], fields["param4"]),
        x=x,
        y=y,
        z=fields["z"],
        autocontinue=fields["autocontinue"],
    )
    kind, sequence = fields["mission_type"], fields["seq"]
    return gcs.peer.transfers.item(kind, sequence, item, gcs.sender, now_ns, exact=exact)


def _request_list(gcs: GcsSession, fields: Fields, now_ns: int) -> list[Message]:
    return gcs.peer.transfers.request_list(fields["mission_type"], gcs.sender, now_ns)


def _request_int(gcs: GcsSession, fields: Fields, now_ns: int) -> list[Message]:
    return gcs.peer.transfers.request_item(fields["mission_type"], fields["seq"], gcs.sender, now_ns, exact=True)


def _request_float(gcs: GcsSession, fields: Fields, now_ns: int) -> list[Message]:
    return gcs.peer.transfers.request_item(fields["mission_type"], fields["seq"], gcs.sender, now_ns, exact=False)


def _mission_ack(gcs: GcsSession, fields: Fields, _now_ns: int) -> list[Message]:
    gcs.peer.transfers.cancelled(fields["mission_type"], gcs.sender)
    return []


def _clear(gcs: GcsSession, fields: Fields, _now_ns: int) -> list[Message]:
    return gcs.peer.transfers.clear(fields["mission_type"], gcs.sender)


def _partial(gcs: GcsSession, fields: Fields, _now_ns: int) -> list[Message]:
    system, component = gcs.sender
    to = {"target_system": system, "target_component": component}
    return [("MISSION_ACK", {**to, "type": d.MAV_MISSION_UNSUPPORTED, "mission_type": fields["mission_type"]})]


def _version(_gcs: GcsSession, _fields: Fields, _now_ns: int) -> list[Message]:
    return [version()]


def _set_current(_gcs: GcsSession, _fields: Fields, _now_ns: int) -> list[Message]:
    return [text("Mission: it goes on where it stopped")]


def _manual(gcs: GcsSession, fields: Fields, now_ns: int) -> list[Message]:
    if gcs.driver and gcs.station.sticks.newer(gcs.stamp):
        axes = (fields["y"], fields["z"])
        gcs.station.sticks.manual_control(fields["target"], axes, fields["buttons"], now_ns, gcs.age_s)
    return []


def _override(gcs: GcsSession, fields: Fields, now_ns: int) -> list[Message]:
    if gcs.driver and gcs.station.sticks.newer(gcs.stamp):
        pulses = tuple(fields[f"chan{number}_raw"] for number in range(1, 19))
        gcs.station.sticks.override(pulses, now_ns, gcs.age_s)
    return []


def _data_stream(gcs: GcsSession, fields: Fields, _now_ns: int) -> list[Message]:
    rate_hz = float(fields["req_message_rate"]) if fields["start_stop"] else 0.0
    gcs.peer.streams.set_group(fields["req_stream_id"], rate_hz)
    return []


def _timesync(_gcs: GcsSession, fields: Fields, now_ns: int) -> list[Message]:
    # tc1 = 0 is a question; an answer to a question of ours needs no answer
    return [("TIMESYNC", {"tc1": now_ns, "ts1": fields["ts1"]})] if fields["tc1"] == 0 else []


def _ping(gcs: GcsSession, fields: Fields, _now_ns: int) -> list[Message]:
    if fields["target_system"]:
        return []
    system, component = gcs.sender
    times = {"time_usec": fields["time_usec"], "seq": fields["seq"]}
    return [("PING", {**times, "target_system": system, "target_component": component})]


def _no_logs(_gcs: GcsSession, _fields: Fields, _now_ns: int) -> list[Message]:
    return [("LOG_ENTRY", {"num_logs": 0, "last_log_num": 0})]


def _no_log_data(_gcs: GcsSession, fields: Fields, _now_ns: int) -> list[Message]:
    return [("LOG_DATA", {"id": fields["id"], "ofs": fields["ofs"], "count": 0})]


def _setup_signing(_gcs: GcsSession, _fields: Fields, _now_ns: int) -> list[Message]:
    return [text("signing: keys are set up at the machine only")]


def _set_point(_gcs: GcsSession, _fields: Fields, _now_ns: int) -> list[Message]:
    return [text("Set-points are refused: stick, or plan and Auto")]


def _set_home(_gcs: GcsSession, _fields: Fields, _now_ns: int) -> list[Message]:
    return [text("The home position is not changed by radio")]


def _named(service: Service, refused: Service) -> Service:
    """What binds or drives is taken by the vehicle that it names; sent to all, it is refused."""

    def heard(gcs: GcsSession, fields: Fields, now_ns: int) -> list[Message]:
        said = service if fields["target_system"] else refused
        return said(gcs, fields, now_ns)

    return heard


def _not_named(_gcs: GcsSession, _fields: Fields, _now_ns: int) -> list[Message]:
    return [text(NAME_IT)]


def _list_not_named(gcs: GcsSession, fields: Fields, _now_ns: int) -> list[Message]:
    system, component = gcs.sender
    to = {"target_system": system, "target_component": component}
    ack = {**to, "type": d.MAV_MISSION_DENIED, "mission_type": fields["mission_type"]}
    return [("MISSION_ACK", ack), text(NAME_IT)]


def _by_id(**services: Service) -> dict[int, Service]:
    return {SPEC_BY_NAME[name].msg_id: service for name, service in services.items()}


SERVICES = _by_id(
    HEARTBEAT=_heartbeat,
    COMMAND_LONG=_command_long,
    COMMAND_INT=_command_int,
    SET_MODE=_set_mode,
    PARAM_REQUEST_LIST=_param_list,
    PARAM_REQUEST_READ=_param_read,
    PARAM_SET=_named(_param_set, _not_named),
    FILE_TRANSFER_PROTOCOL=_ftp,
    MISSION_COUNT=_named(_count, _list_not_named),
    MISSION_ITEM_INT=_named(_item_int, _list_not_named),
    MISSION_ITEM=_named(_item_float, _list_not_named),
    MISSION_REQUEST_LIST=_request_list,
    MISSION_REQUEST_INT=_request_int,
    MISSION_REQUEST=_request_float,
    MISSION_ACK=_mission_ack,
    MISSION_CLEAR_ALL=_named(_clear, _list_not_named),
    MISSION_WRITE_PARTIAL_LIST=_partial,
    MISSION_SET_CURRENT=_set_current,
    MANUAL_CONTROL=_manual,
    RC_CHANNELS_OVERRIDE=_named(_override, _not_named),
    REQUEST_DATA_STREAM=_data_stream,
    TIMESYNC=_timesync,
    PING=_ping,
    LOG_REQUEST_LIST=_no_logs,
    LOG_REQUEST_DATA=_no_log_data,
    SETUP_SIGNING=_setup_signing,
    AUTOPILOT_VERSION_REQUEST=_version,
    SET_POSITION_TARGET_LOCAL_NED=_set_point,
    SET_POSITION_TARGET_GLOBAL_INT=_set_point,
    SET_ATTITUDE_TARGET=_set_point,
    SET_HOME_POSITION=_set_home,
    SET_GPS_GLOBAL_ORIGIN=_set_home,
)
"""Message id -> what it does."""


def addressed(fields: Fields, *, system_id: int = 1, component_id: int = 1) -> bool:
    """For us, or for everybody."""
    return fields.get("target_system", 0) in (0, system_id) and fields.get("target_component", 0) in (0, component_id)
