"""What the vehicle tells of itself: version, capabilities, modes, and the reasons why a station may not arm it."""

from firmware_bridge.mavlink import _dialect as d
from vehicle.contracts.messages import Mode
from vehicle.operator_link import vehicle_view as p
from vehicle.operator_link.vehicle_view import Message, VehicleView

VERSION = 0x00_01_00_00
CAPABILITIES = (
    d.MAV_PROTOCOL_CAPABILITY_PARAM_FLOAT
    | d.MAV_PROTOCOL_CAPABILITY_MISSION_INT
    | d.MAV_PROTOCOL_CAPABILITY_COMMAND_INT
    | d.MAV_PROTOCOL_CAPABILITY_FTP
    | d.MAV_PROTOCOL_CAPABILITY_FLIGHT_TERMINATION
    | d.MAV_PROTOCOL_CAPABILITY_MAVLINK2
    | d.MAV_PROTOCOL_CAPABILITY_MISSION_FENCE
    | d.MAV_PROTOCOL_CAPABILITY_MISSION_RALLY
    | d.MAV_PROTOCOL_CAPABILITY_PARAM_ENCODE_C_CAST
)


def arm_obstacles(view: VehicleView, station_id: int, *, driver: bool) -> tuple[str, ...]:
    """Why this station may not arm now; empty where it may."""
    if not driver:
        return ("this console arms by its own button, twice",)
    words = view.obstacles()
    if words:
        return words
    if view.mode in (Mode.BOOT, Mode.STOPPING):
        return ("not ready yet" if view.mode is Mode.BOOT else "still stopping",)
    if view.held_by_another(station_id):
        return (f"station {view.holder} holds control",)
    return ()


def version() -> Message:
    """AUTOPILOT_VERSION: a development version, so that no station compares it with ArduPilot's releases."""
    return "AUTOPILOT_VERSION", {"capabilities": CAPABILITIES, "flight_sw_version": VERSION, "uid": 1}


def protocol() -> Message:
    """PROTOCOL_VERSION: MAVLink 2 and nothing older."""
    return "PROTOCOL_VERSION", {"version": 200, "min_version": 200, "max_version": 200}


def available_modes(index: int) -> list[Message]:
    """AVAILABLE_MODES: all for 0, one for 1..n, none beyond."""
    rows = list(enumerate(p.MODES, 1)) if index == 0 else [(index, p.MODES[index - 1])] if _in_table(index) else []
    return [
        (
            "AVAILABLE_MODES",
            {
                "number_modes": len(p.MODES),
                "mode_index": number,
                "standard_mode": standard,
                "custom_mode": custom,
                "properties": properties,
                "mode_name": name,
            },
        )
        for number, (custom, name, standard, properties) in rows
    ]


def _in_table(index: int) -> bool:
    return 1 <= index <= len(p.MODES)
