"""A station that can do nothing but STOP: its end of the operator link, with a UDP socket.

    async with stop_station(host, port, credentials, clock) as station:
        station.press()                       # STOP, repeated until the vehicle acknowledges it
        station.view.stop                     # StopState.TAKEN

It sends only heartbeat, proof of the session, a request four times a second, STOP, and, if somebody gave it, the place
of its post with the ring round it, which can only limit and stop. It cannot send sticks, another act, a file or a
parameter. An answer to a request proves both directions of the link.
"""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable
from enum import StrEnum
from typing import Final

import msgspec

from console.client.endpoint import kept_open
from console.client.link import LOOK_NS
from console.client.protocol import COMPONENT_ID, HEARTBEAT_NS, LONG_AGO_NS, SEQUENCE_NS, STOP_NS
from console.client.rings import TELL_NS
from console.client.session import Credentials, SessionProof
from firmware_bridge.console_types import BeatFrame
from firmware_bridge.mavlink import adapters, codec, console_adapters
from firmware_bridge.mavlink.console_adapters import LOW
from firmware_bridge.mavlink.conventions import cut_text
from firmware_bridge.mavlink.framing import Frame, FrameParser
from firmware_bridge.mavlink.neighbour_adapters import NAME_BYTES, neighbour_fault
from firmware_bridge.mavlink.signature import StationSigner, key_of
from firmware_bridge.mavlink.tables import SPEC_BY_NAME
from firmware_bridge.types import NeighbourFrame, NeighbourKind, OperatorEdge
from vehicle.contracts.messages import Mode
from vehicle.host.clock import Clock
from vehicle.operator_link.act_desk import NUMBER_MAX
from vehicle.operator_link.act_judge import ARMED
from vehicle.operator_link.plain_frames import plain_frame

LATE_NS: Final = 1_000_000_000
"""If the last answer is older than this, the link is late (amber)."""
LOST_NS: Final = 2_000_000_000
"""If the last answer is older than this, the station is not connected."""
ASK_NS: Final = 250_000_000
ANEW_NS: Final = 1_000_000_000
"""A vehicle that answers, but sends no beats of this session for this time, has restarted."""
ASKED_MAX: Final = 32
WALK_MPS: Final = 1.0
"""People at a post take a few steps."""


class StopLink(StrEnum):
    """State of the link, from the age of the last answer."""

    CONNECTED = "connected"
    LATE = "late"
    LOST = "lost"


class StopState(StrEnum):
    """Result of the newest press. NONE: no press yet, or the vehicle was armed again after it."""

    NONE = "none"
    SENDING = "sending"
    TAKEN = "taken"


class StopView(msgspec.Struct, frozen=True, kw_only=True):
    """State shown by a stop-only station. None means unknown, never 0.

    `age_ms`: time since the newest answered request was sent. `heard_ms`: time since anything was received from the
    vehicle. `why`: key of the link's problem, "" if there is none. `stop_ms`: time since the press while STOP is being
    sent; after that, time from the press to the acknowledgement.
    """

    link: StopLink = StopLink.LOST
    age_ms: float | None = None
    heard_ms: float | None = None
    why: str = ""
    mode: Mode | None = None
    stop: StopState = StopState.NONE
    stop_ms: float | None = None


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """Where people stand, and the radius round them that no machine's ring may come over."""

    lat_deg: float
    lon_deg: float
    radius_m: float


class StopProtocol:
    """Pure: `receive` takes datagrams, `press` the button, `send` returns due datagrams. `post` is told to the vehicle.

    Raises ValueError for a post that cannot be.
    """

    def __init__(
        self,
        credentials: Credentials,
        clock_stamp: int = 0,
        draw: Callable[[int], bytes] = secrets.token_bytes,
        post: Post | None = None,
    ) -> None:
        self._ring = _ring(post, credentials) if post is not None else None
        self._ring_ns = LONG_AGO_NS
        self._credentials = credentials
        self._signer = StationSigner(key_of(credentials.secret), clock_stamp)
        self._session = SessionProof(credentials.system_id, credentials.secret, credentials.machine_id, draw)
        self._parser = FrameParser()
        self._number = int.from_bytes(draw(2), "little") % NUMBER_MAX
        """Number of the newest press; random at first, so that a press after a restart repeats no old one."""
        self._counter = 0
        self._sequence: int | None = None
        self._asked: dict[int, None] = {}
        self._refused = 0
        self._beat: BeatFrame | None = None
        self._pressed_ns: int | None = None
        self._state, self._took_ns = StopState.NONE, 0
        self._answered_ns = self._heard_ns = self._beat_ns = self._anew_ns = LONG_AGO_NS
        self._heartbeat_ns = self._ask_ns = self._stop_ns = LONG_AGO_NS

    # --- in ----------------------------------------------------------------------------------------------------------
    def receive(self, data: bytes, now_ns: int) -> None:
        """Process bytes from the vehicle; anything not signed with this station's key is ignored."""
        for frame in self._parser.feed(data):
            if not self._signer.accepts(frame.signed):
                self._refused += 1
                continue
            self._heard_ns = now_ns
            handler = _HANDLERS.get(frame.msg_id)
            if handler is not None:
                handler(self, frame, now_ns)

    def _challenge(self, frame: Frame, now_ns: int) -> None:
        self._session.challenged(codec.decode_fields(frame), now_ns)

    def _grant(self, frame: Frame, now_ns: int) -> None:
        if self._session.granted(codec.decode_fields(frame)):
            self._anew_ns, self._beat = now_ns, None

    def _answer(self, frame: Frame, now_ns: int) -> None:
        """Note the newest answered request; an answer without a request is ignored."""
        del now_ns
        asked_ns = codec.decode_fields(frame)["ts1"]
        if asked_ns in self._asked:
            self._answered_ns = max(self._answered_ns, asked_ns)

    def _told(self, frame: Frame, now_ns: int) -> None:
        """Process FLAIL_BEAT: mode, and result of the press."""
        beat = console_adapters.decode_beat(frame)
        ours = beat.session_low == self._session.session_id & LOW
        if self._session.open and not ours:
            self._forget()
        if not self._session.open or (self._beat is not None and beat.tick <= self._beat.tick):
            return
        self._beat, self._beat_ns = beat, now_ns
        if self._state is StopState.TAKEN and beat.mode in ARMED:  # the vehicle was armed again
            self._state = StopState.NONE
        if self._pressed_ns is None or beat.act_number != self._number:
            return
        if beat.act_refused & OperatorEdge.STOP:  # the tick that received it was not stopping yet: ask again
            self._number = _after(self._number)
            return
        self._state, self._took_ns, self._pressed_ns = StopState.TAKEN, now_ns - self._pressed_ns, None

    # --- the button --------------------------------------------------------------------------------------------------
    def press(self, now_ns: int) -> None:
        """Send STOP in any state; a press while STOP is being sent counts as the same press."""
        if self._pressed_ns is None:
            self._number, self._pressed_ns = _after(self._number), now_ns
            self._state, self._stop_ns = StopState.SENDING, LONG_AGO_NS

    def view(self, now_ns: int) -> StopView:
        """What is known now."""
        age_ns, link = now_ns - self._answered_ns, StopLink.CONNECTED
        if age_ns >= LOST_NS or self._session.problem:
            link = StopLink.LOST
        elif age_ns >= LATE_NS:
            link = StopLink.LATE
        fresh = self._beat is not None and now_ns - self._beat_ns < LATE_NS
        stop_ns = self._took_ns if self._pressed_ns is None else now_ns - self._pressed_ns
        return StopView(
            link=link,
            age_ms=_since_ms(self._answered_ns, now_ns),
            heard_ms=_since_ms(self._heard_ns, now_ns),
            why=self._why(now_ns) if link is not StopLink.CONNECTED else "",
            mode=Mode(self._beat.mode) if self._beat is not None and fresh else None,
            stop=self._state,
            stop_ms=None if self._state is StopState.NONE else stop_ns / 1e6,
        )

    def _why(self, now_ns: int) -> str:
        if self._session.problem:
            return self._session.problem
        if self._heard_ns == LONG_AGO_NS:
            return "wrong_key" if self._refused else "nobody"
        return "nobody" if now_ns - self._heard_ns >= LATE_NS else "unheard"

    # --- out ---------------------------------------------------------------------------------------------------------
    def send(self, now_ns: int) -> list[bytes]:
        """Return the due datagrams, STOP first."""
        frames: list[bytes] = []
        if self._pressed_ns is not None and now_ns - self._stop_ns >= STOP_NS:
            self._stop_ns = now_ns
            frames.append(self._stop(now_ns))
        if now_ns - self._heartbeat_ns >= HEARTBEAT_NS:
            self._heartbeat_ns = now_ns
            frames.append(self._packed("HEARTBEAT", {"type": 6, "autopilot": 8, "mavlink_version": 3}))
        self._look(now_ns)
        proof = self._session.due(now_ns)
        if proof is not None:
            frames.append(self._packed("FLAIL_PROOF", proof))
        if now_ns - self._ask_ns >= ASK_NS:
            self._ask_ns = now_ns
            self._asked[now_ns] = None
            if len(self._asked) > ASKED_MAX:
                self._asked.pop(next(iter(self._asked)))
            frames.append(self._packed("TIMESYNC", {"tc1": 0, "ts1": now_ns}))
        if self._ring is not None and now_ns - self._ring_ns >= TELL_NS:
            self._ring_ns = now_ns
            tick = self._beat.tick if self._beat is not None else 0
            ring = msgspec.structs.replace(self._ring, echo_tick=tick)
            frames.append(self._signed("FLAIL_NEIGHBOUR", adapters.encode_neighbour(ring, self._next())))
        return frames

    def _look(self, now_ns: int) -> None:
        """Whether the vehicle has lost this session: it answers, but sends nothing of the session."""
        told_ns = max(self._beat_ns, self._anew_ns)
        if self._session.open and now_ns - self._answered_ns < LATE_NS and now_ns - told_ns > ANEW_NS:
            self._forget()

    def _forget(self) -> None:
        """Forget the session and start the proof again."""
        self._session.ended()
        self._beat = None

    def _stop(self, now_ns: int) -> bytes:
        """Return FLAIL_OPERATOR with STOP and neutral sticks."""
        self._sequence = now_ns // SEQUENCE_NS & 0xFFFF_FFFF if self._sequence is None else self._sequence + 1
        frame = plain_frame(
            station_id=self._credentials.system_id,
            session_id=self._session.session_id if self._session.open else 0,
            sequence=self._sequence,
            echo_tick=self._beat.tick if self._beat is not None else 0,
            sample_count=self._sequence,
            edges=OperatorEdge.STOP,
        )
        return self._signed("FLAIL_OPERATOR", adapters.encode_operator(frame, self._next(), self._number))

    def _packed(self, name: str, fields: dict[str, object]) -> bytes:
        packed = codec.encode_fields(name, fields, self._next(), self._credentials.system_id, COMPONENT_ID)
        return self._signed(name, packed)

    def _signed(self, name: str, frame: bytes) -> bytes:
        return self._signer.sign(frame, SPEC_BY_NAME[name].seed)

    def _next(self) -> int:
        self._counter = (self._counter + 1) & 0xFF
        return self._counter


def _ring(post: Post, credentials: Credentials) -> NeighbourFrame:
    """Return what is told of a post. Raises ValueError if it cannot be."""
    ring = NeighbourFrame(
        station_id=credentials.system_id,
        name=cut_text(credentials.name, NAME_BYTES),
        kind=NeighbourKind.PEOPLE,
        lat_deg=post.lat_deg,
        lon_deg=post.lon_deg,
        radius_m=post.radius_m,
        speed_mps=WALK_MPS,
    )
    if fault := neighbour_fault(ring):
        raise ValueError(fault)
    return ring


def _after(number: int) -> int:
    """Return the next number of a press; 0 means no press."""
    return number % NUMBER_MAX + 1


def _since_ms(then_ns: int, now_ns: int) -> float | None:
    return None if then_ns == LONG_AGO_NS else (now_ns - then_ns) / 1e6


_HANDLERS: Final[dict[int, Callable[[StopProtocol, Frame, int], None]]] = {
    SPEC_BY_NAME["FLAIL_BEAT"].msg_id: StopProtocol._told,  # noqa: SLF001 (a table of its own methods)
    SPEC_BY_NAME["FLAIL_CHALLENGE"].msg_id: StopProtocol._challenge,  # noqa: SLF001
    SPEC_BY_NAME["FLAIL_GRANT"].msg_id: StopProtocol._grant,  # noqa: SLF001
    SPEC_BY_NAME["TIMESYNC"].msg_id: StopProtocol._answer,  # noqa: SLF001
}


class StopStation:
    """The protocol on a UDP socket. `problem`: error of the socket, "" if there is none."""

    def __init__(self, protocol: StopProtocol, clock: Clock) -> None:
        self._protocol, self._clock = protocol, clock
        self._transport: asyncio.DatagramTransport | None = None
        self.problem = ""

    @property
    def view(self) -> StopView:
        """A frozen view of what is known now."""
        return self._protocol.view(self._clock.now_ns())

    def press(self) -> None:
        """Send STOP now; it is repeated until the vehicle acknowledges it."""
        self._protocol.press(self._clock.now_ns())
        self._send()

    def attach(self, transport: asyncio.DatagramTransport) -> None:
        """The socket."""
        self._transport = transport

    def received(self, data: bytes) -> None:
        """A datagram."""
        self.problem = ""
        self._protocol.receive(data, self._clock.now_ns())
        self._send()

    def failed(self, error: OSError) -> None:
        """Note an error of the socket; the vehicle may still answer later."""
        self.problem = (error.strerror or str(error)).lower()

    def _send(self) -> None:
        for frame in self._protocol.send(self._clock.now_ns()):
            if self._transport is not None:
                self._transport.sendto(frame)

    async def run(self) -> None:
        """Send due data until cancelled."""
        while True:
            self._send()
            await self._clock.sleep_until_ns(self._clock.now_ns() + LOOK_NS)


@contextlib.asynccontextmanager
async def stop_station(
    host: str, port: int, credentials: Credentials, clock: Clock, clock_stamp: int = 0, post: Post | None = None
) -> AsyncIterator[StopStation]:
    """Open, run and close a station. An unreachable address is tried again every 2 s; `problem` says why.

    Raises:
        ValueError: A post that cannot be.
    """
    station = StopStation(StopProtocol(credentials, clock_stamp, post=post), clock)
    async with kept_open(host, port, station, clock, patient=True):
        yield station
