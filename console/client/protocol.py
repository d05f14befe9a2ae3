"""The console's end of the operator protocol: session, signing, readings, acts. Pure: bytes and times in, bytes out.

Each reading of the sticks is sent at most once, and carries the newest vehicle tick known when it was made. Without a
new reading nothing is sent that could move the machine, and the vehicle stops: a frozen console must not look alive.
STOP needs neither a reading nor a session. A session of which nothing is heard is proved anew: the vehicle may have
restarted, and a heartbeat alone brings no report of it.
"""

import secrets
from collections.abc import Callable

import msgspec

from console.client.acts import STOPS, ActAnswer, Acts, Verdict
from console.client.files import Transfer
from console.client.inferred import Seen
from console.client.observation_book import ObservationBook
from console.client.pace import OFF, Pace, hands_of
from console.client.readings import Reading, ReadingSlot, wire_battery, wire_tilt_rad, wire_video_age_ms
from console.client.rings import RingBook
from console.client.session import Credentials, SessionProof
from console.client.strangers import Strangers
from console.client.view import ConsoleView, LossMeter, Text, link_state
from firmware_bridge.console_types import BeatFlag, BeatFrame, StrokesFrame, WorkFrame
from firmware_bridge.mavlink import _dialect as d
from firmware_bridge.mavlink import adapters, codec, console_adapters
from firmware_bridge.mavlink.console_adapters import LOW
from firmware_bridge.mavlink.framing import Frame, FrameParser
from firmware_bridge.mavlink.signature import StationSigner, key_of
from firmware_bridge.mavlink.tables import SPEC_BY_NAME
from firmware_bridge.types import Observation, ObservationResult, OperatorEdge, OperatorFrame, ToolMode, VehicleFrame
from vehicle.contracts.messages import Mode
from vehicle.contracts.stop_codes import NO_REASON
from vehicle.operator_link.services import FTP_SIZE

__all__ = ["Credentials", "LinkProtocol"]

HEARTBEAT_NS = 1_000_000_000
STOP_NS = 50_000_000
"""Period of repeating a STOP until it is confirmed, even if no sticks are read."""
SEQUENCE_NS = 20_000_000
"""Sequences begin at the clock time in these steps, so that a restarted console is always above its last frame."""
TEXTS_MAX = 100
BEAT_ID, BEAT_US = SPEC_BY_NAME["FLAIL_BEAT"].msg_id, 50_000.0
ASK_AGAIN_NS = 1_000_000_000
BEATS_MISSED = 50
"""Ticks without a beat after which beats are requested again."""
SENT_KEPT, COMPONENT_ID = 64, 190
LONG_AGO_NS = -(10**18)


class LinkProtocol:
    """Pure. `receive` takes datagrams, `feed` a reading, `act` and `stop` buttons; `send` returns due datagrams."""

    def __init__(
        self,
        credentials: Credentials,
        clock_stamp: int = 0,
        draw: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._credentials, self._draw = credentials, draw
        key = key_of(credentials.secret) if credentials.secret else b""
        self._signer = StationSigner(key, clock_stamp) if credentials.secret else None
        self.session = SessionProof(credentials.system_id, credentials.secret, credentials.machine_id, draw)
        self.acts, self.slot = Acts(), ReadingSlot()
        self._pace, self._parser, self._counter = Pace(), FrameParser(), 0
        self._sequence: int | None = None
        self._sent_ns = self._heartbeat_ns = LONG_AGO_NS
        self._began_ns: int | None = None
        self._loss = LossMeter()
        self.tick = self._echo_sent = self._reasons = 0
        self.vehicle: VehicleFrame | None = None
        self.beat: BeatFrame | None = None
        self.work: WorkFrame | None = None
        self.rtt_ms: float | None = None
        self.strokes: list[StrokesFrame] = []
        """Changes of the record of ground, until fetched."""
        self.transfer: Transfer | None = None
        """The file being transferred."""
        self.rings, self._strangers = RingBook(), Strangers()
        self._sent_at: dict[int, int] = {}
        self._asked_ns = LONG_AGO_NS
        self.vehicle_ns = self.work_ns = self.heard_ns = LONG_AGO_NS
        self.texts: tuple[Text, ...] = ()
        self.results: dict[int, ObservationResult] = {}
        self._observations = ObservationBook()
        self.refused = self.sent = 0

    @property
    def open(self) -> bool:
        """Whether vehicle and console have authenticated each other."""
        return self.session.open

    # --- in ----------------------------------------------------------------------------------------------------------
    def receive(self, data: bytes, now_ns: int) -> None:
        """Process bytes from the vehicle; anything not signed by this machine is ignored."""
        for frame in self._parser.feed(data):
            if self._signer is not None and not self._signer.accepts(frame.signed):
                self.refused += 1
                if self.open and frame.signed and not self._signer.knows(frame.signed):
                    self.texts = (*self.texts, *self._strangers.heard(now_ns))[-TEXTS_MAX:]
                continue
            handler = _HANDLERS.get(frame.msg_id)
            if handler is not None:
                handler(self, frame, now_ns)

    def _report(self, frame: Frame, now_ns: int) -> None:
        vehicle = adapters.decode_vehicle(frame)
        before = self.vehicle
        if before is not None and before.session_id == vehicle.session_id and vehicle.tick < before.tick:
            return
        self._heard(vehicle.tick, vehicle.session_id, now_ns)
        self.vehicle, self.vehicle_ns = vehicle, now_ns
        mine = vehicle.lease_holder == self._credentials.system_id
        self._reasons = vehicle.reasons | vehicle.reasons_high << 64
        if not self.acts.answering:
            self.acts.seen(Seen(tick=vehicle.tick, mode=Mode(vehicle.mode), mine=mine, reasons=self._reasons))

    def _beat(self, frame: Frame, now_ns: int) -> None:
        beat = console_adapters.decode_beat(frame)
        session_id = self.session.session_id
        ours = beat.session_low == session_id & LOW
        if ours and self.beat is not None and beat.tick <= self.beat.tick:
            return
        self._heard(beat.tick, session_id if ours else -1, now_ns)
        self.beat = beat
        self._round_trip(beat.heard, now_ns)
        if self.open:
            self._judged(beat)

    def _judged(self, beat: BeatFrame) -> None:
        """Process the vehicle's answers before its state, because the state may be their effect."""
        self.acts.answering = True
        if beat.act_number:
            why, reason = beat.act_why.key, beat.act_reason
            self.acts.answered(Verdict(number=beat.act_number, refused=beat.act_refused, why=why, reason=reason))
        if beat.worst_reason != NO_REASON:
            self._reasons |= 1 << beat.worst_reason
        mine = bool(beat.flags & BeatFlag.MINE)
        self.acts.seen(Seen(tick=beat.tick, mode=Mode(beat.mode), mine=mine, reasons=self._reasons))

    def _round_trip(self, heard: int, now_ns: int) -> None:
        """Measure the round trip with the first beat that answers a frame."""
        for sequence in [one for one in self._sent_at if (heard - one) & 0xFFFF <= 0x7FFF]:
            sent_ns = self._sent_at.pop(sequence)
            if sequence == heard:
                self.rtt_ms = (now_ns - sent_ns) / 1e6

    def _work(self, frame: Frame, now_ns: int) -> None:
        work = console_adapters.decode_work(frame)
        if self.work is None or work.tick > self.work.tick:
            self.work, self.work_ns = work, now_ns

    def _strokes(self, frame: Frame, now_ns: int) -> None:
        del now_ns
        told = console_adapters.decode_strokes(frame)
        if told is not None:
            self.strokes.append(told)

    def _ring(self, frame: Frame, now_ns: int) -> None:
        if (ring := adapters.decode_neighbour(frame)) is not None:
            self.rings.heard(ring, now_ns)

    def _file(self, frame: Frame, now_ns: int) -> None:
        fields = codec.decode_fields(frame)
        if self.transfer is not None and fields["target_system"] in (0, self._credentials.system_id):
            self.transfer.heard(fields["payload"], now_ns)

    def _heard(self, tick: int, session_id: int, now_ns: int) -> None:
        """Process a report; the vehicle may have restarted."""
        if self.open and session_id != self.session.session_id:
            self.session.ended()
            self._restart()
        self.tick = max(self.tick, tick) if self.open else tick
        self.heard_ns = now_ns
        self.session.heard(now_ns)
        self._loss.heard(tick)

    def _restart(self) -> None:
        self.acts.restart()
        self.slot.restart()
        self._observations.clear()
        self.tick = self._echo_sent = 0
        self.beat = self.work = None

    def _challenge(self, frame: Frame, now_ns: int) -> None:
        self.refused += not self.session.challenged(codec.decode_fields(frame), now_ns)

    def _grant(self, frame: Frame, now_ns: int) -> None:
        before = self.session.session_id
        if not self.session.granted(codec.decode_fields(frame)):
            self.refused += 1
            return
        self.session.heard(now_ns)
        self.acts.restart()
        if before not in (0, self.session.session_id):
            self._restart()

    def _text(self, frame: Frame, now_ns: int) -> None:
        fields = codec.decode_fields(frame)
        told = Text(severity=fields["severity"], text=fields["text"], t_ns=now_ns)
        self.texts = (*self.texts[1 - TEXTS_MAX :], told)

    def _result(self, frame: Frame, now_ns: int) -> None:
        del now_ns
        result = adapters.decode_observation_result(frame)
        if result is not None and result.station_id == self._credentials.system_id:
            self._observations.end(result.sequence)
            self.results[result.sequence] = result

    # --- the operator ------------------------------------------------------------------------------------------------
    def feed(self, reading: Reading, now_ns: int) -> bool:
        """Take a new reading; True if accepted: it goes out with the next frame, unless a newer one replaces it.

        False: it is not newer than the last one, it is impossible, or there is no session.
        """
        if not self.open:
            return False
        self.slot.begin(0, now_ns)
        return self.slot.put(reading, self.tick, now_ns)

    def act(self, edge: OperatorEdge, now_ns: int, shown_tick: int | None = None) -> int:
        """Take one act and return its number, which its answer carries.

        Raises ValueError for no act, or for several at once. `shown_tick`: the newest tick on the screen at the press;
        None: `tick`.
        """
        return self.acts.press(edge, now_ns, self.tick if shown_tick is None else min(shown_tick, self.tick))

    def stop(self, now_ns: int, *, engine_off: bool = False) -> int:
        """Stop regardless of other acts; never refused. Return the number of the act."""
        return self.acts.press(OperatorEdge.ESTOP if engine_off else OperatorEdge.STOP, now_ns)

    def answers(self) -> list[ActAnswer]:
        """Return the results of acts since the last call."""
        return self.acts.taken()

    def observe(self, observation: Observation, sequence: int | None = None) -> int:
        """Send an observation once a second until the vehicle answers; return its number, the key in `results`.

        Station and session are filled in here. `sequence`: the number of an earlier try, so that it is recorded once.
        Raises ValueError for an observation that the vehicle would refuse as impossible.
        """
        sequence = int.from_bytes(self._draw(4), "little") if sequence is None else sequence
        observation = msgspec.structs.replace(
            observation, station_id=self._credentials.system_id, session_id=0, sequence=sequence
        )
        adapters.encode_observation(observation)
        self._observations.put(observation)
        return sequence

    def withdraw(self, sequence: int) -> None:
        """Stop repeating an observation for which nobody waits any more."""
        self._observations.end(sequence)

    def view(self, now_ns: int) -> ConsoleView:
        """Return a view of what is known now."""
        heard = self.heard_ns != LONG_AGO_NS
        return ConsoleView(
            state=link_state(
                now_ns,
                self.heard_ns if heard else None,
                self._began_ns,
                problem=self.session.problem,
                refused=self.refused > 0,
                proven=self.open,
                known=self.session.session_id != 0,
            ),
            session=self.open,
            tick=self.tick,
            vehicle=self.vehicle,
            beat=self.beat,
            work=self.work,
            rtt_ms=self.rtt_ms,
            age_ms=(now_ns - self.heard_ns) / 1e6 if heard else None,
            vehicle_age_ms=(now_ns - self.vehicle_ns) / 1e6 if self.vehicle is not None else None,
            work_age_ms=(now_ns - self.work_ns) / 1e6 if self.work is not None else None,
            lost_ratio=self._loss.ratio(),
            texts=self.texts,
            stopping=self.acts.stopping,
            rings=self.rings.known(now_ns),
        )

    # --- out ---------------------------------------------------------------------------------------------------------
    def send(self, now_ns: int) -> list[bytes]:
        """Return the due datagrams."""
        if self._began_ns is None:
            self._began_ns = now_ns
        frames: list[bytes] = []
        if now_ns - self._heartbeat_ns >= HEARTBEAT_NS:
            self._heartbeat_ns = now_ns
            frames.append(self._packed("HEARTBEAT", {"type": 6, "autopilot": 8, "mavlink_version": 3}))
        if self.session.silent(now_ns):
            self.acts.restart()
            self.slot.sent()
        proof = self.session.due(now_ns)
        if proof is not None:
            frames.append(self._packed("FLAIL_PROOF", proof))
        frames += self._asked(now_ns)
        frames += self._transferred(now_ns)
        self.acts.poll(now_ns)
        frames += self._hands(now_ns)
        if self.open:
            for told in self._observations.due(self.session.session_id, now_ns):
                frames.append(self._signed("FLAIL_OBSERVATION", adapters.encode_observation(told, self._next())))
            for ring in self.rings.due(self._credentials.system_id, self.tick, now_ns):
                frames.append(self._signed("FLAIL_NEIGHBOUR", adapters.encode_neighbour(ring, self._next())))
        return frames

    def _transferred(self, now_ns: int) -> list[bytes]:
        """Return the requests of the file being transferred."""
        if not self.open or self.transfer is None:
            return []
        to = {"target_system": 1, "target_component": 1}
        return [
            self._packed("FILE_TRANSFER_PROTOCOL", {**to, "payload": payload.ljust(FTP_SIZE, b"\0")})
            for payload in self.transfer.due(now_ns)
        ]

    def _asked(self, now_ns: int) -> list[bytes]:
        """Request beats if none arrive."""
        beats = self.beat is not None and self.beat.tick >= self.tick - BEATS_MISSED
        if not self.open or beats or now_ns - self._asked_ns < ASK_AGAIN_NS:
            return []
        self._asked_ns = now_ns
        asked = {"command": d.MAV_CMD_SET_MESSAGE_INTERVAL, "param1": float(BEAT_ID), "param2": BEAT_US}
        return [self._packed("COMMAND_LONG", {**asked, "target_system": 1, "target_component": 1})]

    def _hands(self, now_ns: int) -> list[bytes]:
        """Return the frame of a waiting reading, or of a stop, which does not wait."""
        reading = self.slot.waiting(now_ns) if self.open else None
        if reading is not None:
            hands = OFF if self.acts.stopping else hands_of(reading)
            answers = reading.vehicle_tick > self._echo_sent
            if self._pace.takes(hands, self._sent_ns, now_ns, answers=answers):
                self.slot.sent()
                self._echo_sent = reading.vehicle_tick
                return [self._operator(reading, now_ns)]
        if self.acts.stopping and (self.acts.stop_unsent or now_ns - self._sent_ns >= STOP_NS):
            return [self._operator(None, now_ns)]
        return []

    def _operator(self, reading: Reading | None, now_ns: int) -> bytes:
        """Return FLAIL_OPERATOR; neutral sticks without a reading, and while a stop is unconfirmed."""
        edges = self.acts.edges(now_ns)
        self.slot.begin(self.tick, now_ns)
        self._sent_ns = now_ns
        self._sequence = now_ns // SEQUENCE_NS & 0xFFFF_FFFF if self._sequence is None else self._sequence + 1
        self.sent += 1
        hands = None if edges & STOPS else reading
        if hands is None:
            self._pace.off()
        frame = OperatorFrame(
            station_id=self._credentials.system_id,
            session_id=self.session.session_id if self.open else 0,
            sequence=self._sequence,
            echo_tick=self.slot.echoed,
            sample_count=self.slot.count,
            hold_to_run=hands is not None and hands.hold,
            drive=hands.drive if hands is not None else 0.0,
            turn=hands.turn if hands is not None else 0.0,
            rotor_request=hands is not None and hands.rotor_request,
            tool_mode=hands.tool_mode if hands is not None else ToolMode.HOLD,
            tool_value_m=hands.tool_value_m if hands is not None else 0.0,
            edges=edges,
            battery_ratio=wire_battery(self.slot.last),
            tilt_rad=wire_tilt_rad(self.slot.last),
            video_age_ms=wire_video_age_ms(self.slot.last),
        )
        self._sent_at[self._sequence & 0xFFFF] = now_ns
        if len(self._sent_at) > SENT_KEPT:
            self._sent_at.pop(next(iter(self._sent_at)))
        packed = adapters.encode_operator(frame, self._next(), self.acts.number, self.acts.shown_tick)
        return self._signed("FLAIL_OPERATOR", packed)

    def _packed(self, name: str, fields: dict[str, object]) -> bytes:
        frame = codec.encode_fields(name, fields, self._next(), self._credentials.system_id, COMPONENT_ID)
        return self._signed(name, frame)

    def _signed(self, name: str, frame: bytes) -> bytes:
        return self._signer.sign(frame, SPEC_BY_NAME[name].seed) if self._signer is not None else frame

    def _next(self) -> int:
        self._counter = (self._counter + 1) & 0xFF
        return self._counter


_HANDLERS: dict[int, Callable[[LinkProtocol, Frame, int], None]] = {
    SPEC_BY_NAME["FLAIL_BEAT"].msg_id: LinkProtocol._beat,  # noqa: SLF001 (a table of its own methods)
    SPEC_BY_NAME["FLAIL_STROKES"].msg_id: LinkProtocol._strokes,  # noqa: SLF001
    SPEC_BY_NAME["FLAIL_NEIGHBOUR"].msg_id: LinkProtocol._ring,  # noqa: SLF001
    SPEC_BY_NAME["FILE_TRANSFER_PROTOCOL"].msg_id: LinkProtocol._file,  # noqa: SLF001
    SPEC_BY_NAME["FLAIL_WORK"].msg_id: LinkProtocol._work,  # noqa: SLF001
    SPEC_BY_NAME["FLAIL_VEHICLE"].msg_id: LinkProtocol._report,  # noqa: SLF001
    SPEC_BY_NAME["FLAIL_CHALLENGE"].msg_id: LinkProtocol._challenge,  # noqa: SLF001
    SPEC_BY_NAME["FLAIL_GRANT"].msg_id: LinkProtocol._grant,  # noqa: SLF001
    SPEC_BY_NAME["FLAIL_OBSERVATION_RESULT"].msg_id: LinkProtocol._result,  # noqa: SLF001
    SPEC_BY_NAME["STATUSTEXT"].msg_id: LinkProtocol._text,  # noqa: SLF001
}
