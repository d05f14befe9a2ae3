"""What is due when: at once on change, in its period otherwise, numbered without a hole."""

from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.telemetry.samples import GATE, MISSION, event, halted, report
from vehicle.contracts.messages import MissionPhase, VehicleReport
from vehicle.telemetry.router import Record, Router
from vehicle.telemetry.schemas import BODIES, Envelope, Mission, PublisherCounts
from vehicle.telemetry.streams import EVENT

COUNTS = PublisherCounts()
MOMENT = datetime(2026, 11, 3, 8, 15, 0, 250_900, tzinfo=UTC)


def routed(router: Router, numbers: range, **changes: Any) -> list[Record]:
    records: list[Record] = []
    for number in numbers:
        records += asked(router, report(number, **changes))
    return records


def asked(router: Router, seen: VehicleReport, mission: Mission | None = MISSION) -> list[Record]:
    lasting = router.lasting_records(seen, mission, MOMENT)
    live = router.live_records(seen, mission, MOMENT, COUNTS)
    assert all(record.stream.qos == 1 for record in lasting)
    assert all(record.stream.qos == 0 for record in live)
    return [*lasting, *live]


def by_stream(records: list[Record]) -> Counter[str]:
    return Counter(record.stream.name for record in records)


def test_rates_of_a_minute_that_stands_still() -> None:
    """25 reports a second for 60 s: pose in turns after 120 ms and 80 ms, 10 Hz on average."""
    found = by_stream(routed(Router("v7", "b1"), range(1500)))
    assert found == {"state": 60, "pose": 600, "tool": 300, "link": 60, "progress": 12}


def test_a_pause_is_not_made_up_for() -> None:
    router = Router("v7", "b1")
    routed(router, range(1))
    assert by_stream(routed(router, range(100, 104)))["pose"] == 2


def test_a_change_of_state_is_said_in_its_report() -> None:
    router = Router("v7", "b1")
    routed(router, range(3))
    changed = asked(router, report(3, gate=halted("OPERATOR_STALE")))
    assert [record.stream.name for record in changed if record.stream.qos] == ["state"]
    again = asked(router, report(4, gate=halted("OPERATOR_STALE")))
    assert not [record for record in again if record.stream.qos]


def test_each_part_of_the_state_counts_as_a_change() -> None:
    changes = (
        {"gate": msgspec.structs.replace(GATE, lease_holder=8)},
        {"gate": msgspec.structs.replace(GATE, driving=False)},
        {"phase": MissionPhase.BACK_OFF},
    )
    for change in changes:
        router = Router("v7", "b1")
        asked(router, report(0), None)
        found = asked(router, report(1, **change), None)
        assert [record.stream.name for record in found] == ["state"]


def test_growing_area_waits_for_its_second() -> None:
    router = Router("v7", "b1")
    routed(router, range(1))
    assert not [r for r in routed(router, range(1, 25), processed_m2=99.0) if r.stream.name == "state"]
    assert [r.stream.name for r in routed(router, range(25, 26), processed_m2=99.0)].count("state") == 1


def test_progress_is_said_at_each_segment() -> None:
    router = Router("v7", "b1")
    routed(router, range(1))
    found = routed(router, range(1, 2), segment_seq=4)
    assert [record.topic for record in found] == ["flail/v1/v7/mission/a1b2c3/progress"]


def test_no_mission_no_progress() -> None:
    records = asked(Router("v7", "b1"), report(0), None)
    assert sorted(record.stream.name for record in records) == ["link", "pose", "state", "tool"]


def test_two_missions_are_numbered_apart() -> None:
    router = Router("v7", "b1")
    for number in range(0, 500, 125):
        for mission_id in ("m1", "m2"):
            mission = Mission(mission_id=mission_id, area_m2=5.0)
            records = asked(router, report(number), mission)
            progress = [record for record in records if record.stream.name == "progress"]
            assert [record.header.seq for record in progress] == [number // 125]


def test_clock_of_a_new_boot_does_not_silence_a_topic() -> None:
    router = Router("v7", "b1")
    routed(router, range(1000, 1001))
    assert by_stream(routed(router, range(1)))["state"] == 1


@given(st.lists(st.sampled_from(["report", "halt", "event"]), max_size=60))
def test_numbers_of_a_topic_have_no_hole_and_bodies_decode(acts: list[str]) -> None:
    router = Router("v7", "b1")
    seen: dict[str, list[int]] = defaultdict(list)
    for number, act in enumerate(acts):
        gate = halted(f"REASON_{number}") if act == "halt" else GATE
        records = (
            [router.record_of_event(event(number), MISSION, MOMENT)]
            if act == "event"
            else asked(router, report(number, gate=gate))
        )
        for record in records:
            message = msgspec.json.decode(record.payload(), type=Envelope)
            assert (message.header.vehicle_id, message.header.boot_id) == ("v7", "b1")
            assert (message.header.t_utc, message.header.historical) == ("2026-11-03T08:15:00.250Z", False)
            assert message.header.tick == (number if act == "event" else 2 * number)
            msgspec.json.decode(message.body, type=BODIES[message.header.stream])
            seen[record.topic].append(message.header.seq)
    for numbers in seen.values():
        assert numbers == list(range(len(numbers)))


def test_skipped_numbers_leave_a_hole_that_the_gap_names() -> None:
    router = Router("v7", "b1")
    router.record_of_event(event(), None, MOMENT)
    lost = router.skip(EVENT, 4)
    assert (lost.stream, lost.first_seq, lost.last_seq, lost.count) == ("event", 1, 4, 4)
    assert router.record_of_event(event(), None, MOMENT).header.seq == 5


def test_history_differs_by_one_flag() -> None:
    record = Router("v7", "b1").record_of_event(event(), None, MOMENT)
    assert record.payload(historical=True) == record.payload().replace(b'"historical":false', b'"historical":true')
    assert record.payload(historical=True) != record.payload()
