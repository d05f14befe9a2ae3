"""The adapter of a real controller: the flail dialect with handshake, clock offset, loss and ages.

It sends its hello with the first command and then at 1 Hz until both sides agree, and again if the controller restarted
or was replaced; either shows in its state or boot count.
"""

from collections import OrderedDict
from typing import TYPE_CHECKING

import msgspec

from firmware_bridge import timesync
from firmware_bridge.controller_adapter import ControllerBatch
from firmware_bridge.flail_adapter import FLAIL, NOTHING, FlailAdapter, batch_of, settings_text
from firmware_bridge.handshake import mismatches
from firmware_bridge.link_statistics import LossMeter, RoundTrips
from firmware_bridge.mavlink import adapters
from firmware_bridge.mavlink.command_adapters import command_rank
from firmware_bridge.mavlink.framing import FrameParser
from firmware_bridge.mavlink.tables import CRC_EXTRA
from firmware_bridge.types import ControllerHello, ControllerState, ControllerStatus

if TYPE_CHECKING:
    from firmware_bridge.command import ActuatorCommand

HELLO_PERIOD_NS = 1_000_000_000
FROZEN_NS = 200_000_000
"""Statuses with the same count for this time come from a DMA behind a hung processor (fault row 36)."""
SENT_HELD = 64
UNHEARD_MAX = 16
"""Number of commands sent to a controller that is not heard: a third of a second of them, more than the slowest line
that can be used holds. Commands that are held back are dropped, because the next one is newer."""
CREDITS = 2
"""Commands allowed per status: each status answers one, and sometimes one is lost."""
KILL_PERIOD_NS = 100_000_000
"""A kill is sent in any case, because only the way back may be broken."""


class LinkReport(msgspec.Struct, frozen=True, kw_only=True):
    """State of the wire. `None`: not known yet. `differences`: lines for people; any of them forbids arming.

    `bad_frames`: lost to a wrong checksum or an impossible value.
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
    """The flail dialect over a wire that may fail, to a controller that may have been replaced.

    Args:
        ours: This program's handshake.
    """

    capabilities = FLAIL

    def __init__(self, ours: ControllerHello) -> None:
        self._ours, self._flail = ours, FlailAdapter()
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

    @property
    def settings(self) -> str:
        """Return the settings with the greeting as JSON."""
        return settings_text(self._ours)

    def receive(self, data: bytes, now_ns: int) -> ControllerBatch:
        """Return what the controller sent, the newest of each kind; `now_ns`: time of arrival."""
        if not data:
            return NOTHING
        newest: dict[type, object] = {}
        bad_before = self._parser.bad_frames + self._refused
        for frame in self._parser.feed(data):
            self._loss.frame(frame.sequence, now_ns)
            message = adapters.HOST_DECODERS[frame.msg_id](frame)
            if message is None:
                self._refused += 1
                continue
            newest[type(message)] = message
            if isinstance(message, ControllerStatus):
                self._hear_status(message, now_ns)
            elif isinstance(message, ControllerHello):
                self._hello = message
        return batch_of(newest, self._parser.bad_frames + self._refused - bad_before)

    def encode(self, command: "ActuatorCommand", now_ns: int) -> tuple[bytes, ...]:
        """Return the command, held back if nothing is answered, and other frames that are due."""
        (frame,) = self._flail.encode(command, now_ns)
        if not self._may_send(frame, now_ns):
            self.withheld_commands += 1
            return self.due(now_ns)
        self._sent[command.sequence & 0xFFFF_FFFF] = now_ns
        if len(self._sent) > SENT_HELD:
            self._sent.popitem(last=False)
        return (frame, *self.due(now_ns))

    def due(self, now_ns: int) -> tuple[bytes, ...]:
        """Return what is due without a command: the hello, until the controller agrees."""
        if self.agreed or (self._greeted_ns is not None and now_ns - self._greeted_ns < HELLO_PERIOD_NS):
            return ()
        self._greeted_ns = now_ns
        frame = adapters.encode_hello(self._ours, self._hello_count, adapters.HOST_COMPONENT_ID)
        self._hello_count += 1
        return (frame,)

    def corrections(self, rtcm: bytes) -> None:
        """Drop the corrections and count their bytes."""
        self._flail.corrections(rtcm)

    def _may_send(self, frame: bytes, now_ns: int) -> bool:
        """Whether a command may be sent: a controller that reads nothing must not receive many old commands later."""
        if self._credits > 0:
            self._credits -= 1
            return True
        if command_rank(frame) != 0 or now_ns - self._killed_ns < KILL_PERIOD_NS:
            return False
        self._killed_ns = now_ns
        return True

    @property
    def agreed(self) -> bool:
        """Whether both sides use the same protocol and the same configuration."""
        return self._hello is not None and not self.differences

    @property
    def differences(self) -> tuple[str, ...]:
        """Return the differences in lines for people; empty before the controller's hello."""
        return mismatches(self._hello, self._ours.config_hash) if self._hello is not None else ()

    @property
    def restarts(self) -> int:
        """Number of the controller's restarts."""
        return self._restarts

    def report(self, now_ns: int) -> LinkReport:
        """Return the state of the wire; a round trip begins with the tick of the command that is answered."""
        p50_ns, p99_ns, p100_ns = self._round_trips.quantiles_ns(0.5, 0.99, 1.0)
        return LinkReport(
            agreed=self.agreed,
            differences=self.differences,
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

    def _hear_status(self, status: ControllerStatus, now_ns: int) -> None:
        before = self._status
        self._credits = min(UNHEARD_MAX, self._credits + CREDITS)
        if before is None:  # a hello sent before the controller was there was lost
            self._greeted_ns = None
        if before is None or status.status_count != before.status_count:
            self._counted_ns = now_ns
        if before is not None and status.boot_count != before.boot_count:
            self._restarts += 1
            self._loss.restart()
            self._clock = None
        # BOOT after an agreement: it restarted, or heard another host; its agreement no longer counts
        heard = self._hello
        if heard is not None and (status.boot_count != heard.boot_count or status.state is ControllerState.BOOT):
            self._hello = None
        self._status, self._status_ns = status, now_ns
        sent_ns = self._sent.pop(status.command_sequence, None)
        if sent_ns is not None:
            self._round_trips.add(now_ns - sent_ns)
            self._clock = timesync.observe(self._clock, sent_ns, now_ns, status.time_ms)
