"""The socket for whoever drives the iron: bytes in, typed values out, and back.

An adapter touches no port and no clock: whoever ticks reads and writes the bytes, and says when.
"""

from typing import TYPE_CHECKING, Protocol

import msgspec

from firmware_bridge.ports import BytePort
from firmware_bridge.types import ControllerHello, ControllerStatus, GnssFix, ImuSample

if TYPE_CHECKING:
    from firmware_bridge.command import ActuatorCommand


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a controller can do.

    `leases`: it drops each command by itself when its time is over; without, a cut-off outside both computers has to
    stop the machine. `corrections`: its receiver takes RTCM over this wire.
    """

    name: str
    rotor: bool
    depth: bool
    leases: bool
    corrections: bool = False


class ControllerBatch(msgspec.Struct, frozen=True, kw_only=True):
    """What a controller said since the last tick: the newest of each kind, and how many frames were no good."""

    status: ControllerStatus | None = None
    imu: ImuSample | None = None
    gnss: GnssFix | None = None
    hello: ControllerHello | None = None
    bad_frames: int = 0


class ControllerAdapter(Protocol):
    """One dialect of one kind of controller."""

    @property
    def capabilities(self) -> Capabilities:
        """What the controller behind it can do."""
        ...

    @property
    def settings(self) -> str:
        """What the adapter was made with, as JSON: a recording keeps it, a replay makes the same one."""
        ...

    def receive(self, data: bytes, now_ns: int) -> ControllerBatch:
        """Bytes that arrived at `now_ns`, in any pieces. Never raises on what they are."""
        ...

    def encode(self, command: "ActuatorCommand", now_ns: int) -> tuple[bytes, ...]:
        """All frames that are due now, each whole, the command first: a port that is full drops whole frames.

        Raises:
            ValueError: The command holds a value that must never reach a wire.
        """
        ...

    def corrections(self, rtcm: bytes) -> None:
        """Correction data for the controller's receiver, to go out with the frames of a coming tick."""
        ...


class ControllerWire(msgspec.Struct, frozen=True):
    """A port, and the adapter that knows what is spoken on it."""

    port: BytePort
    adapter: ControllerAdapter
