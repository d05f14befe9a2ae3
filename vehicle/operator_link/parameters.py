"""Parameters: a small table of values that a station may read or set, all REAL32, in a fixed order.

No parameter loosens a limit of the vehicle's configuration: limits are shown, and a change of them is refused as read
only.
"""

import math
import struct
from collections.abc import Callable, Mapping

import msgspec

from firmware_bridge.mavlink import _dialect as d
from vehicle.config.vehicle import VehicleConfig
from vehicle.operator_link.vehicle_view import HOLD, Message

REAL32 = d.MAV_PARAM_TYPE_REAL32
ID_SIZE = 16
"""Bytes of a name on the wire."""
MANUAL_CAP_MPS = 0.27
"""Third-party stations drive no faster: up to 0.3 m/s, as measured, the link may be 450 ms old; they send at 5 Hz."""
MANUAL_TURN_CAP_DEGPS = 10.0


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """One row. `low == high` means read only."""

    name: str
    value: float
    low: float
    high: float
    whole: bool = False


def table(config: VehicleConfig) -> tuple[Parameter, ...]:
    """The rows of this machine, sorted by name as stations expect."""
    tracks, safety, mission = config.machine.tracks, config.safety, config.mission
    cap_mps = min(MANUAL_CAP_MPS, tracks.transit_speed_mps)
    fixed = {
        "ARMING_CHECK": 1.0,  # all of them, and none can be skipped
        "ARMING_REQUIRE": 1.0,
        "FENCE_ENABLE": 1.0,
        "FS_ACTION": 2.0,  # hold
        "FS_TIMEOUT": safety.t_stop_slow_s,
        "MODE1": float(HOLD),
        "SYSID_THISMAV": 1.0,
        "WP_SPEED": tracks.working_speed_mps,
        "FLAIL_DEPTH": mission.required_depth_m,
        "FLAIL_WIDTH": config.machine.tool.width_m,
        "FLAIL_SPEED_MAX": tracks.transit_speed_mps,
    }
    rows = [Parameter(name=name, value=value, low=value, high=value) for name, value in fixed.items()]
    rows += [
        Parameter(name="MAN_SPEED", value=cap_mps, low=0.05, high=cap_mps),
        Parameter(name="MAN_TURN", value=MANUAL_TURN_CAP_DEGPS, low=1.0, high=MANUAL_TURN_CAP_DEGPS),
        Parameter(name="JOY_HOLD_BTN", value=4.0, low=0.0, high=15.0, whole=True),
        Parameter(name="JOY_THR_HALF", value=0.0, low=0.0, high=1.0, whole=True),
        Parameter(name="RC_HOLD_CH", value=8.0, low=5.0, high=16.0, whole=True),
    ]
    return tuple(sorted(rows, key=lambda row: row.name))


class Parameters:
    """The present table. `changed` is called with each new value, so that the composition root can keep it."""

    def __init__(
        self,
        rows: tuple[Parameter, ...],
        kept: Mapping[str, float] | None = None,
        changed: Callable[[str, float], None] = lambda _name, _value: None,
    ) -> None:
        self._rows = rows
        self._index = {row.name: number for number, row in enumerate(rows)}
        self._values = {row.name: row.value for row in rows}
        self._changed = changed
        for name, value in (kept or {}).items():
            if name in self._index and self.refusal(name, value) == 0:
                self._values[name] = value

    def __getitem__(self, name: str) -> float:
        return self._values[name]

    def __len__(self) -> int:
        return len(self._rows)

    def refusal(self, name: str, value: float) -> int:
        """MAV_PARAM_ERROR of setting it so; 0 where it may be."""
        number = self._index.get(name)
        if number is None:
            return int(d.MAV_PARAM_ERROR_DOES_NOT_EXIST)
        row = self._rows[number]
        if row.low == row.high:
            return int(d.MAV_PARAM_ERROR_READ_ONLY)
        near = _single(value)
        outside = not math.isfinite(near) or not _single(row.low) <= near <= _single(row.high)
        if outside or (row.whole and near != round(near)):
            return int(d.MAV_PARAM_ERROR_VALUE_OUT_OF_RANGE)
        return 0

    def set(self, name: str, value: float) -> None:
        """Take a value that `refusal` let through."""
        self._values[name] = value
        self._changed(name, value)

    def message(self, number: int) -> Message:
        """PARAM_VALUE of the row at `number`."""
        row = self._rows[number]
        return "PARAM_VALUE", {
            "param_id": row.name,
            "param_value": self._values[row.name],
            "param_type": REAL32,
            "param_count": len(self._rows),
            "param_index": number,
        }

    def number(self, name: str, index: int) -> int | None:
        """The row that PARAM_REQUEST_READ means: by name, or by index where that is not negative."""
        if index >= 0:
            return index if index < len(self._rows) else None
        return self._index.get(name)

    def packed(self, *, with_defaults: bool = False) -> bytes:
        """The table as `param.pck`: names share their beginning with the one before, values are little-endian floats.

        A row's default follows its value only where the two differ, as the flag in its first byte says.
        """
        content, before = b"", ""
        for row in self._rows:
            common = _common(before, row.name)
            rest, value = row.name[common:].encode(), self._values[row.name]
            has_default = with_defaults and value != row.value
            content += bytes([4 | (0x10 if has_default else 0), common | len(rest) - 1 << 4]) + rest
            content += struct.pack("<f", value)
            content += struct.pack("<f", row.value) if has_default else b""
            before = row.name
        magic = 0x671C if with_defaults else 0x671B
        return struct.pack("<HHH", magic, len(self._rows), len(self._rows)) + content


def _single(value: float) -> float:
    """The value as the wire carries it."""
    if not math.isfinite(value) or abs(value) > 3e38:
        return math.nan
    single: float = struct.unpack("<f", struct.pack("<f", value))[0]
    return single


def _common(before: str, name: str) -> int:
    """Length of the shared beginning; at most 15, and something is left of the new name."""
    count = 0
    while count < min(len(before), len(name) - 1, 15) and before[count] == name[count]:
        count += 1
    return count


class ParameterService:
    """The transfers of one peer. The whole list is sent a few rows at a time, within the peer's budget of bytes."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self._next: int | None = None

    def request_list(self) -> None:
        """Send everything, from the start; a second request begins anew."""
        self._next = 0

    def request_read(self, name: str, index: int) -> list[Message]:
        """One value, or PARAM_ERROR."""
        number = self._parameters.number(name, index)
        if number is None:
            return [_error(name, index, d.MAV_PARAM_ERROR_DOES_NOT_EXIST)]
        return [self._parameters.message(number)]

    def set(self, name: str, value: float, *, armed: bool) -> list[Message]:
        """The value that holds now, and why where it is not the one asked for. Nothing changes while armed."""
        refusal = self._parameters.refusal(name, value)
        if not refusal and armed:
            refusal = int(d.MAV_PARAM_ERROR_PERMISSION_DENIED)
        if not refusal:
            self._parameters.set(name, value)
        number = self._parameters.number(name, -1)
        messages = [] if number is None else [self._parameters.message(number)]
        return messages if not refusal else [*messages, _error(name, -1, refusal)]

    def more(self) -> Message | None:
        """The next row of a list under way."""
        if self._next is None or self._next >= len(self._parameters):
            self._next = None
            return None
        self._next += 1
        return self._parameters.message(self._next - 1)


def _error(name: str, index: int, error: int) -> Message:
    """PARAM_ERROR; of a name that is no plain text only what can be sent back."""
    plain = name.encode("ascii", "replace")[:ID_SIZE].decode()
    return "PARAM_ERROR", {"param_id": plain, "param_index": index, "error": error}
