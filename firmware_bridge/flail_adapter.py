"""The adapter of the flail dialect without handshake."""

from typing import TYPE_CHECKING, Final

import msgspec

from firmware_bridge.controller_adapter import Capabilities, ControllerBatch
from firmware_bridge.mavlink import adapters
from firmware_bridge.types import ControllerHello, ControllerStatus, GnssFix, ImuSample

if TYPE_CHECKING:
    from firmware_bridge.command import ActuatorCommand

NOTHING: Final = ControllerBatch()


class FlailSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of an adapter of this dialect. `greeting`: handshake of a `ControllerLink`; None: the dialect alone."""

    adapter: str = "flail"
    greeting: ControllerHello | None = None


FLAIL: Final = Capabilities(name="flail", rotor=True, depth=True, leases=True)


def settings_text(greeting: ControllerHello | None) -> str:
    """Return the settings of an adapter with this greeting as JSON."""
    return msgspec.json.encode(FlailSettings(greeting=greeting)).decode()


def batch_of(newest: dict[type, object], bad_frames: int) -> ControllerBatch:
    """Return messages by type as a batch."""
    return ControllerBatch(
        status=newest.get(ControllerStatus),  # type: ignore[arg-type]  # keyed by its own type
        imu=newest.get(ImuSample),  # type: ignore[arg-type]
        gnss=newest.get(GnssFix),  # type: ignore[arg-type]
        hello=newest.get(ControllerHello),  # type: ignore[arg-type]
        bad_frames=bad_frames,
    )


class FlailAdapter:
    """The flail dialect alone. `dropped_rtcm_bytes`: corrections dropped; the receivers have their own."""

    capabilities = FLAIL
    settings = settings_text(None)

    def __init__(self) -> None:
        self._reader = adapters.MessageReader(adapters.HOST_DECODERS)
        self._sequence = 0
        self.dropped_rtcm_bytes = 0

    def receive(self, data: bytes, now_ns: int) -> ControllerBatch:
        """Return the newest message of each kind."""
        del now_ns
        if not data:
            return NOTHING
        bad_before = self._reader.bad_frames
        newest: dict[type, object] = {type(message): message for message in self._reader.feed(data)}
        return batch_of(newest, self._reader.bad_frames - bad_before)

    def encode(self, command: "ActuatorCommand", now_ns: int) -> tuple[bytes, ...]:
        """Return the frame of the command."""
        del now_ns
        self._sequence = (self._sequence + 1) & 0xFF
        return (adapters.encode_command(command, self._sequence),)

    def corrections(self, rtcm: bytes) -> None:
        """Drop the corrections and count their bytes."""
        self.dropped_rtcm_bytes += len(rtcm)
