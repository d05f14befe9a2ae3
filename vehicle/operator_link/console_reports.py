"""What our consoles receive of a tick besides the standard streams: beats, report, work, answers to acts.

A console that asks for beats or numbers its acts gets a beat with each report, the whole report four times a second
and at each change of mode, and the figures of the work twice a second. Every other console of ours gets the whole
report each time. Rings of others that the vehicle knows are told to consoles with beats, twice a second.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from firmware_bridge.console_types import StrokesFrame, WorkFrame
from firmware_bridge.mavlink import adapters, console_adapters
from firmware_bridge.mavlink.signing import Verifier
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.messages import EngineStart, Mode, VehicleReport
from vehicle.contracts.plan import Plan
from vehicle.contracts.shift_state import ShiftState
from vehicle.contracts.sockets import TickRecord
from vehicle.operator_link import engine_start
from vehicle.operator_link.act_desk import ActDesk
from vehicle.operator_link.act_judge import Seen
from vehicle.operator_link.beats import beat_of, flags_of
from vehicle.operator_link.console_facts import Areas, ConsoleFacts, Near, Start
from vehicle.operator_link.day_file import Day, DayBook
from vehicle.operator_link.fuel import FuelGauge
from vehicle.operator_link.ground_log import GroundLog
from vehicle.operator_link.peer import Peer
from vehicle.operator_link.station_frame import ring_frames, station_frame
from vehicle.operator_link.work import CheckTimes, PlanTimes, work_of

if TYPE_CHECKING:
    from vehicle.control.state import GateState, VehicleState

RINGS_NS: Final = 500_000_000
VEHICLE_NS: Final = 250_000_000
WORK_NS: Final = 500_000_000
HALF_TICK_NS: Final = 10_000_000
"""What is due within half a tick goes out with this one."""


class ConsoleReports:
    """Sends each tick to the peers that speak our extension."""

    def __init__(
        self, datum: LocalFrame, verifier: Verifier, facts: ConsoleFacts, proven: Callable[[int], bool]
    ) -> None:
        self._datum, self._verifier, self._facts, self._proven = datum, verifier, facts, proven
        self.desk, self.ground = ActDesk(), GroundLog()
        self._times, self._checks, self._fuel = PlanTimes(), CheckTimes(), FuelGauge()
        self._before: GateState | None = None
        self._areas: Areas | None = None
        self._blocked = False
        self.plan: Plan | None = None
        """As the vehicle holds it."""
        self.shift = ShiftState()
        """As the vehicle holds it."""
        self.days = DayBook()

    def tell(self, record: TickRecord, peers: list[Peer]) -> None:
        """Judge the acts of this tick, then tell what is due of it."""
        state, report = record.state, record.outputs.report
        self._hold(state)
        if report is not None:
            self._blocked = bool(report.start_blocked)
        before, self._before = self._before or state.gate, state.gate
        self._checks.follow(state.ledger)
        self._fuel.follow(state, record.t_ns)
        changed = self.ground.follow(state, record.t_ns)
        self.desk.follow(state.gate, record.tick)
        standing = self._facts.standing(state, record.t_ns) if peers or self.desk.waits else None
        if self.desk.waits:
            self.desk.judge(before, state.gate, self._seen(state, record, standing=standing))
        for result in record.outputs.results:
            frame = adapters.encode_observation_result(result, record.tick & 0xFF)
            for peer in peers:
                peer.send_frame("FLAIL_OBSERVATION_RESULT", frame, self._verifier, record.t_ns)
        self._tell_strokes(changed, peers, record.t_ns)
        if report is None or not peers:
            return
        self._areas = self._facts.areas(state.ledger, state.config.mission.cell_m)
        flags = flags_of(state, standing=standing, blocked=self._blocked)
        shown, whole = station_frame(report, self._datum), b""
        work: WorkFrame | None = None
        for peer in peers:
            if not peer.streams.beats:
                whole = whole or adapters.encode_vehicle(shown, record.tick & 0xFF)
                peer.send_frame("FLAIL_VEHICLE", whole, self._verifier, record.t_ns)
                continue
            console = peer.signs_for
            answer, heard = self.desk.answer(console), self.desk.sequence(console)
            beat = beat_of(state, flags, console, answer, heard, proven=self._proven(console))
            encoded = console_adapters.encode_beat(beat, peer.next_sequence())
            peer.send_frame("FLAIL_BEAT", encoded, self._verifier, record.t_ns)
            if _due(peer, "FLAIL_VEHICLE", record.t_ns, VEHICLE_NS, state.gate.mode):
                again = adapters.encode_vehicle(shown, peer.next_sequence())
                peer.send_frame("FLAIL_VEHICLE", again, self._verifier, record.t_ns)
            if _due(peer, "FLAIL_WORK", record.t_ns, WORK_NS, state.gate.start):
                if work is None:
                    work = self._work(state, report, record.t_ns)
                peer.send_frame(
                    "FLAIL_WORK", console_adapters.encode_work(work, peer.next_sequence()), self._verifier, record.t_ns
                )
            self._tell_rings(report, peer, record.t_ns)

    def _work(self, state: "VehicleState", report: VehicleReport, now_ns: int) -> WorkFrame:
        near: Near = self._facts.near(state, report.estimate)
        start: Start = self._facts.start(state, report.estimate)
        work = work_of(state, now_ns, self._times, self._checks, self._areas, near, self._fuel.seen)
        return replace(
            work,
            day_count=self.days.count,
            start_block=report.start_block,
            start_distance_m=start.distance_m,
            start_bearing_rad=start.bearing_rad,
        )

    def _hold(self, state: "VehicleState") -> None:
        """What files tell of this tick."""
        self.plan, self.shift = state.mission.plan, state.checks.shift
        self.days.follow(Day(skips=state.checks.skips, people=state.checks.people))

    def _tell_rings(self, report: VehicleReport, peer: Peer, now_ns: int) -> None:
        """Rings of others that the vehicle knows, as wide as it takes them for."""
        if report.gate.rings and _due(peer, "FLAIL_NEIGHBOUR", now_ns, RINGS_NS, None):
            for ring in ring_frames(report, self._datum):
                encoded = adapters.encode_neighbour(ring, peer.next_sequence(), adapters.HOST_COMPONENT_ID)
                peer.send_frame("FLAIL_NEIGHBOUR", encoded, self._verifier, now_ns)

    def _seen(self, state: "VehicleState", record: TickRecord, *, standing: bool | None) -> Seen:
        return Seen(
            tick=record.tick,
            standing=standing,
            has_plan=state.mission.plan is not None,
            blocked=self._blocked,
            shift_due=bool(self.shift.missing),
            starter=engine_start.against(state, record.t_ns),
        )

    def _tell_strokes(self, changed: list[StrokesFrame], peers: list[Peer], now_ns: int) -> None:
        for told in changed:
            for peer in peers:
                if peer.streams.beats:
                    frame = console_adapters.encode_strokes(told, peer.next_sequence())
                    peer.send_frame("FLAIL_STROKES", frame, self._verifier, now_ns)


def _due(peer: Peer, name: str, now_ns: int, period_ns: int, mode: Mode | EngineStart | None) -> bool:
    """Whether it is time, or another mode, or another step of an engine start; it then counts as told."""
    told = peer.told.get(name)
    if told is not None and now_ns - told[0] < period_ns - HALF_TICK_NS and told[1] == mode:
        return False
    peer.told[name] = (now_ns, mode)
    return True
