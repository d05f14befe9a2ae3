"""The controller's link as a port: bytes pass through unchanged; handshake, clocks, loss and ages are kept beside them.

Whoever ticks reads and writes it like any byte port. It says hello by itself, at once and then at 1 Hz until both sides
agree, and again when the controller restarted, or another one was plugged in: either tells by its state or boot count.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol, runtime_checkable

import msgspec

from firmware_bridge import timesync
from firmware_bridge.handshake import mismatches
from firmware_bridge.link_statistics import LossMeter, RoundTrips
from firmware_bridge.mavlink import adapters
from firmware_bridge.mavlink.command_adapters import command_rank, command_sequence
from firmware_bridge.mavlink.framing import FrameParser
from firmware_bridge.mavlink.tables import CRC_EXTRA, SPEC_BY_NAME
from firmware_bridge.ports import BytePort
from firmware_bridge.types import ControllerHello, ControllerState, ControllerStatus

STATUS_ID, HELLO_ID = SPEC_BY_NAME["FLAIL_STATUS"].msg_id, SPEC_BY_NAME["FLAIL_HELLO"].msg_id
HELLO_PERIOD_NS = 1_000_000_000
FROZEN_NS = 200_000_000
"""A status that comes and comes with the same count is made by a DMA behind a hung processor (fault row 36)."""
SENT_HELD = 64
UNHEARD_MAX = 16
"""So many commands go to a controller from which nothing is heard: a third of a second of them, more than the slowest
line that is driven over holds. What is withheld is lost: the next one is newer."""
CREDITS = 2
"""Of each status: one answers a command, and now and then one is lost."""
KILL_PERIOD_NS = 100_000_000
"""A kill goes out all the same: the way back may be what is broken."""
LOSS_MAX_RATIO = 0.05
"""Above this share within one second the wire is not good enough to drive on (fault row 37)."""


@runtime_checkable
class StampedPort(Protocol):
    """A port that knows when its bytes arrived."""

    def read_chunks(self) -> list[tuple[int, bytes]]:
        """Host clock [ns] and bytes of each arrival since the last call."""
        ...


class LinkReport(msgspec.Struct, frozen=True, kw_only=True):
    """How the wire is. `None` means not known yet; `differences` are lines for people and forbid arming.

    `bad_frames`: lost to their checksum, or a status with impossible values; sensors' frames are judged where they are
    used.
    """

    agreed: bool
    differences: tuple[str, ...]
    hello: ControllerHello | None
    status_age_ns: int | None
    frozen: bool
    restarts: int
    loss_ratio: float
    bad_frames: int
    noise_bytes: int
    round_trip_p50_ns: int | None
    round_trip_p99_ns: int | None
    round_trip_max_ns: int | None
    clock: timesync.ClockState | None


class ControllerLink:
    """Wraps the port towards the controller.

    Args:
        port: serial, TCP or memory.
        ours: this program's handshake.
        now_ns: the injected monotonic clock.
    """

    def __init__(self, port: BytePort, ours: ControllerHello, now_ns: Callable[[], int]) -> None:
        self._port, self._ours, self._now_ns = port, ours, now_ns
        # asked once: to ask it of a protocol takes longer than to read the port
        self._read_chunks = port.read_chunks if isinstance(port, StampedPort) else self._read_now
        self._parser = FrameParser({msg_id: CRC_EXTRA[msg_id] for msg_id in adapters.HOST_DECODERS})
        self._loss, self._round_trips = LossMeter(), RoundTrips()
        self._sent: OrderedDict[int, int] = OrderedDict()
        self._hello: ControllerHello | None = None
        self._status: ControllerStatus | None = None
        self._status_ns = self._counted_ns = 0
        self._greeted_ns: int | None = None
        self._hello_count = self._refused = self._restarts = self.withheld_commands = 0
        self._credits, self._killed_ns = UNHEARD_MAX, -KILL_PERIOD_NS
        self._clock: timesync.ClockState | None = None

    def read(self) -> bytes:
        """What the controller said, as it came; says hello where it is due."""
        now_ns = self._now_ns()
        chunks = self._read_chunks()
        for arrived_ns, chunk in chunks:
            self._hear(chunk, arrived_ns)
        if not self.agreed and (self._greeted_ns is None or now_ns - self._greeted_ns >= HELLO_PERIOD_NS):
            self._greet(now_ns)
        return b"".join(chunk for _, chunk in chunks)

    def _read_now(self) -> list[tuple[int, bytes]]:
        """Of a port that stamps nothing."""
        return [(self._now_ns(), self._port.read())]

    def write(self, frame: bytes) -> None:
        """Pass one frame on; commands are remembered until they are answered, and withheld where none is."""
        sequence = command_sequence(frame)
        if sequence is not None:
            if not self._may_send(frame):
                self.withheld_commands += 1
                return
            self._sent[sequence] = self._now_ns()
            if len(self._sent) > SENT_HELD:
                self._sent.popitem(last=False)
        self._port.write(frame)

    def _may_send(self, frame: bytes) -> bool:
        """A peer that reads nothing, or is not there, is handed no heap of old commands."""
        if self._credits > 0:
            self._credits -= 1
            return True
        now_ns = self._now_ns()
        if command_rank(frame) != 0 or now_ns - self._killed_ns < KILL_PERIOD_NS:
            return False
        self._killed_ns = now_ns
        return True

    def close(self) -> None:
        """Give the port up."""
        self._port.close()

    @property
    def agreed(self) -> bool:
        """Whether both sides speak the same protocol about the same machine."""
        return self._hello is not None and not mismatches(self._hello, self._ours.config_hash)

    def report(self) -> LinkReport:
        """How the wire is now."""
        now_ns = self._now_ns()
        p50_ns, p99_ns, p100_ns = self._round_trips.quantiles_ns(0.5, 0.99, 1.0)
        return LinkReport(
            agreed=self.agreed,
            differences=mismatches(self._hello, self._ours.config_hash) if self._hello is not None else (),
            hello=self._hello,
            status_age_ns=now_ns - self._status_ns if self._status is not None else None,
            frozen=self._status is not None and self._status_ns - self._counted_ns >= FROZEN_NS,
            restarts=self._restarts,
            loss_ratio=self._loss.ratio(now_ns),
            bad_frames=self._parser.bad_frames + self._refused,
            noise_bytes=self._parser.noise_bytes,
            round_trip_p50_ns=p50_ns,
            round_trip_p99_ns=p99_ns,
            round_trip_max_ns=p100_ns,
            clock=self._clock,
        )

    def _greet(self, now_ns: int) -> None:
        self._greeted_ns = now_ns
        self._port.write(adapters.encode_hello(self._ours, self._hello_count, adapters.HOST_COMPONENT_ID))
        self._hello_count += 1

    def _hear(self, chunk: bytes, now_ns: int) -> None:
        for frame in self._parser.feed(chunk):
            self._loss.frame(frame.sequence, now_ns)
            if frame.msg_id == STATUS_ID:
                status = adapters.decode_status(frame)
                if status is not None:
                    self._hear_status(status, now_ns)
                else:
                    self._refused += 1
            elif frame.msg_id == HELLO_ID:
                self._hello = adapters.decode_hello(frame)

    def _hear_status(self, status: ControllerStatus, now_ns: int) -> None:
        before = self._status
        self._credits = min(UNHEARD_MAX, self._credits + CREDITS)
        if before is None:  # what was said before it was there was said to nobody
            self._greeted_ns = None
        if before is None or status.status_count != before.status_count:
            self._counted_ns = now_ns
        if before is not None and status.boot_count != before.boot_count:
            self._restarts += 1
            self._loss.restart()
            self._clock = None
        # BOOT after an agreement: it restarted, or heard another host; what it agreed to is forgotten
        heard = self._hello
        if heard is not None and (status.boot_count != heard.boot_count or status.state is ControllerState.BOOT):
            self._hello = None
        self._status, self._status_ns = status, now_ns
        sent_ns = self._sent.pop(status.command_sequence, None)
        if sent_ns is not None:
            self._round_trips.add(now_ns - sent_ns)
            self._clock = timesync.observe(self._clock, sent_ns, now_ns, status.time_ms)
