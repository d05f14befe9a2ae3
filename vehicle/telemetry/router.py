"""Makes records from reports and events: which topics are due, and the next number on each. No I/O, no clock."""

from datetime import datetime

import msgspec

from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.messages import Event, VehicleReport
from vehicle.contracts.units import NS_PER_S
from vehicle.telemetry import payloads
from vehicle.telemetry.schemas import GapBody, Header, Mission, PublisherCounts
from vehicle.telemetry.streams import EVENT, LINK, POSE, PROGRESS, STATE, TOOL, Stream, topic

_ENCODER = msgspec.json.Encoder()


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One message before it is sent; header and body are apart, so that `historical` can be set later."""

    stream: Stream
    topic: str
    header: Header
    body: bytes

    def payload(self, *, historical: bool = False) -> bytes:
        """Return the message as it is sent."""
        return payloads.encode(msgspec.structs.replace(self.header, historical=historical), self.body)


class Router:
    """Keeps for each topic the next number, the time of the last message and its content."""

    def __init__(self, vehicle_id: str, boot_id: str, datum: LocalFrame | None = None) -> None:
        self.vehicle_id, self.boot_id, self._datum = vehicle_id, boot_id, datum
        self._next_seq: dict[str, int] = {}
        self._topics: dict[tuple[str, str], str] = {}
        self._said: dict[str, tuple[int, object]] = {}

    def lasting_records(self, report: VehicleReport, mission: Mission | None, moment: datetime) -> tuple[Record, ...]:
        """Return the messages of QoS 1 that are due with this report; often there are none."""
        records = []
        if self._is_due(STATE, "", report.t_ns, payloads.state_key(report)):
            records.append(self.record(STATE, payloads.state(report), moment, report.tick))
        if mission is not None:
            steps = (report.phase, report.segment_seq, report.segment_count)
            if self._is_due(PROGRESS, mission.mission_id, report.t_ns, steps):
                body = payloads.progress(report, mission)
                records.append(self.record(PROGRESS, body, moment, report.tick, mission.mission_id))
        return tuple(records)

    def live_records(
        self, report: VehicleReport, mission: Mission | None, moment: datetime, counts: PublisherCounts
    ) -> tuple[Record, ...]:
        """Return the messages of QoS 0 that are due with this report; of several reports, only the newest is needed."""
        records = []
        if self._is_due(POSE, "", report.t_ns):
            records.append(self.record(POSE, payloads.pose(report, self._datum_of(mission)), moment, report.tick))
        if self._is_due(TOOL, "", report.t_ns):
            records.append(self.record(TOOL, payloads.tool(report), moment, report.tick))
        if self._is_due(LINK, "", report.t_ns):
            records.append(self.record(LINK, payloads.link(report, counts), moment, report.tick))
        return tuple(records)

    def record_of_event(self, happened: Event, mission: Mission | None, moment: datetime) -> Record:
        """Return the message of one event."""
        return self.record(EVENT, payloads.event(happened, self._datum_of(mission)), moment, happened.tick)

    def _datum_of(self, mission: Mission | None) -> LocalFrame | None:
        return self._datum if mission is None or mission.datum is None else mission.datum

    def record_of_gap(self, lost: GapBody, moment: datetime) -> Record:
        """Return the message that reports lost records."""
        return self.record(EVENT, payloads.gap(lost), moment, 0)

    def record(self, stream: Stream, body: msgspec.Struct, moment: datetime, tick: int, mission_id: str = "") -> Record:
        """Return a message with the next number of its topic; `moment` is in UTC."""
        where = self._topic(stream, mission_id)
        seq = self._next_seq.get(where, 0)
        self._next_seq[where] = seq + 1
        header = Header(
            vehicle_id=self.vehicle_id,
            boot_id=self.boot_id,
            stream=stream.name,
            seq=seq,
            t_utc=moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            tick=tick,
        )
        return Record(stream=stream, topic=where, header=header, body=_ENCODER.encode(body))

    def skip(self, stream: Stream, count: int) -> GapBody:
        """Skip the numbers of messages that were dropped before they were made, so that a consumer sees the gap."""
        where = self._topic(stream)
        first_seq = self._next_seq.get(where, 0)
        self._next_seq[where] = first_seq + count
        last_seq = first_seq + count - 1
        return GapBody(boot_id=self.boot_id, stream=stream.name, first_seq=first_seq, last_seq=last_seq, count=count)

    def _topic(self, stream: Stream, mission_id: str = "") -> str:
        """Return a topic from a cache, because a report needs five of them."""
        key = (stream.name, mission_id)
        if key not in self._topics:
            self._topics[key] = topic(self.vehicle_id, stream, mission_id)
        return self._topics[key]

    def _is_due(self, stream: Stream, mission_id: str, t_ns: int, key: object = None) -> bool:
        """Whether a message is due: it is the first, its content changed, its period is over, or time ran backwards.

        Time runs backwards at the start of a new boot. A period counts from when the last message was due, so that
        reports at 25 Hz give 10 Hz on average.
        """
        where = self._topic(stream, mission_id)
        due_ns, said_key = self._said.get(where, (None, None))
        period_ns = round(stream.period_s * NS_PER_S)
        if due_ns is None or said_key != key or t_ns < due_ns or t_ns >= due_ns + 2 * period_ns:
            self._said[where] = (t_ns, key)
            return True
        if t_ns < due_ns + period_ns:
            return False
        self._said[where] = (due_ns + period_ns, key)
        return True
