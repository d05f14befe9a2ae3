"""Sections of the state: what is unknown is none; what is known is told in the page's units."""

import math
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import console.server.sections as make
from console.client.ground_mirror import RECORD
from console.client.protocol import Credentials
from console.client.view import ConsoleView, LinkState, Text
from console.server.board import Board
from console.server.desk import Desk, Steered
from console.server.engine_section import engine_section
from console.server.ground import GroundMirror
from console.server.near_ground import Unproven
from console.server.settings import VehicleSettings
from console.server.setup import SetupStore
from firmware_bridge.console_types import BeatFlag, BeatFrame, WorkFlag, WorkFrame
from firmware_bridge.types import FixType
from sim.virtual_time import VirtualClock, run_virtual
from tests.builders import DATUM
from tests.console.server.support import FakeLink, frame, header, settings
from vehicle.contracts.messages import Mode, StartBlock
from vehicle.contracts.stop_codes import StopReason
from vehicle.operator_link.ground_codec import packed_record

VIEW = ConsoleView(state=LinkState.OPEN, vehicle=frame())


def test_nothing_heard_is_nothing_known() -> None:
    view = ConsoleView()
    assert make.vehicle_section(view, 250) is None
    assert make.pose_section(None, None) is None
    assert make.tool_section(view) is None
    assert make.mission_section(view, None) is None
    for section in (
        make.limits_section, make.due_section, make.gnss_section, engine_section, make.checks_section,
        make.near_section,
    ):  # fmt: skip
        assert section(None) is None
    link = make.link_section(view, "192.0.2.1:14555")
    assert (link["state"], link["quality"], link["age_ms"]) == ("searching", None, None)


@pytest.mark.parametrize(
    ("age_ms", "quality"), [(0, "good"), (150, "good"), (151, "slow"), (500, "slow"), (501, "lost")]
)
def test_the_link_in_one_word(age_ms: int, quality: str) -> None:
    link = make.link_section(replace(VIEW, age_ms=float(age_ms)), "")
    assert (link["quality"], link["age_ms"]) == (quality, age_ms)


def test_every_reason_is_told_worst_first() -> None:
    bits = {StopReason.ESTOP_MACHINE, StopReason.OPERATOR_STOP, StopReason.LINK_SLOW, StopReason.IMPOSSIBLE_VALUE}
    low = sum(1 << code for code in bits if code < 64)
    high = sum(1 << code - 64 for code in bits if code >= 64)
    seen = frame(reasons=low, reasons_high=high, worst_reason=0, mode=Mode.ESTOP, lease_holder=250)
    section = make.vehicle_section(ConsoleView(vehicle=seen), 250)
    assert section is not None
    assert section["reasons"] == [0, 25, 61, 89]
    assert (section["worst"], section["mode"], section["mine"]) == (0, "ESTOP", True)


def test_every_code_of_the_table_is_told() -> None:
    for code in StopReason:
        seen = frame(reasons=1 << code if code < 64 else 0, reasons_high=1 << code - 64 if code >= 64 else 0)
        section = make.vehicle_section(ConsoleView(vehicle=seen), 250)
        assert section is not None
        assert section["reasons"] == [int(code)]


def test_numbers_that_this_program_does_not_know_are_not_guessed() -> None:
    section = make.vehicle_section(ConsoleView(vehicle=frame(mode=99, rotor=99, phase=99)), 250)
    assert section is not None
    assert (section["mode"], section["rotor"], section["phase"]) == (None, None, None)


def test_the_place_in_metres_only_where_the_datum_is_known() -> None:
    lat_deg, lon_deg, _ = DATUM.geodetic_from_enu(12.0, -3.0)
    seen = frame(lat_deg=lat_deg, lon_deg=lon_deg, yaw_rad=math.pi / 2, roll_rad=0.1, pitch_rad=0.2)
    pose = make.pose_section(seen, DATUM)
    assert pose is not None
    assert (pose["e"], pose["n"], pose["heading_deg"]) == (12.0, -3.0, 0.0)
    assert (pose["roll_deg"], pose["pitch_deg"]) == (5.73, -11.46)  # right side down, nose up
    unknown = make.pose_section(frame(lat_deg=None, yaw_rad=None, speed_mps=None, sigma_m=math.nan), DATUM)
    assert unknown is not None
    assert [unknown[name] for name in ("e", "n", "heading_deg", "speed_mps", "sigma_m")] == [None] * 5
    assert make.pose_section(seen, None)["e"] is None  # type: ignore[index]


def test_ground_that_was_not_fetched_is_unknown() -> None:
    mirror = GroundMirror()
    assert make.ground_section(mirror) == {"stroke": None, "plan_hash": None, "complete": False, "cell_m": None}
    mirror.fetched(RECORD, packed_record(header(plan_hash="p"), iter(())))
    assert make.ground_section(mirror) == {"stroke": 0, "plan_hash": "p", "complete": True, "cell_m": 0.05}


def test_rotor_in_turns_a_minute() -> None:
    tool = make.tool_section(ConsoleView(vehicle=frame(rotor_speed_radps=math.tau * 10, depth_m=0.15)))
    assert tool is not None
    assert (tool["rotor_rpm"], tool["depth_m"]) == (600.0, 0.15)


def test_the_newest_texts_only() -> None:
    view = ConsoleView(texts=tuple(Text(severity=6, text=str(number), t_ns=number) for number in range(30)))
    told = make.texts_section(view)
    assert [one["text"] for one in told] == [str(number) for number in range(10, 30)]


BEAT = BeatFrame(tick=105, session_low=7, mode=Mode.STOPPING, worst_reason=25, flags=BeatFlag.RESET_DUE)


def test_a_beat_that_is_newer_than_the_report_counts() -> None:
    section = make.vehicle_section(ConsoleView(vehicle=frame(mode=Mode.MANUAL), beat=BEAT, tick=105), 250)
    assert section is not None
    assert (section["mode"], section["worst"], section["reasons"], section["tick"]) == ("STOPPING", 25, [25], 105)
    older = replace(BEAT, tick=99)
    section = make.vehicle_section(ConsoleView(vehicle=frame(mode=Mode.MANUAL), beat=older, tick=100), 250)
    assert section is not None
    assert (section["mode"], section["worst"], section["reasons"]) == ("MANUAL", None, [])


def test_what_only_beats_tell_is_unknown_without_them() -> None:
    names = ("neutral_seen", "reset_due", "estop_latched", "standing", "hold_accepted", "armed", "start_blocked")
    section = make.vehicle_section(ConsoleView(vehicle=frame()), 250)
    assert section is not None
    assert [section[name] for name in names] == [None] * len(names)
    section = make.vehicle_section(ConsoleView(vehicle=frame(), beat=BEAT), 250)
    assert section is not None
    assert [section[name] for name in names] == [False, True, False, None, False, False, False]
    known = replace(BEAT, flags=BeatFlag.STANDING_KNOWN | BeatFlag.STANDING | BeatFlag.NEUTRAL_SEEN)
    section = make.vehicle_section(ConsoleView(vehicle=frame(), beat=known), 250)
    assert section is not None
    assert (section["standing"], section["neutral_seen"], section["reset_due"]) == (True, True, False)


def test_figures_of_the_work_in_the_pages_units() -> None:
    work = WorkFrame(
        tick=1,
        flags=WorkFlag.DEPTH_DUE | WorkFlag.KEEP_OUT_RIGHT | WorkFlag.TRACKS_KNOWN | WorkFlag.LEFT_UNPROVEN,
        cap_reason=61,
        rotor_required_radps=math.tau * 10,
        speed_cap_mps=0.3,
        attention_left_s=12.34,
        engine_speed_radps=math.tau * 30,
        hydraulic_pressure_pa=2.0e7,
        fuel_ratio=0.5512,
        fuel_time_min=132,
        keep_out_distance_m=1.234,
        total_m2=100.0,
        fix=FixType.RTK_FIXED,
    )
    view = ConsoleView(vehicle=frame(), work=work)
    assert make.tool_section(view)["rotor_required_rpm"] == 600.0  # type: ignore[index]
    assert make.mission_section(view, {"hash": "abc"})["plan_hash"] == "abc"  # type: ignore[index]
    assert make.mission_section(view, None)["plan_hash"] is None  # type: ignore[index]
    limits, due, engine = make.limits_section(work), make.due_section(work), engine_section(work)
    assert (limits["speed_cap_mps"], limits["cap_reason"]) == (0.3, 61)  # type: ignore[index]
    assert due == {"attention_s": 12.3, "arm_unused_s": None}
    assert (engine["speed_rpm"], engine["pressure_bar"], engine["supply_v"]) == (1800.0, 200.0, None)  # type: ignore[index]
    assert (engine["fuel_ratio"], engine["fuel_min"]) == (0.551, 132)  # type: ignore[index]
    assert make.gnss_section(work)["fix"] == "rtk_fixed"  # type: ignore[index]
    assert make.checks_section(work)["due"] == ["depth"]  # type: ignore[index]
    assert make.near_section(work) == {
        "keep_out_m": 1.23, "keep_out_side": "right", "left_unproven": True, "right_unproven": False,
        "left_unproven_m": 0.0, "right_unproven_m": None,
    }  # fmt: skip
    bare = WorkFrame(tick=1, flags=WorkFlag(0), cap_reason=255)
    assert make.limits_section(bare)["cap_reason"] is None  # type: ignore[index]
    assert make.near_section(bare)["left_unproven"] is None  # type: ignore[index]


@pytest.mark.parametrize(
    ("ratio", "left_min", "way_s", "parking_min", "low"),
    [
        (0.55, 132, None, None, False),
        (0.55, None, 300.0, 5, False),
        (None, None, None, None, False),
        (0.2, 30, None, None, False),
        (0.2, 29, None, None, True),
        (0.2, 35, 300.0, 5, False),
        (0.2, 35, 300.1, 6, True),
        (0.1, None, None, None, False),
        (0.099, None, None, None, True),
    ],
)
def test_fuel_is_low_if_it_does_not_reach_the_parking_with_a_reserve(
    ratio: float | None, left_min: int | None, way_s: float | None, parking_min: int | None, low: bool
) -> None:
    work = WorkFrame(tick=1, flags=WorkFlag(0), cap_reason=255, fuel_ratio=ratio, fuel_time_min=left_min)
    engine = engine_section(work, way_s)
    assert engine is not None
    assert (engine["fuel_ratio"], engine["fuel_min"]) == (ratio, left_min), "unknown stays unknown"
    assert (engine["parking_min"], engine["fuel_low"]) == (parking_min, low)


def test_a_report_that_ceased_while_beats_come_tells_nothing() -> None:
    work = WorkFrame(tick=1, flags=WorkFlag(0), cap_reason=61)
    young = ConsoleView(
        state=LinkState.OPEN, tick=105, vehicle=frame(rotor=0, lease_holder=250), beat=BEAT, work=work,
        age_ms=20.0, vehicle_age_ms=500.0, work_age_ms=1200.0,
    )  # fmt: skip
    assert make.fresh(young) == young
    assert make.fresh(replace(young, work_age_ms=1200.1)) == replace(young, work=None, work_age_ms=1200.1)
    old = replace(young, vehicle_age_ms=500.1)
    assert make.fresh(old) == replace(old, vehicle=None)
    section = make.vehicle_section(old, 250)
    assert section is not None
    assert [section[name] for name in ("rotor", "phase", "holder", "mine")] == [None, None, 250, False]
    gone = make.vehicle_section(replace(young, vehicle_age_ms=1500.1), 250)
    assert gone is not None
    assert gone["holder"] is None
    assert (section["mode"], section["tick"]) == ("STOPPING", 105)
    lost = replace(old, age_ms=500.1, work_age_ms=9e9)  # nothing at all is heard: all is shown as last known
    assert make.fresh(lost) == lost


SECTIONS_OF_REPORTS = ("pose", "tool", "mission", "limits", "due", "gnss", "engine", "checks", "near")


def told_of(view: ConsoleView, tmp_path: Path) -> dict[str, Any]:
    """What pages are told of this moment."""
    vehicle = VehicleSettings(id="a", name="a", host="127.0.0.1", port=1, credentials=Credentials(system_id=250))
    told: dict[str, Any] = {}

    async def main(clock: VirtualClock) -> None:
        desk = Desk((Steered(vehicle, FakeLink(view), clock),), clock)  # type: ignore[arg-type]
        told.update(Board(desk, settings(tmp_path), SetupStore(tmp_path), clock).sections("p"))

    run_virtual(main)
    return {name: told[name] for name in ("vehicle", *SECTIONS_OF_REPORTS)}


def test_another_vehicle_and_every_age_show_in_the_same_moment(tmp_path: Path) -> None:
    """No section is of the vehicle or the moment before, however short ago another page asked."""

    async def main(clock: VirtualClock) -> None:
        views = [ConsoleView(state=LinkState.OPEN, tick=105, vehicle=frame(), age_ms=20.0), ConsoleView()]
        vehicles = [
            VehicleSettings(id=name, name=name, host=name, port=1, credentials=Credentials(system_id=250))
            for name in ("a", "b")
        ]
        links = [FakeLink(view) for view in views]
        steered = tuple(Steered(one, link, clock) for one, link in zip(vehicles, links, strict=True))  # type: ignore[arg-type]
        desk = Desk(steered, clock)
        board = Board(desk, settings(tmp_path), SetupStore(tmp_path), clock)
        assert board.sections("p")["link"]["age_ms"] == 20.0
        links[0].view = replace(views[0], age_ms=45.0)
        assert board.sections("q")["link"]["age_ms"] == 45.0
        assert desk.turn_to("b") == ""
        told = board.sections("p")
        assert (told["server"]["vehicle"], told["link"]["address"], told["vehicle"]) == ("b", "b:1", None)

    run_virtual(main)


def test_what_a_survey_leaves_out_is_not_called_unworkable() -> None:
    places = [{"reason": "slope", "area_m2": 12.0}, {"reason": "not_in_task", "area_m2": 300.0}]
    told = make.mission_section(ConsoleView(vehicle=frame()), {"unworkable": places})
    assert told is not None
    assert (told["unworkable_m2"], told["not_in_task_m2"]) == (12.0, 300.0)
    unknown = make.mission_section(ConsoleView(vehicle=frame()), None)
    assert unknown is not None
    assert (unknown["unworkable_m2"], unknown["not_in_task_m2"]) == (None, None)


@pytest.mark.parametrize("state", [LinkState.WRONG_KEY, LinkState.WRONG_MACHINE, LinkState.WRONG_VERSION])
def test_of_a_vehicle_that_is_not_ours_nothing_is_shown(state: LinkState, tmp_path: Path) -> None:
    work = WorkFrame(tick=1, flags=WorkFlag(0), cap_reason=61)
    young = ConsoleView(
        state=state, tick=105, vehicle=frame(), beat=BEAT, work=work, age_ms=20.0, vehicle_age_ms=20.0, work_age_ms=20.0
    )
    told = told_of(young, tmp_path)
    assert told == dict.fromkeys(("vehicle", *SECTIONS_OF_REPORTS))
    assert told_of(replace(young, state=LinkState.OPEN), tmp_path)["pose"] is not None


@pytest.mark.parametrize(
    ("vehicle_ms", "work_ms", "old", "gone"),
    [
        (500.0, 1200.0, set(), set()),
        (500.1, 1200.0, {"pose", "tool", "mission"}, set()),  # two reports of four a second are lost
        (100.0, 1200.1, {"limits", "gnss", "engine", "checks", "near"}, set()),  # two of two a second
        (1500.1, 100.0, set(), {"pose", "tool", "mission"}),
        (100.0, 3000.1, set(), {"limits", "due", "gnss", "engine", "checks", "near"}),
    ],
)
def test_a_report_that_is_late_looks_old_and_one_that_ceased_tells_nothing(
    vehicle_ms: float, work_ms: float, old: set[str], gone: set[str], tmp_path: Path
) -> None:
    work = WorkFrame(tick=1, flags=WorkFlag(0), cap_reason=61, attention_left_s=30.0, arm_unused_left_s=1.0)
    view = ConsoleView(
        state=LinkState.OPEN, session=True, vehicle=frame(), work=work, age_ms=20.0,
        vehicle_age_ms=vehicle_ms, work_age_ms=work_ms,
    )  # fmt: skip
    told = told_of(view, tmp_path)
    assert {name for name, section in told.items() if section is None} == gone
    assert {name for name, section in told.items() if section is not None and "old" in section} == old
    if "due" not in gone:
        late = work_ms > 1200.0
        assert told["due"] == {"attention_s": 28.8 if late else 30.0, "arm_unused_s": 0.0 if late else 1.0}


SITE: dict[str, Any] = {
    "hash": "p",
    "room_m": 0.03,
    "limits": {"roll_deg": 20.0, "pitch_deg": 25.0},
    "swaths": [
        {"n": 0, "kind": "transit", "from": [0, 0], "to": [5, 0]},
        {"n": 2, "kind": "swath", "from": [5, 0], "to": [5, 20]},
        {"n": 3, "kind": "reverse", "from": [5, 20], "to": [5, 18]},
    ],
}


def test_limits_of_tilt_come_with_the_site() -> None:
    work = WorkFrame(tick=1, flags=WorkFlag(0), cap_reason=255)
    limits = make.limits_section(work, SITE)
    assert limits is not None
    assert (limits["roll_deg"], limits["pitch_deg"]) == (20.0, 25.0)
    unknown = make.limits_section(work, {"hash": None})
    assert unknown is not None
    assert (unknown["roll_deg"], unknown["pitch_deg"]) == (None, None)


@pytest.mark.parametrize(("segment", "room_m"), [(0, None), (1, None), (2, 0.03), (3, None), (4, None)])
def test_room_beside_a_swath_and_nowhere_else(segment: int, room_m: float | None) -> None:
    view = ConsoleView(vehicle=frame(segment_seq=segment, segment_count=4))
    assert make.mission_section(view, SITE)["room_m"] == room_m  # type: ignore[index]
    assert make.mission_section(view, None)["room_m"] is None  # type: ignore[index]


def test_who_holds_it_by_name_where_the_name_is_known() -> None:
    view = ConsoleView(vehicle=frame(lease_holder=9))
    assert make.vehicle_section(view, 7, {9: "team leader"})["holder_name"] == "team leader"  # type: ignore[index]
    assert make.vehicle_section(view, 7, {8: "other"})["holder_name"] is None  # type: ignore[index]
    assert make.vehicle_section(view, 7)["holder_name"] is None  # type: ignore[index]


def test_the_vehicles_word_counts_where_a_track_stands_on_unproven_ground() -> None:
    flags = WorkFlag.TRACKS_KNOWN | WorkFlag.LEFT_UNPROVEN
    near = make.near_section(WorkFrame(tick=1, flags=flags, cap_reason=255), Unproven(0.6, 0.44))
    assert near is not None
    assert (near["left_unproven"], near["left_unproven_m"], near["right_unproven_m"]) == (True, 0.0, 0.4)
    silent = make.near_section(WorkFrame(tick=1, flags=WorkFlag(0), cap_reason=255))
    assert silent is not None
    assert (silent["left_unproven"], silent["left_unproven_m"], silent["right_unproven_m"]) == (None, None, None)


def test_where_it_stands_is_known_only_whole() -> None:
    seen = frame(yaw_rad=0.3)
    stand = make.stand_of(seen, DATUM)
    assert stand is not None
    assert stand.yaw_rad == 0.3
    for unknown in (None, frame(lat_deg=None), frame(lon_deg=None), frame(yaw_rad=None)):
        assert make.stand_of(unknown, DATUM) is None
    assert make.stand_of(seen, None) is None


def test_a_slow_simulator_is_not_taken_for_a_silent_vehicle() -> None:
    view = ConsoleView(vehicle_age_ms=1000.0, work_age_ms=None, age_ms=40.0)
    told = make.in_vehicle_time(view, 0.4)
    assert (told.vehicle_age_ms, told.work_age_ms, told.age_ms) == (400.0, None, 40.0)
    assert make.in_vehicle_time(view, 1.0) == make.in_vehicle_time(view, 3.0) == view


def test_what_stands_against_a_start_is_named_and_where_it_begins_is_told_in_degrees() -> None:
    work = WorkFrame(tick=1, flags=WorkFlag(0), cap_reason=255)
    away = replace(work, start_block=StartBlock.AWAY, start_distance_m=12.34, start_bearing_rad=-0.7)
    told = make.mission_section(replace(VIEW, work=away), None)
    names = ("start_block", "start_m", "start_left_deg")
    assert told is not None
    assert [told[name] for name in names] == ["away", 12.3, -40.0]
    for bare in (work, replace(work, start_block=200), None):  # nothing, what a later vehicle says, and no figures
        told = make.mission_section(replace(VIEW, work=bare), None)
        assert told is not None
        assert [told[name] for name in names] == [None, None, None]
