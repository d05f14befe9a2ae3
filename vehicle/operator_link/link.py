"""The operator link: datagrams in, datagrams out, and bytes for the next tick of what may move the machine.

Pure: time and bytes are handed in, bytes are taken out; `transport.py` moves them. For the loop it is a source of
accepted FLAIL_OPERATOR frames, from whichever station, and a sink of reports.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from firmware_bridge.mavlink import _dialect as d
from firmware_bridge.mavlink import adapters, codec, console_adapters
from firmware_bridge.mavlink.framing import Frame, FrameParser
from firmware_bridge.mavlink.signing import Verifier
from firmware_bridge.mavlink.tables import SPEC_BY_NAME
from firmware_bridge.types import OperatorEdge
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.messages import Event, Mode, VehicleReport
from vehicle.contracts.sockets import SourceBatch, TickRecord
from vehicle.operator_link import banners
from vehicle.operator_link.admission import Address, Admission, Admitted, Channel
from vehicle.operator_link.console_facts import ConsoleFacts, NoFacts
from vehicle.operator_link.console_reports import ConsoleReports
from vehicle.operator_link.files import FileService
from vehicle.operator_link.gcs_station import GcsStation
from vehicle.operator_link.hints import CLOCK, Hints, Refused, words
from vehicle.operator_link.ingress_limiter import STRANGERS, IngressLimiter
from vehicle.operator_link.loop_frames import NAME, FrameReader
from vehicle.operator_link.mission_upload import MissionUpload
from vehicle.operator_link.parameters import Parameters, ParameterService, table
from vehicle.operator_link.peer import CALLS_NS, Peer, frames_of
from vehicle.operator_link.peers import Key, Peers
from vehicle.operator_link.pending_inputs import PendingInputs
from vehicle.operator_link.reached import Herald
from vehicle.operator_link.services import SERVICES, addressed
from vehicle.operator_link.sessions import EMPTY_PROOF, MachineIdentity, Sessions
from vehicle.operator_link.staging import PlanStage, refusal
from vehicle.operator_link.sticks import StickReader
from vehicle.operator_link.stop_only_stations import StopOnlyStations
from vehicle.operator_link.telemetry import heartbeat
from vehicle.operator_link.transfer import FENCE, Transfers, text
from vehicle.operator_link.vehicle_files import VehicleFiles
from vehicle.operator_link.vehicle_view import STOPPED_MODES, Message, VehicleView
from vehicle.operator_link.words import WAITS

OPEN_KEY = bytes(32)
"""The key of sessions on a link that takes unsigned frames: loopback only."""
OPERATOR_ID, PROOF_ID = SPEC_BY_NAME["FLAIL_OPERATOR"].msg_id, SPEC_BY_NAME["FLAIL_PROOF"].msg_id
OBSERVATION_ID, NEIGHBOUR_ID = SPEC_BY_NAME["FLAIL_OBSERVATION"].msg_id, SPEC_BY_NAME["FLAIL_NEIGHBOUR"].msg_id
HEARD = frozenset({*SERVICES, OPERATOR_ID, PROOF_ID, OBSERVATION_ID, NEIGHBOUR_ID})
SHOW_NS = 200_000_000
TEXTS_A_SECOND = 5


class LinkSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings by the composition root. `bench`: simulation on loopback, where any station may start a mission."""

    machine: MachineIdentity = MachineIdentity()
    bench: bool = False


DEFAULTS = LinkSettings()


class OperatorLink:
    """All peers of one vehicle: source and sink of its loop.

    Args:
        verifier: Keys and stamps; empty if only unsigned loopback is served.
        missions: Takes missions and fences, or says why not.
        draw: Returns n random bytes; `utc_us`: the wall clock for SYSTEM_TIME, for people only.
        say: Writes a line to the vehicle's log.
        facts: Facts for consoles that only the rooms of the tick know; without them these facts are unknown.
    """

    name = NAME

    def __init__(
        self,
        config: VehicleConfig,
        datum: LocalFrame,
        verifier: Verifier,
        missions: MissionUpload,
        draw: Callable[[int], bytes],
        *,
        settings: LinkSettings = DEFAULTS,
        parameters: Parameters | None = None,
        facts: ConsoleFacts | None = None,
        utc_us: Callable[[], int] = lambda: 0,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.admission = Admission(verifier)
        self.parameters = parameters if parameters is not None else Parameters(table(config))
        self.lists, self._missions = missions.lists, missions
        self._herald = Herald()
        self.view = VehicleView(datum=datum, bench=settings.bench)
        self.sessions = Sessions(settings.machine)
        self.refused_frames = 0
        self.limiter = IngressLimiter()
        self.hints = Hints(say)
        self.present = Peers(
            self._make_peer, lambda: StickReader(self.parameters), self.sessions.has, self.limiter.forget
        )
        self._draw, self._utc_us = draw, utc_us
        self._datum, self._accepted = datum, FrameReader()
        self._pending = PendingInputs(self.parameters, config.machine.tracks)
        self.reports = ConsoleReports(datum, verifier, facts or NoFacts(), self.sessions.has)
        self.files = VehicleFiles(self.parameters, self.reports, datum, config.machine)
        self.stop_only = StopOnlyStations(self.stop, self.tell, draw, self._pending, self.reports.desk, self.hints)
        self._texts_left, self._texts_ns = TEXTS_A_SECOND, 0
        self._banner_ns = self._shown_ns = 0
        self._replies: list[tuple[str, Address, list[bytes]]] = []

    @property
    def peers(self) -> dict[Key, Peer]:
        """By channel and address."""
        return self.present.peers

    @property
    def verifier(self) -> Verifier:
        """Keys and stamps."""
        return self.admission.verifier

    def station(self, system_id: int) -> GcsStation | None:
        """A third-party station that was heard."""
        return self.present.stations.get(system_id)

    # --- from the wires ----------------------------------------------------------------------------------------------
    def receive(self, channel: Channel, address: Address, data: bytes, now_ns: int) -> None:
        """Bytes from an address. Nothing is remembered of an address before a frame of it was admitted."""
        key: Key = (channel.name, address)
        peer = self.peers.get(key)
        source = key if peer is not None else STRANGERS
        passed = self.limiter.passes(source, data, now_ns)
        if not passed:
            return
        parser = peer.parser if peer is not None else FrameParser()
        refused, accepted = self.refused_frames, parser.accepted_frames
        for frame in frames_of(parser, passed):
            self._hear(channel, address, frame, now_ns)
        self.limiter.bad(source, self.refused_frames - refused)
        if parser.accepted_frames == accepted and (told := self.hints.older(channel.name, address, passed, now_ns)):
            self._replies.append((channel.name, address, told))

    def _refused(self, channel: Channel, address: Address, frame: Frame, admitted: Admitted, now_ns: int) -> None:
        """Say why, at the vehicle; and to the station if the key proves that it is one of ours."""
        self.refused_frames += 1
        verdict, system_id = admitted.verdict, frame.system_id
        if admitted.behind:
            self._show_stamp(channel, address, system_id, now_ns)
        host = address if isinstance(address, str) else address[0]
        if admitted.ok or not self.hints.due((channel.name, host, system_id, verdict), now_ns):
            return
        self.hints.say(words(Refused(channel.name, address, system_id, verdict), tuple(self.verifier.stations)))
        if verdict in CLOCK:
            told = text(f"Not heard: {banners.CLOCK_TOLD}", d.MAV_SEVERITY_WARNING)
            packed = codec.encode_fields(*told, 0, 1, 1)
            signed = self.verifier.sign(packed, SPEC_BY_NAME["STATUSTEXT"].seed, system_id, channel.link_id, now_ns)
            self._replies.append((channel.name, address, [signed]))

    def _hear(self, channel: Channel, address: Address, frame: Frame, now_ns: int) -> None:
        if frame.msg_id not in HEARD:
            return
        admitted = self.admission.admit(channel, frame, now_ns)
        peer = self.present.peer(channel, address, now_ns) if admitted.ok else None
        if peer is None:
            self._refused(channel, address, frame, admitted, now_ns)
            return
        peer.heard_ns, peer.answered = now_ns, True
        self.stop_only.take_peer(peer, frame.system_id, now_ns)
        if self.admission.seen(channel, frame.system_id, address, now_ns):
            self._doubt(frame.system_id)
        if frame.msg_id == NEIGHBOUR_ID:  # it only limits: any key will do, one that may do nothing but STOP too
            trusted = admitted.durable and not self.admission.doubted(frame.system_id, now_ns)
            self.refused_frames += not (trusted and self._pending.neighbour(frame))
            return
        may_all = frame.system_id not in self.stop_only.ids
        if may_all and frame.msg_id == OPERATOR_ID:
            self._take_operator(peer, frame, admitted, now_ns)
            return
        if may_all and frame.msg_id == OBSERVATION_ID:
            self._take_observation(peer, frame, now_ns)
            return
        fields = codec.decode_fields(frame)
        if not addressed(fields):
            self._another_system(peer, frame.system_id, fields, now_ns)
            return
        if not may_all and not self.stop_only.hear(peer, frame, fields, now_ns):
            return
        if frame.msg_id == PROOF_ID:
            peer.extension = True
            peer.put([self._session(peer, frame.system_id, fields, now_ns)])
        elif admitted.durable and may_all:
            peer.meant_us = peer.meant_us or fields.get("target_system") == 1
            known = len(self.present.gcs_sessions)
            gcs = self.present.gcs(self, peer, frame)
            if len(self.present.gcs_sessions) > known:
                peer.put(self.view.standing_texts())
            gcs.sender = (frame.system_id, frame.component_id)
            gcs.heard(admitted.age_s, admitted.stamp)
            gcs.station.heard_ns = now_ns
            peer.put(SERVICES[frame.msg_id](gcs, fields, now_ns))

    def _another_system(self, peer: Peer, system_id: int, fields: dict[str, Any], now_ns: int) -> None:
        """Who speaks to another vehicle only, and never to this one, may have its number wrong."""
        wanted = fields.get("target_system", 0)
        if (
            wanted not in (0, 1)
            and not peer.meant_us
            and self.hints.due(("system", peer.channel.name, system_id, wanted), now_ns)
        ):
            self.hints.say(f"operator link: station {system_id} asks for vehicle {wanted}; this is vehicle 1")
            peer.put([text(f"You ask for vehicle {wanted}; this is vehicle 1", d.MAV_SEVERITY_WARNING)])

    def _show_stamp(self, channel: Channel, address: Address, system_id: int, now_ns: int) -> None:
        """One signed heartbeat, a few times a second at most: a station that follows stamps is heard from then on."""
        if now_ns - self._shown_ns < SHOW_NS:
            return
        self._shown_ns = now_ns
        frame = codec.encode_fields("HEARTBEAT", heartbeat(self.view), 0, 1, 1)
        signed = self.verifier.sign(frame, SPEC_BY_NAME["HEARTBEAT"].seed, system_id, channel.link_id, now_ns)
        self._replies.append((channel.name, address, [signed]))

    def _take_operator(self, peer: Peer, frame: Frame, admitted: Admitted, now_ns: int) -> None:
        """A frame of our own extension goes to the tick as it is; a stop among them even where motion would not."""
        del admitted  # the session vouches for what the disk could not yet
        peer.extension, (number, shown_tick) = True, console_adapters.act_of(frame)
        if number:
            peer.streams.know_beats()
        message, edges = adapters.decode_operator(frame), adapters.stop_of(frame)
        if edges:
            self.stop(edges)
        if message is None:
            self.refused_frames += 1
            return
        message = self.reports.desk.let_through(message, number, now_ns, shown_tick)
        if self.sessions.has(frame.system_id) and not self.admission.doubted(frame.system_id, now_ns):
            self.refused_frames += not self._pending.take(message)
            if OperatorEdge.MISSION_START in message.edges and self.view.nothing_to_start:
                self.tell(text(f"Not started: {self.view.nothing_to_start}"))

    def _take_observation(self, peer: Peer, frame: Frame, now_ns: int) -> None:
        """What a console with a session measured goes to the tick; what cannot be is refused here, and told."""
        peer.extension = True
        message, refused = adapters.decode_observation(frame), adapters.refusal(frame)
        if message is None:
            self.refused_frames += 1
            if refused is not None:
                answer = adapters.encode_observation_result(refused)
                peer.send_frame("FLAIL_OBSERVATION_RESULT", answer, self.verifier, now_ns)
        elif self.sessions.has(frame.system_id) and not self.admission.doubted(frame.system_id, now_ns):
            self.refused_frames += not self._pending.observe(message)

    def _session(self, peer: Peer, system_id: int, fields: dict[str, bytes], now_ns: int) -> Message:
        nonce, given = fields["nonce"], fields["proof"]
        if given == EMPTY_PROOF:
            return self.sessions.ask(system_id, nonce, self._draw(16), now_ns)
        key = self.verifier.key(system_id)
        if key is None and peer.channel.unsigned:
            key = OPEN_KEY
        drawn, session_id = key or self._draw(32), self._pending.session_id
        answer = self.sessions.answer(system_id, nonce, given, drawn, session_id, now_ns)
        if not answer[1]["result"]:
            self.reports.desk.forget(system_id)
        return answer

    def _doubt(self, system_id: int) -> None:
        self.stop(OperatorEdge.STOP)
        self.sessions.end(system_id)
        self.tell(text(f"Two stations are {system_id}: stopped; switch one off", d.MAV_SEVERITY_CRITICAL))

    def _make_peer(self, channel: Channel, address: Address, now_ns: int) -> Peer:
        transfers = Transfers(self.lists, self._locked)
        key: Key = (channel.name, address)
        stage = PlanStage(lambda: self.files.taker, lambda: refusal(self.view, self.peers[key].signs_for))
        files = FileService(self.files.read, stage)
        peer = Peer(channel, address, ParameterService(self.parameters), transfers, files, now_ns)
        if channel.unsigned:
            peer.put([banners.BENCH_BANNER if self.view.bench else banners.UNSIGNED_BANNER])
        return peer

    def invite(self, channel: Channel, address: Address, system_id: int, now_ns: int) -> None:
        """Talk to a station that waits to be spoken to, signed with its key; it is not forgotten when it is silent."""
        peer = self.present.peer(channel, address, now_ns)
        if peer is not None:
            peer.signs_for, peer.invited = system_id, True
            peer.heard_ns = now_ns - CALLS_NS - 1

    def revoke(self, system_id: int) -> None:
        """Its key is no more: session, sticks and goals end with it."""
        self.sessions.end(system_id)
        self.present.revoke(system_id)

    # --- to the wires ------------------------------------------------------------------------------------------------
    def step(self, now_ns: int) -> None:
        """Streams, answers that waited, transfers that hang; 50 times a second or so."""
        holder = self.present.stations.get(self.view.holder)
        self.view = msgspec.structs.replace(
            self.view,
            now_ns=now_ns,
            utc_us=self._utc_us(),
            pulses=holder.sticks.pulses(now_ns) if holder is not None else (),
            lists=self._missions.shown(self.view.report),
        )
        if now_ns - self._texts_ns >= 1_000_000_000:
            self._texts_left, self._texts_ns = TEXTS_A_SECOND, now_ns
        for gcs in self.present.gcs_sessions:
            gcs.peer.put(gcs.commands.poll(now_ns))
        banner = self.view.bench and now_ns - self._banner_ns >= banners.BANNER_NS
        if banner:
            self._banner_ns = now_ns
        for peer in self.peers.values():
            if banner and peer.channel.unsigned:
                peer.put([banners.BENCH_BANNER])
            peer.put(peer.transfers.poll(now_ns))
            if not peer.silent(now_ns):
                peer.pump(self.view, self.verifier, now_ns)

    def outbox(self) -> list[tuple[str, Address, list[bytes]]]:
        """What is to be sent: channel, address, frames."""
        found = [(peer.channel.name, peer.address, peer.outbox) for peer in self.peers.values() if peer.outbox]
        for peer in self.peers.values():
            peer.outbox = []
        found += self._replies
        self._replies = []
        return found

    def tell(self, message: Message) -> None:
        """A line for every station; at most a few a second."""
        if self._texts_left > 0:
            self._texts_left -= 1
            for peer in self.peers.values():
                peer.put([message])

    # --- the loop's side ---------------------------------------------------------------------------------------------
    def drain(self, now_ns: int) -> SourceBatch:
        """FLAIL_OPERATOR frames for the next tick, stops first, and observations."""
        speaking = [
            station
            for station in self.present.stations.values()
            if not self.sessions.has(station.station_id) and not self.admission.doubted(station.station_id, now_ns)
        ]
        return self._accepted.batch(self._pending.drain(self.view, speaking, now_ns))

    def accept(self, record: TickRecord) -> None:
        """What a tick tells: results and report to consoles, report and events to every station."""
        consoles = [peer for peer in self.peers.values() if peer.extension and not peer.silent(record.t_ns)]
        self.reports.tell(record, consoles)
        if record.outputs.report is not None:
            self.offer(record.outputs.report)
        for event in (*record.notices, *record.outputs.events):
            self.event(event)

    def stop(self, edge: OperatorEdge) -> None:
        """STOP or ESTOP with the next tick, from whoever was admitted; whatever leads towards motion ends with it."""
        self._pending.stop(edge)
        emergency = OperatorEdge.ESTOP in edge
        for station in self.present.stations.values():
            station.cancel(emergency=emergency)
        self.view = self.view.pressed_anew(self._pending.tick, emergency=emergency)

    def choose_mode(self, custom_mode: int) -> None:
        """Shown while nothing moves."""
        self.view = msgspec.structs.replace(self.view, idle_mode=custom_mode)

    def offer(self, report: VehicleReport) -> None:
        """The newest report."""
        before = (self.view.custom_mode, self.view.base_mode, self.view.system_status)
        self._pending.tick, self._pending.session_id = report.tick, report.session_id
        self.view = self.view.reported(report, self._missions.shown(report))
        reached = self._herald.news(self.view.lists)
        for peer in self.peers.values():
            peer.put(reached)
        if before != (self.view.custom_mode, self.view.base_mode, self.view.system_status):
            for peer in self.peers.values():
                peer.streams.at_once("HEARTBEAT")
                peer.streams.at_once("CURRENT_MODE")

    def event(self, event: Event) -> None:
        """A line for every station: reasons, a WAIT and the stop that it becomes in words, the rest as it is."""
        if event.kind == "reason":
            name = event.text.removeprefix("reason: ")
            self.tell(text(self.view.words(name), d.MAV_SEVERITY_WARNING))
        elif event.kind == "mode" and event.text.endswith(banners.WAIT_BEGINS):
            self.tell(text(banners.WAIT_TEXT, d.MAV_SEVERITY_WARNING))
        else:
            self.tell(text(event.text, d.MAV_SEVERITY_INFO))
            if event.kind == "mode" and event.text.startswith(banners.WAIT_ENDS) and self.view.stopped_by in WAITS:
                self.tell(text(self.view.words(self.view.stopped_by), d.MAV_SEVERITY_WARNING))

    def _locked(self, kind: int) -> str:
        """Why a list may not change now, "" where it may."""
        if self.view.mission_running or self.view.mode is Mode.WAIT:
            return "a mission is running; hold it, disarm"
        if self.view.armed:
            return "armed; disarm first"
        stopped = self.view.mode in STOPPED_MODES or self.view.mode is Mode.ESTOP
        return "fence binds until disarmed" if stopped and kind == FENCE and self.lists.held(FENCE) else ""
