"""What is said on each topic: typed, finite, and without coordinates where it is retained."""

import math
from datetime import UTC, datetime
from typing import get_args

import msgspec
import pytest

from tests.builders import config, estimate
from tests.telemetry.samples import DATUM, EAST_M, GATE, MISSION, NORTH_M, event, report
from vehicle.config.vehicle import config_hash
from vehicle.contracts.messages import Event, MissionPhase, Mode
from vehicle.telemetry import payloads
from vehicle.telemetry.router import Router
from vehicle.telemetry.schemas import BODIES, GapBody, Header, PublisherCounts
from vehicle.telemetry.streams import STREAMS, Keep, topic

PLACE_WORDS = ("east", "north", "lat", "lon", "yaw", "heading", "along", "cross_track", "datum")


def field_names(body: type) -> set[str]:
    names: set[str] = set()
    for field in msgspec.structs.fields(body):
        names.add(field.name)
        for inner in (field.type, *get_args(field.type)):
            if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
                names |= field_names(inner)
    return names


def test_every_stream_has_a_body_and_every_body_a_stream() -> None:
    assert set(BODIES) == set(STREAMS)


def test_retained_topics_have_no_room_for_coordinates() -> None:
    retained = [name for name, stream in STREAMS.items() if stream.retain]
    assert set(retained) == {"connection", "factsheet", "state", "progress"}
    for name in retained:
        leaks = {field for field in field_names(BODIES[name]) for word in PLACE_WORDS if field.startswith(word)}
        assert not leaks
    assert {"east_m", "lat_deg"} < field_names(BODIES["pose"]), "the search itself must find what it looks for"


def test_retained_bodies_do_not_carry_the_planted_position() -> None:
    machine = config()
    bodies = (
        payloads.state(report()),
        payloads.progress(report(), MISSION),
        payloads.factsheet(machine.machine, 0.2, config_hash(machine), tuple(STREAMS)),
    )
    for body in bodies:
        text = msgspec.json.encode(body).decode()
        for digits in ("123.4", "76.5", "39.99", "46.93"):
            assert digits not in text
    assert "123.4567" in msgspec.json.encode(payloads.pose(report(), DATUM)).decode()


def test_events_are_never_retained_and_outlive_states() -> None:
    assert not STREAMS["event"].retain
    assert STREAMS["event"].qos == 1
    assert STREAMS["event"].keep is Keep.EVENT
    assert {stream.keep for name, stream in STREAMS.items() if name != "event"} == {Keep.STATE}


def test_no_stream_uses_qos_2_and_only_fast_ones_use_0() -> None:
    assert {name: stream.qos for name, stream in STREAMS.items()} == {
        "connection": 1,
        "factsheet": 1,
        "state": 1,
        "pose": 0,
        "tool": 0,
        "link": 0,
        "event": 1,
        "progress": 1,
    }


def test_pose_has_metres_and_degrees() -> None:
    body = payloads.pose(report(), DATUM)
    assert (body.east_m, body.north_m) == (EAST_M, NORTH_M)
    assert body.lat_deg is not None
    assert body.lon_deg is not None
    east_m, north_m, _ = DATUM.enu_from_geodetic(body.lat_deg, body.lon_deg, 350.0)
    assert (east_m, north_m) == pytest.approx((EAST_M, NORTH_M), abs=0.02)


def test_pose_without_datum_has_metres_only() -> None:
    body = payloads.pose(report(), None)
    assert (body.east_m, body.lat_deg, body.lon_deg) == (EAST_M, None, None)


def test_an_estimate_that_is_not_valid_gives_no_position() -> None:
    body = payloads.pose(report(estimate=estimate(EAST_M, NORTH_M, 0.7, valid=False)), DATUM)
    places = (body.east_m, body.north_m, body.lat_deg, body.lon_deg, body.yaw_rad, body.tool_east_m, body.speed_mps)
    assert places == (None,) * 7
    assert body.roll_rad == 0.0


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_a_number_is_null(value: float) -> None:
    gate = msgspec.structs.replace(GATE, operator_age_s=value, speed_cap_mps=value)
    seen = report(gate=gate, tool_depth_m=value, rotor_speed_radps=None, estimate=estimate(value, 3.3, 0.7))
    assert payloads.link(seen, PublisherCounts()).operator_age_s is None
    assert payloads.state(seen).speed_cap_mps is None
    assert payloads.tool(seen).depth_m is None
    assert payloads.tool(seen).rotor_speed_radps is None
    pose = payloads.pose(seen, DATUM)
    assert (pose.east_m, pose.lat_deg) == (None, None)


def test_the_time_left_is_told_in_a_wait_only() -> None:
    waits = msgspec.structs.replace(GATE, mode=Mode.WAIT, wait_left_s=13.5)
    assert payloads.state(report(gate=waits)).wait_left_s == 13.5
    assert payloads.state(report(gate=msgspec.structs.replace(waits, mode=Mode.STOPPING))).wait_left_s is None
    assert payloads.state(report(gate=msgspec.structs.replace(waits, wait_left_s=math.nan))).wait_left_s is None


def test_a_missing_reading_is_never_zero() -> None:
    body = payloads.tool(report(tool_depth_m=None, tool_height_m=None, rotor_speed_radps=None))
    assert (body.depth_m, body.height_m, body.rotor_speed_radps) == (None, None, None)


def test_what_was_never_heard_is_null_and_no_figure() -> None:
    """As at the start: no console, no controller, no receiver, no inclinometer."""
    never = report(
        gate=msgspec.structs.replace(GATE, operator_age_s=1000.0),
        estimate=msgspec.structs.replace(
            estimate(0.0, 0.0, 0.0, valid=False),
            position_proven=False,
            gnss_age_s=1e9,
            imu_age_s=1e9,
            status_age_s=1e9,
            sigma_east_m=1e3,
            sigma_north_m=1e3,
            sigma_yaw_rad=1e3,
        ),
        rotor_speed_radps=0.0,
        tool_depth_m=0.0,
        tool_height_m=0.0,
    )
    link, pose, tool, state = (
        payloads.link(never, PublisherCounts()),
        payloads.pose(never, DATUM),
        payloads.tool(never),
        payloads.state(never),
    )
    assert (link.operator_age_s, link.gnss_age_s, link.controller_age_s) == (None,) * 3
    assert set(msgspec.structs.asdict(pose).values()) == {None, False}
    assert set(msgspec.structs.asdict(tool).values()) == {None}
    assert (state.rotor, state.fix, state.operator_present) == (None, None, False)
    for body in (link, pose, tool, state):
        for value in msgspec.structs.asdict(body).values():
            assert not isinstance(value, float) or abs(value) < 1000.0


@pytest.mark.parametrize(
    ("changes", "unknown"),
    [
        ({"status_age_s": 1.2}, {"speed_mps"}),
        ({"imu_age_s": 1.2}, {"roll_rad", "pitch_rad", "yaw_rate_radps"}),
        ({}, set()),
    ],
)
def test_what_is_known_no_more_is_null(changes: dict[str, float], unknown: set[str]) -> None:
    fresh = msgspec.structs.replace(estimate(EAST_M, NORTH_M, 0.7), **changes)
    pose = msgspec.structs.asdict(payloads.pose(report(estimate=fresh), DATUM))
    assert {key for key, value in pose.items() if value is None} == unknown
    silent = "status_age_s" in changes
    assert (payloads.tool(report(estimate=fresh)).depth_m is None) is silent


def test_beside_no_line_there_is_no_cross_track() -> None:
    assert payloads.pose(report(phase=MissionPhase.IDLE), DATUM).cross_track_m is None


def test_an_operator_who_fell_silent_is_not_there_and_that_is_told_at_once() -> None:
    router = Router("v7", "b1", DATUM)
    moment = datetime(2026, 11, 3, 8, 15, tzinfo=UTC)

    def told(number: int, age_s: float) -> list[bool]:
        seen = report(number, gate=msgspec.structs.replace(GATE, operator_age_s=age_s))
        return [msgspec.json.decode(one.body)["operator_present"] for one in router.lasting_records(seen, None, moment)]

    assert told(0, 0.1) == [True]
    assert told(1, 0.14) == []
    silent = [told(2 + number, 0.14 + 0.04 * number) for number in range(50)]  # two seconds of reports at 25 Hz
    assert [False] in silent
    assert silent.index([False]) * 0.04 < 1.5


def test_poses_and_events_have_degrees_without_a_mission() -> None:
    router = Router("v7", "b1", DATUM)
    moment = datetime(2026, 11, 3, 8, 15, tzinfo=UTC)
    pose = msgspec.json.decode(router.live_records(report(0), None, moment, PublisherCounts())[0].body)
    happened = msgspec.json.decode(router.record_of_event(event(), None, moment).body)
    for body in (pose, happened):
        assert body["lat_deg"] == pytest.approx(39.99, abs=0.01)
        assert body["lon_deg"] == pytest.approx(46.93, abs=0.01)


def test_state_names_what_holds_the_vehicle() -> None:
    body = payloads.state(report(gate=msgspec.structs.replace(GATE, reasons=("OPERATOR_STALE", "RTK_LOST"))))
    assert (body.mode, body.rotor, body.phase, body.fix) == ("AUTO_WORK", "AT_SPEED", "work", "RTK_FIXED")
    assert body.reasons == ("OPERATOR_STALE", "RTK_LOST")
    assert body.operator_present
    assert not payloads.state(report(gate=msgspec.structs.replace(GATE, lease_holder=0))).operator_present


def test_event_says_where_and_gap_says_what_is_missing() -> None:
    body = payloads.event(event(), DATUM)
    assert (body.kind, body.east_m, body.north_m) == ("shock", EAST_M, NORTH_M)
    assert body.lat_deg is not None
    assert payloads.event(Event(t_ns=1, tick=1, kind="mode", text="x"), DATUM).lat_deg is None
    lost = GapBody(boot_id="b", stream="state", first_seq=4, last_seq=9, count=6)
    assert payloads.gap(lost).gap == lost
    assert payloads.gap(lost).text == "6 state records (seq 4 to 9) lost: the outbox was full"


def test_message_on_the_wire() -> None:
    header = Header(
        vehicle_id="v7", boot_id="b1", stream="tool", seq=3, t_utc="2026-11-03T08:15:00.250Z", tick=91, historical=True
    )
    assert payloads.encode(header, b'{"rotor":"OFF"}') == (
        b'{"header":{"vehicle_id":"v7","boot_id":"b1","stream":"tool","seq":3,"t_utc":"2026-11-03T08:15:00.250Z",'
        b'"tick":91,"historical":true,"schema_version":"1.0"},"body":{"rotor":"OFF"}}'
    )


def test_topics() -> None:
    found = [topic("v7", stream, "m1") for stream in STREAMS.values()]
    assert found == [
        "flail/v1/v7/connection",
        "flail/v1/v7/factsheet",
        "flail/v1/v7/state",
        "flail/v1/v7/pose",
        "flail/v1/v7/tool",
        "flail/v1/v7/link",
        "flail/v1/v7/event",
        "flail/v1/v7/mission/m1/progress",
    ]
