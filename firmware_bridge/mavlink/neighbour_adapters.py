"""Encodes and decodes FLAIL_NEIGHBOUR. A ring that cannot be is refused before anything uses it."""

from firmware_bridge.mavlink.conventions import saturated_u16
from firmware_bridge.mavlink.framing import Frame, frame_bytes
from firmware_bridge.mavlink.operator_adapters import STATION_COMPONENT_ID
from firmware_bridge.mavlink.tables import SPEC_BY_NAME
from firmware_bridge.types import NeighbourFrame, NeighbourKind

NAME_BYTES = 20
RADIUS_MAX_M = 5_000.0
"""Largest exclusion ring that a task file may name."""
SPEED_MAX_MPS = 10.0
"""No machine of this class and nobody on foot is faster."""

_NEIGHBOUR = SPEC_BY_NAME["FLAIL_NEIGHBOUR"]
_KINDS = dict(enumerate(NeighbourKind))


def encode_neighbour(neighbour: NeighbourFrame, sequence: int = 0, component_id: int = STATION_COMPONENT_ID) -> bytes:
    """Return the frame of FLAIL_NEIGHBOUR; the station's id is the header's system id.

    Raises:
        ValueError: A value that the vehicle would refuse; the text names it.
    """
    fault = neighbour_fault(neighbour)
    if fault:
        raise ValueError(fault)
    payload = _NEIGHBOUR.packer.pack(
        neighbour.lat_deg,
        neighbour.lon_deg,
        neighbour.echo_tick & 0xFFFFFFFF,
        neighbour.radius_m,
        neighbour.speed_mps,
        saturated_u16(neighbour.age_ms),
        neighbour.kind,
        neighbour.name.encode(),
    )
    return frame_bytes(_NEIGHBOUR.header_id, _NEIGHBOUR.seed, payload, sequence, neighbour.station_id, component_id)


def decode_neighbour(frame: Frame) -> NeighbourFrame | None:
    """Return whose ring was told; None if any value cannot be, and then nothing of it counts."""
    size = _NEIGHBOUR.max_length
    values = _NEIGHBOUR.packer.unpack(frame.payload[:size].ljust(size, b"\0"))
    lat_deg, lon_deg, echo_tick, radius_m, speed_mps, age_ms, number, name = values
    kind = _KINDS.get(number)
    if kind is None:
        return None
    found = NeighbourFrame(
        station_id=frame.system_id,
        name=name.split(b"\0", 1)[0].decode("utf-8", "backslashreplace"),
        kind=kind,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        radius_m=radius_m,
        speed_mps=speed_mps,
        age_ms=age_ms,
        echo_tick=echo_tick,
    )
    return None if neighbour_fault(found) else found


def neighbour_fault(neighbour: NeighbourFrame) -> str:
    """Return which value is impossible; "" if none is. NaN is outside all bounds."""
    if not 1 <= neighbour.station_id <= 255:
        return "station: 1 to 255"
    name = neighbour.name
    if not name or not name.isprintable() or len(name.encode("utf-8", "replace")) > NAME_BYTES:
        return f"name: 1 to {NAME_BYTES} bytes that can be printed"
    if not (-90.0 <= neighbour.lat_deg <= 90.0 and -180.0 <= neighbour.lon_deg <= 180.0):
        return "place: latitude and longitude on earth"
    if not 0.0 <= neighbour.radius_m <= RADIUS_MAX_M:
        return f"radius: 0 to {RADIUS_MAX_M:g} m"
    if not 0.0 <= neighbour.speed_mps <= SPEED_MAX_MPS:
        return f"speed: 0 to {SPEED_MAX_MPS:g} m/s"
    if neighbour.age_ms < 0:
        return "age: not below 0"
    return ""
