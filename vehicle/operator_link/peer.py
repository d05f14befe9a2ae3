"""One end of a link: an address, the stations behind it, and everything that is sent there."""

import struct
import textwrap
from collections import deque

from firmware_bridge.mavlink import codec
from firmware_bridge.mavlink.framing import Frame, FrameParser
from firmware_bridge.mavlink.signing import Verifier
from firmware_bridge.mavlink.tables import SPEC_BY_NAME
from vehicle.contracts.messages import EngineStart, Mode
from vehicle.operator_link.admission import Address, Channel
from vehicle.operator_link.files import FileService
from vehicle.operator_link.parameters import ParameterService
from vehicle.operator_link.streams import Budget, Streams
from vehicle.operator_link.transfer import Transfers
from vehicle.operator_link.vehicle_view import Message, VehicleView

SYSTEM_ID = COMPONENT_ID = 1
TEXT_SIZE = 50
QUEUE_MAX = 256
"""Messages that wait for room; beyond it the oldest are dropped: a station asks again."""
AGAIN_NS = 10_000_000_000
SAID_MAX = 64
CALLS_NS = 5_000_000_000
SILENT_NS = 30_000_000_000
PARAMETERS_A_STEP = 4
URGENT = frozenset({"HEARTBEAT", "COMMAND_ACK"})
CALL = frozenset({"HEARTBEAT"})
"""What a station hears that was never heard."""
CALL_AGAIN = CALL | {"EXTENDED_SYS_STATE"}
"""What one hears that answered before: some send nothing by themselves, and disarm only where they know the ground."""


class Peer:
    """Parser, services and queue of one address. Bytes go to `outbox`; the transport takes them from there."""

    def __init__(
        self,
        channel: Channel,
        address: Address,
        parameters: ParameterService,
        transfers: Transfers,
        files: FileService,
        now_ns: int,
    ) -> None:
        self.channel, self.address = channel, address
        self.parser = FrameParser()
        self.parameters, self.transfers, self.files = parameters, transfers, files
        self.streams = Streams(now_ns)
        self.budget = Budget(channel.bytes_per_s, now_ns)
        self.signs_for = 0
        self.extension = self.invited = self.meant_us = self.answered = False
        self.heard_ns = now_ns
        self.outbox: list[bytes] = []
        self.told: dict[str, tuple[int, Mode | EngineStart | None]] = {}
        """What of our extension was sent here last: when, and in which mode of the vehicle."""
        self.dropped = 0
        self._queue: deque[Message] = deque()
        self._sequence = 0
        self._said: dict[str, int] = {}
        self._now_ns = now_ns

    def silent(self, now_ns: int) -> bool:
        """Nobody there any more."""
        return now_ns - self.heard_ns > SILENT_NS and not self.invited

    def put(self, messages: list[Message]) -> None:
        """Queue answers; a full queue loses its oldest, and a text that was said of late is not said again."""
        for message in self._news(messages):
            if len(self._queue) >= QUEUE_MAX:
                self._queue.popleft()
                self.dropped += 1
            self._queue.append(message)

    def pump(self, view: VehicleView, verifier: Verifier, now_ns: int) -> None:
        """Send what the budget allows: answers, then parameters of a list under way, then streams."""
        self._now_ns = now_ns
        while self._queue and (self.budget.left(now_ns) > 0.0 or self._queue[0][0] in URGENT):
            self._send(self._queue.popleft(), verifier, now_ns)
        for _ in range(PARAMETERS_A_STEP):
            row = self.parameters.more() if self.budget.left(now_ns) > 0.0 and not self._queue else None
            if row is None:
                break
            self._send(row, verifier, now_ns)
        calls = self.invited and now_ns - self.heard_ns > CALLS_NS
        called = CALL_AGAIN if self.answered else CALL
        for message in self.streams.due(view, self.budget, now_ns):
            if not calls or message[0] in called:  # who does not answer is called, and told nothing more
                self._send(message, verifier, now_ns)

    def send_frame(self, name: str, frame: bytes, verifier: Verifier, now_ns: int) -> None:
        """A frame that is already packed."""
        if self.signs_for and not self.channel.unsigned:
            if verifier.key(self.signs_for) is None:
                return
            seed = SPEC_BY_NAME[name].seed
            frame = verifier.sign(frame, seed, self.signs_for, self.channel.link_id, now_ns)
        self.budget.charge(len(frame))
        self.outbox.append(frame)

    def next_sequence(self) -> int:
        """Counts the frames to this peer, so that it sees what it lost."""
        self._sequence = (self._sequence + 1) & 0xFF
        return self._sequence

    def _send(self, message: Message, verifier: Verifier, now_ns: int) -> None:
        name, fields = message
        try:
            frame = codec.encode_fields(name, fields, self.next_sequence(), SYSTEM_ID, COMPONENT_ID)
        except (ValueError, TypeError, struct.error):  # no answer to a station is worth the vehicle's program
            self.dropped += 1
            return
        self.send_frame(name, frame, verifier, now_ns)

    def _news(self, messages: list[Message]) -> list[Message]:
        """Texts cut into lines that a station shows whole; the same line goes out once in ten seconds."""
        found: list[Message] = []
        for name, fields in messages:
            if name != "STATUSTEXT":
                found.append((name, fields))
                continue
            for line in lines(str(fields["text"])):
                if self._now_ns - self._said.get(line, -AGAIN_NS) >= AGAIN_NS:
                    if len(self._said) >= SAID_MAX:
                        self._said.pop(next(iter(self._said)))
                    self._said.pop(line, None)
                    self._said[line] = self._now_ns
                    found.append((name, {**fields, "text": line}))
        return found


def frames_of(parser: FrameParser, data: bytes) -> list[Frame]:
    """All frames that these bytes complete; nothing waits for the rest of what only looked like one.

    A false beginning (of MAVLink 1, of noise) waits for up to 280 bytes. A whole frame behind it shows that it was
    false: a stop is not held up until a station has said so much more.
    """
    frames = parser.feed(data)
    tail = parser.pending
    if not tail:
        return frames
    search = FrameParser()
    while tail:
        search.reset()
        hidden = search.feed(tail[1:])
        tail = search.pending
        if hidden:
            frames += hidden
            parser.reset()
            parser.feed(tail)
    return frames


def lines(words: str) -> list[str]:
    """Lines of at most 50 characters, cut between words; none needs another to be read."""
    plain = words.encode("ascii", "replace").decode()
    return textwrap.wrap(plain, TEXT_SIZE, break_on_hyphens=False) or [""]
