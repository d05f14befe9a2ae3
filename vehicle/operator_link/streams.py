"""When messages are sent to one peer: rates by message, and a budget of bytes that answers use first.

A slow radio gets fewer messages, not later ones: a message without room when it is due is left out, the least
important first, and is due again after its period.
"""

from firmware_bridge.mavlink import _dialect as d
from firmware_bridge.mavlink.tables import SPECS
from vehicle.contracts.units import NS_PER_S
from vehicle.operator_link.telemetry import STREAMS
from vehicle.operator_link.vehicle_view import Message, VehicleView

RATE_MAX_HZ = 50.0
FRAME_BYTES = 60
"""A typical signed frame; the true size is charged when it is known."""
GROUPS = {
    d.MAV_DATA_STREAM_RAW_SENSORS: ("GPS_RAW_INT",),
    d.MAV_DATA_STREAM_EXTENDED_STATUS: ("SYS_STATUS", "GPS_RAW_INT", "MISSION_CURRENT", "FENCE_STATUS"),
    d.MAV_DATA_STREAM_RC_CHANNELS: ("RC_CHANNELS",),
    d.MAV_DATA_STREAM_POSITION: ("GLOBAL_POSITION_INT",),
    d.MAV_DATA_STREAM_EXTRA1: ("ATTITUDE",),
    d.MAV_DATA_STREAM_EXTRA2: ("VFR_HUD",),
    d.MAV_DATA_STREAM_EXTRA3: ("EKF_STATUS_REPORT", "BATTERY_STATUS", "SYSTEM_TIME"),
}
KEPT = {"HEARTBEAT": 1.0, "SYS_STATUS": 0.5, "HOME_POSITION": 0.2, "BATTERY_STATUS": 0.2}
"""Stations that miss these believe the link lost, or ask for everything again."""


BEAT = "FLAIL_BEAT"
"""Asked for like a stream; it has a rate of its own."""
BEAT_HZ = 20.0


class Budget:
    """Bytes a second, with a burst of one second's worth. `charge` may overdraw: streams never hold back an answer."""

    def __init__(self, bytes_per_s: float, now_ns: int) -> None:
        self.bytes_per_s = bytes_per_s
        self._left = bytes_per_s / 2.0
        self._then_ns = now_ns

    def left(self, now_ns: int) -> float:
        """What may be sent now."""
        self._left = min(self.bytes_per_s / 2.0, self._left + (now_ns - self._then_ns) / NS_PER_S * self.bytes_per_s)
        self._then_ns = now_ns
        return self._left

    def charge(self, size: int) -> None:
        """So much was sent."""
        self._left -= size


class Streams:
    """Rates and turns of one peer."""

    def __init__(self, now_ns: int) -> None:
        self._rates_hz = {key: rate_hz for key, (_, _, rate_hz) in STREAMS.items()}
        self._due_ns = dict.fromkeys(STREAMS, now_ns)
        self._soonest_ns = now_ns
        self.skipped = 0
        self.beats = False
        """A console of ours is there that knows beats."""

    def know_beats(self) -> None:
        """From now on beats tell it all: of the plain streams only what no station may miss goes on by itself."""
        if not self.beats:
            self.beats = True
            for key in STREAMS:
                self._rates_hz[key] = KEPT.get(key, 0.0)

    def rate_hz(self, name: str) -> float | None:
        """Rate of a message; None where it is no stream of ours."""
        if name == BEAT:
            return BEAT_HZ if self.beats else 0.0
        rates = [self._rates_hz[key] for key, (message, _, _) in STREAMS.items() if message == name]
        return max(rates) if rates else None

    def set_rate(self, name: str, rate_hz: float) -> bool:
        """A station's wish, bounded; some messages never fall silent. False where there is no such stream."""
        if name == BEAT:
            if rate_hz > 0.0:
                self.know_beats()
            else:
                self.beats = False
            return True
        keys = [key for key, (message, _, _) in STREAMS.items() if message == name]
        for key in keys:
            self._rates_hz[key] = max(min(rate_hz, RATE_MAX_HZ), KEPT.get(key, 0.0))
        return bool(keys)

    def reset_rate(self, name: str) -> bool:
        """Back to the rate that we think right."""
        if name == BEAT:
            return self.set_rate(BEAT, 0.0)
        keys = [key for key, (message, _, _) in STREAMS.items() if message == name]
        for key in keys:
            self._rates_hz[key] = STREAMS[key][2]
        return bool(keys)

    def set_group(self, group: int, rate_hz: float) -> None:
        """REQUEST_DATA_STREAM, the old way: a group of messages, or all of them."""
        names = [name for names in GROUPS.values() for name in names] if group == 0 else GROUPS.get(group, ())
        for name in names:
            self.set_rate(name, rate_hz)

    def due(self, view: VehicleView, budget: Budget, now_ns: int) -> list[Message]:
        """What goes out now, the most important first, as far as the budget reaches."""
        found: list[Message] = []
        if now_ns < self._soonest_ns:
            return found
        room = budget.left(now_ns)
        for key, due_ns in self._due_ns.items():
            if now_ns < due_ns:
                continue
            rate_hz = self._rates_hz[key]
            self._due_ns[key] = now_ns + (round(NS_PER_S / rate_hz) if rate_hz > 0.0 else NS_PER_S)
            if rate_hz <= 0.0:
                continue
            if room < FRAME_BYTES and key != "HEARTBEAT":
                self.skipped += 1
                continue
            name, maker, _ = STREAMS[key]
            fields = maker(view)
            if fields is not None:
                found.append((name, fields))
                room -= FRAME_BYTES
        self._soonest_ns = min(self._due_ns.values())
        return found

    def at_once(self, key: str) -> None:
        """Send this one with the next round: a mode has changed, a station waits for it."""
        self._due_ns[key] = self._soonest_ns = 0


def once(name: str, view: VehicleView) -> Message | None:
    """One message now, for REQUEST_MESSAGE; None where it is no stream or not known yet."""
    for message, maker, _ in STREAMS.values():
        if message == name:
            fields = maker(view)
            return (name, fields) if fields is not None else None
    return None


def name_of(msg_id: int) -> str:
    """Name of a message id; empty where we do not know it."""
    spec = SPECS.get(msg_id)
    return spec.name if spec is not None else ""
