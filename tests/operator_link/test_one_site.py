"""Mission, fence and rally points are one site in the making, in any order; each part is judged against the others."""

import itertools
import math
from typing import Any

import msgspec
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import DATUM, config, plan, swath
from tests.operator_link.exchange import Exchange, Heard, gate_report, report, texts
from tests.operator_link.small_plan import small_plan
from tests.operator_link.test_transfer import (
    FENCE,
    HOLE,
    MISSION,
    RALLY,
    SQUARE,
    SURVEY,
    TO,
    at,
    moved,
    result,
    upload,
)
from vehicle.config.vehicle import footprint
from vehicle.contracts.messages import MissionPhase, Mode
from vehicle.operator_link.fences import fence, rings
from vehicle.operator_link.items import items_of_plan
from vehicle.operator_link.mission_upload import NO_MISSION, MissionUpload
from vehicle.operator_link.reached import of_survey
from vehicle.operator_link.transfer import Item
from vehicle.polygons.boundary import area_of

AROUND = [at(-20, -20, 5001, 4.0), at(-20, 60, 5001, 4.0), at(30, 60, 5001, 4.0), at(30, -20, 5001, 4.0)]
HALF = [at(-20, -20, 5001, 4.0), at(-20, 15, 5001, 4.0), at(30, 15, 5001, 4.0), at(30, -20, 5001, 4.0)]
ACCEPTED, REFUSED = 0, 5


@pytest.fixture
def link() -> Exchange:
    made = Exchange()
    made.say("HEARTBEAT", type=6)
    made.hear()
    return made


def lists(link: Exchange) -> list[Any]:
    return [link.link.lists.held(kind) for kind in (MISSION, FENCE, RALLY)]


PARTS = {MISSION: SURVEY, FENCE: HALF, RALLY: [at(5, 5, 5100)]}


@pytest.mark.parametrize("order", list(itertools.permutations(PARTS)))
def test_in_every_order_the_last_word_is_the_same_site(link: Exchange, order: tuple[int, ...]) -> None:
    for kind in order:
        assert result(upload(link, kind, PARTS[kind])) == ACCEPTED
    site = link.proposals[-1]
    assert site.survey is not None
    found = site.fenced(site.survey.ground)
    assert found.inside.area == pytest.approx(15.0 * 6.0, rel=0.03)
    assert found.outside.area == pytest.approx(15.0 * 6.0, rel=0.03)
    assert area_of(site.fence_m).area == pytest.approx(35.0 * 50.0, rel=0.02)
    work = [row for row in site.geojson()["features"] if row["properties"]["role"] == "work_area"]
    corners = [DATUM.enu_from_geodetic(lat, lon)[:2] for lon, lat in work[0]["geometry"]["coordinates"][0]]
    assert shapely.Polygon(corners).area == pytest.approx(found.inside.area, rel=1e-6)
    assert [len(one) for one in lists(link)] == [len(SURVEY), len(HALF), 1]


def test_a_survey_outside_the_held_fence_is_refused_with_the_item_of_its_first_swath(link: Exchange) -> None:
    upload(link, MISSION, [])
    assert result(upload(link, FENCE, moved(SQUARE, 500))) == ACCEPTED
    before = lists(link), len(link.proposals)
    heard = upload(link, MISSION, SURVEY)
    assert result(heard) == REFUSED
    assert "mission item 1:" in " ".join(texts(heard))
    assert (lists(link), len(link.proposals)) == before


@pytest.mark.parametrize(
    ("rows", "index"),
    [
        (moved(SQUARE, 500), 0),
        ([*AROUND, *moved(SQUARE, 50)], 4),
        ([*AROUND, at(3, 15, 5004, 60.0)], 4),
        ([at(3, 90, 5003, 20.0)], 0),
        ([*AROUND, *HOLE, at(3, 90, 5003, 35.0)], 7),
    ],
)
def test_a_fence_that_leaves_nothing_of_the_held_survey_is_refused_with_its_item(
    link: Exchange, rows: list[dict[str, Any]], index: int
) -> None:
    assert result(upload(link, MISSION, SURVEY)) == ACCEPTED
    before = lists(link)
    heard = upload(link, FENCE, rows)
    assert result(heard) == REFUSED
    assert f"fence item {index}:" in " ".join(texts(heard))
    assert lists(link) == before


def test_a_fence_binds_the_plan_that_was_there_before(link: Exchange) -> None:
    assert result(upload(link, FENCE, AROUND)) == ACCEPTED
    site = link.proposals[-1]
    assert site.own
    assert site.plan is not None
    assert area_of(site.fence_m).area == pytest.approx(80.0 * 50.0, rel=0.02)
    heard = upload(link, FENCE, moved(AROUND, 900))
    assert result(heard) == REFUSED
    assert "fence item 0:" in " ".join(texts(heard))


def test_clearing_the_fence_is_a_part_like_any_other(link: Exchange) -> None:
    upload(link, MISSION, SURVEY)
    upload(link, FENCE, HALF)
    link.say("MISSION_CLEAR_ALL", mission_type=FENCE, **TO)
    assert result(link.hear()) == ACCEPTED
    site = link.proposals[-1]
    assert site.survey is not None
    assert site.fence_m == ()
    assert site.fenced(site.survey.ground).outside.is_empty
    link.refuse_sites = "no room"
    upload(link, FENCE, HALF)
    assert lists(link)[1] == ()


def test_the_same_list_again_changes_nothing_unless_no_plan_came_of_it(link: Exchange) -> None:
    upload(link, FENCE, AROUND)
    count = len(link.proposals)
    assert result(upload(link, FENCE, AROUND)) == ACCEPTED
    assert len(link.proposals) == count
    link.desk.set_none("no way within the fence")
    assert result(upload(link, FENCE, AROUND)) == ACCEPTED
    assert len(link.proposals) == count + 1


def test_a_station_reads_one_list_even_if_another_is_taken_meanwhile(link: Exchange) -> None:
    upload(link, MISSION, SURVEY)
    link.say("MISSION_REQUEST_LIST", mission_type=MISSION, **TO)
    (count,) = (fields for name, fields in link.hear() if name == "MISSION_COUNT")
    link.say("HEARTBEAT", type=6, system_id=254, port=14660)
    link.say("MISSION_CLEAR_ALL", mission_type=MISSION, system_id=254, port=14660, **TO)
    assert result(link.hear(port=14660)) == ACCEPTED
    for number in range(count["count"]):
        link.say("MISSION_REQUEST_INT", seq=number, mission_type=MISSION, **TO)
        (item,) = (fields for name, fields in link.hear() if name == "MISSION_ITEM_INT")
        assert item["command"] == SURVEY[number]["command"]
    link.say("MISSION_ACK", type=0, mission_type=MISSION, **TO)
    link.say("MISSION_REQUEST_LIST", mission_type=MISSION, **TO)
    assert [fields["count"] for name, fields in link.hear() if name == "MISSION_COUNT"] == [1]


# --- circles and several zones ---------------------------------------------------------------------------------------
def items(rows: list[dict[str, Any]]) -> tuple[Item, ...]:
    rows = [{"param1": 0.0, "x": 0, "y": 0, **row} for row in rows]
    return tuple(
        Item(command=row["command"], frame=row["frame"], params=(row["param1"], 0.0, 0.0, 0.0), x=row["x"], y=row["y"])
        for row in rows
    )


@pytest.mark.long
@given(
    radius_m=st.floats(0.5, 5_000.0),
    holds_in=st.booleans(),
    angle=st.floats(0.0, 2.0 * math.pi),
    share=st.floats(0.0, 2.0),
)
def test_a_circle_never_allows_more_than_the_circle(
    radius_m: float, holds_in: bool, angle: float, share: float
) -> None:
    zones = fence(items([at(0, 0, 5003 if holds_in else 5004, radius_m)]), DATUM)
    allowed = area_of(rings(zones))
    east_m, north_m, _ = DATUM.enu_from_geodetic(at(0, 0)["x"] / 1e7, at(0, 0)["y"] / 1e7)
    point = shapely.Point(east_m + share * radius_m * math.cos(angle), north_m + share * radius_m * math.sin(angle))
    if allowed.contains(point):
        assert share <= 1.0 if holds_in else share >= 1.0
    elif holds_in:
        assert share * radius_m > radius_m * 0.999 - 0.02
    else:
        assert share * radius_m < radius_m * 1.001 + 0.02


def test_several_inclusions_bind_together() -> None:
    one, other = shapely.box(-20, -20, 60, 30), shapely.box(10, -20, 90, 30)
    allowed = area_of(rings(fence(items([*AROUND, *moved(AROUND, 30)]), DATUM)))
    assert allowed.area == pytest.approx(one.intersection(other).area, rel=0.03)


# --- what stations are told ------------------------------------------------------------------------------------------
def current(link: Exchange) -> dict[str, Any]:
    found = [fields for name, fields in link.hear(1.1, streams=True) if name == "MISSION_CURRENT"]
    return found[-1]


def test_an_empty_mission_is_home_and_starts_nothing(link: Exchange) -> None:
    link.say("MISSION_CLEAR_ALL", mission_type=MISSION, **TO)
    assert result(link.hear()) == ACCEPTED
    link.say("MISSION_REQUEST_LIST", mission_type=MISSION, **TO)
    (count,) = (fields for name, fields in link.hear() if name == "MISSION_COUNT")
    assert (count["count"], count["opaque_id"]) == (1, 0)
    link.say("MISSION_REQUEST_INT", seq=0, mission_type=MISSION, **TO)
    (home,) = (fields for name, fields in link.hear() if name == "MISSION_ITEM_INT")
    assert (home["command"], home["frame"]) == (16, 0)
    assert (home["x"], home["y"]) == (round(DATUM.lat_deg * 1e7), round(DATUM.lon_deg * 1e7))
    assert link.proposals[-1].empty
    told = current(link)
    assert (told["total"], told["seq"], told["mission_id"], told["mission_state"]) == (0, 0, 0, 1)


def test_home_alone_is_an_empty_mission(link: Exchange) -> None:
    assert result(upload(link, MISSION, [at(0, 0)])) == ACCEPTED
    assert lists(link)[0] == ()
    assert link.proposals[-1].empty


def test_lists_have_names_that_change_with_them(link: Exchange) -> None:
    seen = []
    for kind, rows in ((MISSION, SURVEY), (FENCE, AROUND), (FENCE, HALF), (RALLY, [at(1, 1, 5100)])):
        heard = upload(link, kind, rows)
        (ack,) = (fields for name, fields in heard if name == "MISSION_ACK")
        told = current(link)
        names = told["mission_id"], told["fence_id"], told["rally_points_id"]
        assert ack["opaque_id"] == names[kind] != 0
        link.say("MISSION_REQUEST_LIST", mission_type=kind, **TO)
        assert [fields["opaque_id"] for name, fields in link.hear() if name == "MISSION_COUNT"] == [names[kind]]
        seen.append(names)
    assert len(set(seen)) == len(seen)


def stands(link: Exchange, phase: str, segment: int, count: int) -> Heard:

    link.link.offer(
        msgspec.structs.replace(
            report(gate_report(Mode.AUTO_WORK)), phase=MissionPhase(phase), segment_seq=segment, segment_count=count
        )
    )
    return link.hear(1.1, streams=True)


def numbers(heard: Heard) -> tuple[list[int], dict[str, Any]]:
    reached = [fields["seq"] for name, fields in heard if name == "MISSION_ITEM_REACHED"]
    return reached, [fields for name, fields in heard if name == "MISSION_CURRENT"][-1]


def test_current_and_reached_count_the_items_of_our_own_plan(link: Exchange) -> None:
    plan = small_plan()
    last = len(items_of_plan(plan)) - 1
    reached, told = numbers(stands(link, "idle", 0, 2))
    assert (reached, told["seq"], told["total"]) == ([], 1, last)
    reached, told = numbers(stands(link, "move", 0, 2))
    assert (reached, told["seq"]) == ([1, 2], 3)  # the first corner, and the tool as it is there
    reached, told = numbers(stands(link, "work", 1, 2))
    assert told["seq"] == last
    assert 2 < reached[-1] < last
    reached, told = numbers(stands(link, "done", 1, 2))
    assert (reached[-1], told["seq"], told["total"], told["mission_state"]) == (last, last, last, 5)


def test_current_and_reached_count_the_items_of_a_survey() -> None:
    """Items of the first swath are reached when the ground there is worked, the last one at the end."""

    machine = footprint(config().machine)
    west_m = -2.0 - machine.tool_ahead_m
    made = plan((swath(0, 34.0, 0.0, (west_m, 0.0)), swath(1, 34.0, 0.0, (west_m, 3.0))), machine)
    sent = items([{"param1": 0.0, "x": 0, "y": 0, **row} for row in SURVEY])
    table = of_survey(made, sent, DATUM)
    assert table.total == len(SURVEY) - 1
    assert list(table.after) == sorted(table.after)
    assert table.after[3] == 0
    assert table.after[5] == 1
    assert table.after[-1] == 1


def test_start_without_a_mission_is_refused_with_the_reason() -> None:
    link = Exchange(bench=True)
    link.say("HEARTBEAT", type=6)
    link.hear()
    upload(link, MISSION, [])
    link.desk.set_none(NO_MISSION)
    link.vehicle(Mode.MANUAL, holder=255)
    heard = link.command(300)
    assert [fields["result"] for name, fields in heard if name == "COMMAND_ACK"] == [2]
    assert any(NO_MISSION in words for words in texts(heard))
    heard = link.command(176, 1.0, 10.0)
    assert [fields["result"] for name, fields in heard if name == "COMMAND_ACK"] == [2]


def test_an_own_plan_that_was_cleared_comes_back_as_itself() -> None:
    asked: list[Any] = []
    desk = MissionUpload(DATUM, lambda site: (asked.append(site), "")[1], small_plan())
    own = desk.lists.held(MISSION)
    assert desk.lists.take(MISSION, ()) is None
    assert asked[-1].empty
    desk.set_none(NO_MISSION)
    assert desk.lists.take(MISSION, own) is None
    assert asked[-1].own
    assert asked[-1].plan == small_plan()
