"""A vehicle's link in memory and a station's messages by name: for golden exchanges without sockets or time."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from firmware_bridge.mavlink import adapters, codec
from firmware_bridge.mavlink.framing import FrameParser
from firmware_bridge.mavlink.signing import Verifier
from firmware_bridge.mavlink.tables import SPECS
from firmware_bridge.types import OperatorFrame
from tests.builders import DATUM, config, estimate
from tests.operator_link.small_plan import small_plan
from vehicle.contracts.messages import GateReport, MissionPhase, Mode, RotorState, VehicleReport
from vehicle.operator_link.admission import Channel
from vehicle.operator_link.link import LinkSettings, OperatorLink
from vehicle.operator_link.mission_upload import MissionUpload
from vehicle.operator_link.proposal import Proposal
from vehicle.operator_link.telemetry import STREAMS

S_NS = 1_000_000_000
Heard = list[tuple[str, dict[str, Any]]]
CHANNEL = Channel(name="udp", unsigned=True)
SESSION = 77
STOPPED = (Mode.STOPPING, Mode.HOLD, Mode.ESTOP, Mode.FAULT)


def gate_report(mode: Mode = Mode.DISARMED, reasons: tuple[str, ...] = (), holder: int = 0) -> GateReport:
    return GateReport(
        mode=mode,
        rotor=RotorState.OFF,
        reasons=reasons,
        operator_age_s=0.1,
        lease_holder=holder,
        neutral_seen=True,
        speed_cap_mps=0.3,
        drive_speed_mps=0.0,
        drive_yaw_rate_radps=0.0,
        driving=False,
        stop_reason=reasons[0] if reasons else "",
        due=mode in STOPPED,
    )


def report(gate: GateReport, tick: int = 100) -> VehicleReport:
    return VehicleReport(
        tick=tick,
        t_ns=0,
        estimate=estimate(),
        gate=gate,
        phase=MissionPhase.IDLE,
        segment_seq=0,
        segment_count=2,
        along_m=0.0,
        cross_track_m=0.0,
        tool_depth_m=None,
        tool_height_m=0.3,
        rotor_speed_radps=0.0,
        processed_m2=0.0,
        swept_m2=0.0,
        session_id=SESSION,
    )


class Exchange:
    """One link, one station (255 unless told otherwise), a clock by hand."""

    def __init__(self, *, bench: bool = False, channel: Channel = CHANNEL) -> None:
        self.now_ns, self._tick, self.latch_tick, self.segment_count = S_NS, 100, 0, 2
        self.channel = channel
        self.proposals: list[Proposal] = []
        self.refuse_sites = ""
        self.propose: Callable[[Proposal], str] = self._keep
        verifier = Verifier({}, {}, 0, self.now_ns, lambda: 0.5)
        self.desk = desk = MissionUpload(DATUM, lambda proposal: self.propose(proposal), small_plan())  # noqa: PLW0108 (it may change)
        self.link = OperatorLink(
            config(), DATUM, verifier, desk, lambda n: bytes(range(n)), settings=LinkSettings(bench=bench)
        )
        self.vehicle()

    def _keep(self, proposal: Proposal) -> str:
        self.proposals.append(proposal)
        return self.refuse_sites

    def vehicle(self, mode: Mode = Mode.DISARMED, reasons: tuple[str, ...] = (), holder: int = 0) -> None:
        """What the loop reports, some ticks later."""
        self._tick += 5
        said = report(gate_report(mode, reasons, holder), self._tick)
        self.link.offer(replace(said, latch_tick=self.latch_tick, segment_count=self.segment_count))

    def say(self, name: str, *, system_id: int = 255, port: int = 14551, **fields: Any) -> None:
        frame = codec.encode_fields(name, fields, 0, system_id, 190)
        self.link.receive(self.channel, ("127.0.0.1", port), frame, self.now_ns)

    def hear(
        self, seconds: float = 0.02, *, streams: bool = False, port: int = 14551
    ) -> list[tuple[str, dict[str, Any]]]:
        """What the station gets in this time; without the streams unless asked for."""
        found: list[tuple[str, dict[str, Any]]] = []
        for _ in range(max(1, round(seconds / 0.02))):
            self.now_ns += 20_000_000
            self.link.step(self.now_ns)
            for _, address, frames in self.link.outbox():
                if address == ("127.0.0.1", port):
                    found += [
                        (SPECS[one.msg_id].name, codec.decode_fields(one))
                        for frame in frames
                        for one in FrameParser().feed(frame)
                    ]
        return [(name, fields) for name, fields in found if streams or name not in STREAMED]

    def command(
        self, command: int, *params: float, confirmation: int = 0, **more: Any
    ) -> list[tuple[str, dict[str, Any]]]:
        named: dict[str, Any] = {f"param{number + 1}": value for number, value in enumerate(params)}
        self.say(
            "COMMAND_LONG", command=command, target_system=1, target_component=1, confirmation=confirmation, **named
        )
        return self.hear(**more)

    def ticks(self, count: int = 1) -> list[OperatorFrame]:
        """What the loop reads in so many ticks."""
        frames: list[OperatorFrame] = []
        for _ in range(count):
            self.now_ns += 20_000_000
            self._tick += 1
            reader = adapters.MessageReader(adapters.VEHICLE_DECODERS)
            frames += [one for one in reader.feed(self.link.drain(self.now_ns).data) if isinstance(one, OperatorFrame)]
            self.link.step(self.now_ns)
        return frames


def acks(messages: list[tuple[str, dict[str, Any]]]) -> list[int]:
    return [fields["result"] for name, fields in messages if name == "COMMAND_ACK"]


def texts(messages: list[tuple[str, dict[str, Any]]]) -> list[str]:
    return [fields["text"] for name, fields in messages if name == "STATUSTEXT"]


def names(messages: list[tuple[str, dict[str, Any]]]) -> list[str]:
    return [name for name, _ in messages]


STREAMED = frozenset(name for name, _, _ in STREAMS.values())
