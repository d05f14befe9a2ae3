"""Mission, fence, rally: whole or not at all, with the item's number; bad lists change nothing."""

import math
from typing import Any

import pytest

from tests.builders import DATUM
from tests.operator_link.exchange import Exchange, Heard, names, texts
from vehicle.contracts.messages import Mode
from vehicle.operator_link.transfer import FENCE, MISSION, RALLY
from vehicle.polygons.boundary import area_of

TO = {"target_system": 1, "target_component": 1}
LAT, LON = round(DATUM.lat_deg * 1e7), round(DATUM.lon_deg * 1e7)
M = 90
"""A metre north in 1e-7 degrees, nearly."""
Row = dict[str, Any]


@pytest.fixture
def link() -> Exchange:
    made = Exchange()
    made.say("HEARTBEAT", type=6)
    made.hear()
    return made


def at(north_m: int, east_m: int, command: int = 16, p1: float = 0.0, frame: int = 6) -> Row:
    return {
        "command": command,
        "frame": frame,
        "x": LAT + north_m * M,
        "y": LON + round(east_m * M * 1.3),
        "param1": p1,
    }


def tool(on: bool) -> Row:
    return {"command": 206, "frame": 2, "param1": 3.0 if on else 0.0}


def upload(link: Exchange, kind: int, rows: list[Row]) -> Heard:
    link.say("MISSION_COUNT", count=len(rows), mission_type=kind, **TO)
    heard = link.hear()
    for number, row in enumerate(rows):
        if not any(name == "MISSION_REQUEST_INT" and fields["seq"] == number for name, fields in heard):
            break
        link.say("MISSION_ITEM_INT", seq=number, mission_type=kind, **TO, **row)
        heard = link.hear()
    return heard


def result(heard: Heard) -> int:
    (ack,) = [fields for name, fields in heard if name == "MISSION_ACK"]
    return int(ack["type"])


def moved(rows: list[Row], east_m: int) -> list[Row]:
    return [{**row, "y": row["y"] + round(east_m * M * 1.3)} for row in rows]


SQUARE = [at(0, 0, 5001, 4.0), at(0, 20, 5001, 4.0), at(20, 20, 5001, 4.0), at(20, 0, 5001, 4.0)]
HOLE = [at(8, 8, 5002, 3.0), at(8, 12, 5002, 3.0), at(12, 10, 5002, 3.0)]
SURVEY = [at(0, 0), at(0, 0), tool(True), at(0, 30), tool(False), at(3, 30), tool(True), at(3, 0), tool(False)]


def test_our_plan_goes_down_and_up_again_as_itself(link: Exchange) -> None:
    link.say("MISSION_REQUEST_LIST", mission_type=MISSION, **TO)
    count = link.hear()[0][1]["count"]
    rows = []
    for number in range(count):
        link.say("MISSION_REQUEST_INT", seq=number, mission_type=MISSION, **TO)
        rows.append({k: v for k, v in link.hear()[0][1].items() if k in ("command", "frame", "x", "y", "param1")})
    before = link.link.lists.list_id(MISSION)
    assert [row["command"] for row in rows].count(206) == 2
    assert result(upload(link, MISSION, rows)) == 0
    assert link.link.lists.list_id(MISSION) == before
    assert link.proposals == []


def test_our_plan_is_itself_also_in_single_precision(link: Exchange) -> None:
    """dronekit and old scripts read with MISSION_REQUEST and send MISSION_ITEM: a metre off, and yet our plan."""
    link.say("MISSION_REQUEST_LIST", mission_type=MISSION, **TO)
    count = link.hear()[0][1]["count"]
    rows = []
    for number in range(count):
        link.say("MISSION_REQUEST", seq=number, mission_type=MISSION, **TO)
        ((name, row),) = link.hear()
        assert name == "MISSION_ITEM"
        rows.append({key: row[key] for key in ("command", "frame", "x", "y", "param1")})
    before = link.link.lists.list_id(MISSION)

    def sent_back() -> int:
        link.say("MISSION_COUNT", count=count, mission_type=MISSION, **TO)
        for number, row in enumerate(rows):
            link.say("MISSION_ITEM", seq=number, mission_type=MISSION, **row, **TO)
        return result(link.hear())

    assert sent_back() == 0
    assert link.link.lists.list_id(MISSION) == before
    assert link.proposals == []
    rows[1] = {**rows[1], "x": rows[1]["x"] + 2e-5}  # two metres: somebody's own mission
    assert sent_back() == 0
    assert link.proposals[-1].survey is not None
    assert link.link.lists.list_id(MISSION) != before


def test_a_fence_bounds_and_is_no_work(link: Exchange) -> None:
    assert result(upload(link, MISSION, [])) == 0
    assert result(upload(link, FENCE, SQUARE + HOLE)) == 0
    proposal = link.proposals[-1]
    assert proposal.empty
    assert area_of(proposal.fence_m).area == pytest.approx(20.0 * 20.0 - 8.0, rel=0.01)


def test_a_survey_is_the_ground_between_its_swaths(link: Exchange) -> None:
    assert result(upload(link, MISSION, SURVEY)) == 0
    (proposal,) = link.proposals
    assert proposal.survey is not None
    x0, y0, x1, y1 = proposal.survey.ground.bounds
    assert y1 - y0 == pytest.approx(6.0, abs=0.2)
    assert x1 - x0 == pytest.approx(30.0, abs=1.0)
    (row,) = proposal.geojson()["features"]
    assert row["properties"]["role"] == "work_area"


BAD: dict[str, tuple[int, list[Row], int]] = {
    "unknown command": (MISSION, [at(0, 0), at(0, 0), at(1, 1, 22), tool(True), at(1, 5)], 2),
    "return to launch": (MISSION, [*SURVEY, {"command": 20, "frame": 2}], 9),
    "no tool": (MISSION, [at(0, 0), at(0, 5), at(5, 5)], 2),
    "local frame": (MISSION, [at(0, 0), at(0, 0), tool(True), at(0, 9, frame=1)], 3),
    "latitude": (MISSION, [at(0, 0), at(0, 0), tool(True), {"command": 16, "frame": 6, "x": 950_000_000, "y": 0}], 3),
    "longitude": (
        MISSION,
        [at(0, 0), at(0, 0), tool(True), {"command": 16, "frame": 6, "x": 0, "y": 1_900_000_000}],
        3,
    ),
    "null island": (MISSION, [at(0, 0), {"command": 16, "frame": 6, "x": 0, "y": 0}], 1),
    "swapped": (MISSION, [at(0, 0), at(0, 0), tool(True), {"command": 16, "frame": 6, "x": LON, "y": LAT}], 3),
    "infinite": (MISSION, [at(0, 0), at(0, 0, p1=math.inf)], 1),
    "altitude": (MISSION, [at(0, 0), {**at(0, 0), "z": math.nan}], 1),
    "two corners": (FENCE, [at(0, 0, 5001, 2.0), at(0, 9, 5001, 2.0)], 0),
    "missing corner": (FENCE, SQUARE[:3], 0),
    "mixed corners": (FENCE, [*SQUARE[:3], at(20, 0, 5002, 4.0)], 0),
    "bow-tie": (FENCE, [SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]], 0),
    "no area": (FENCE, [SQUARE[0]] * 4, 0),
    "two that exclude each other": (FENCE, [*SQUARE, *moved(SQUARE, 90)], 4),
    "nothing is left": (FENCE, [*SQUARE, at(10, 10, 5004, 40.0)], 4),
    "circle beside circle": (FENCE, [at(0, 0, 5003, 10.0), at(0, 90, 5003, 10.0)], 1),
    "circle": (FENCE, [at(0, 0, 5003, -1.0)], 0),
    "nan circle": (FENCE, [at(0, 0, 5003, math.nan)], 0),
    "waypoint in fence": (FENCE, [*SQUARE, at(1, 1)], 4),
    "waypoint in rally": (RALLY, [at(1, 1)], 0),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_represented_is_refused_with_its_number(link: Exchange, case: str) -> None:
    kind, rows, index = BAD[case]
    upload(link, FENCE, SQUARE)
    before = [link.link.lists.list_id(one) for one in (MISSION, FENCE, RALLY)]
    proposals = len(link.proposals)
    heard = upload(link, kind, rows)
    assert result(heard) != 0
    assert f"item {index}:" in " ".join(texts(heard))
    assert [link.link.lists.list_id(one) for one in (MISSION, FENCE, RALLY)] == before
    assert len(link.proposals) == proposals


def test_an_upload_that_breaks_off_is_asked_for_and_given_up(link: Exchange) -> None:
    before = link.link.lists.list_id(FENCE)
    link.say("MISSION_COUNT", count=4, mission_type=FENCE, **TO)
    link.say("MISSION_ITEM_INT", seq=0, mission_type=FENCE, **TO, **SQUARE[0])
    heard = link.hear(9.0)
    assert 5 <= names(heard).count("MISSION_REQUEST_INT") <= 24
    assert result(heard) == 15
    assert link.link.lists.list_id(FENCE) == before


def test_duplicates_and_wrong_turns_do_no_harm(link: Exchange) -> None:
    link.say("MISSION_COUNT", count=4, mission_type=FENCE, **TO)
    for number in (0, 0, 2, 1, 1, 2, 0, 3):
        link.say("MISSION_ITEM_INT", seq=number, mission_type=FENCE, **TO, **SQUARE[number])
    assert result(link.hear()) == 0
    assert len(link.link.lists.items(FENCE)) == 4


@pytest.mark.parametrize("kind", [FENCE, 255])
@pytest.mark.parametrize("name", ["MISSION_COUNT", "MISSION_CLEAR_ALL"])
def test_a_clear_ends_what_its_station_was_sending(link: Exchange, name: str, kind: int) -> None:
    assert result(upload(link, FENCE, SQUARE)) == 0
    link.say("MISSION_COUNT", count=4, mission_type=FENCE, **TO)
    link.say("MISSION_ITEM_INT", seq=0, mission_type=FENCE, **TO, **SQUARE[0])
    link.hear()
    link.say(name, mission_type=FENCE if name == "MISSION_COUNT" else kind, **TO)
    assert result(link.hear()) == 0
    assert not link.link.lists.uploading
    for number in (1, 2, 3):
        link.say("MISSION_ITEM_INT", seq=number, mission_type=FENCE, **TO, **SQUARE[number])
    assert "MISSION_REQUEST_INT" not in names(link.hear(1.0))
    assert link.link.lists.held(FENCE) == ()


def test_one_upload_at_a_time_and_none_while_armed(link: Exchange) -> None:
    link.say("MISSION_COUNT", count=4, mission_type=FENCE, **TO)
    link.say("HEARTBEAT", type=6, system_id=254, port=14660)
    link.say("MISSION_COUNT", count=4, mission_type=FENCE, system_id=254, port=14660, **TO)
    assert result(link.hear(port=14660)) == 14
    link.vehicle(Mode.AUTO_WORK, holder=250)
    assert result(upload(link, MISSION, SURVEY)) == 14
    link.say("MISSION_CLEAR_ALL", mission_type=255, **TO)
    assert result(link.hear()) == 14


def test_stations_behind_one_address_are_two(link: Exchange) -> None:
    """A router in between: neither mixes its list with the other's, up or down."""
    assert result(upload(link, FENCE, SQUARE)) == 0
    link.say("MISSION_COUNT", count=4, mission_type=FENCE, **TO)
    link.say("MISSION_ITEM_INT", seq=0, mission_type=FENCE, **TO, **HOLE[0])
    link.hear()
    link.say("MISSION_COUNT", count=4, mission_type=FENCE, system_id=254, **TO)
    assert result(link.hear()) == 14
    link.say("MISSION_COUNT", count=0, mission_type=FENCE, **TO)
    assert result(link.hear()) == 0
    assert result(upload(link, FENCE, SQUARE)) == 0
    link.say("MISSION_REQUEST_LIST", mission_type=FENCE, **TO)
    link.hear()
    assert result(upload(link, FENCE, [*moved(SQUARE, -5), *HOLE])) == 0
    link.say("MISSION_REQUEST_LIST", mission_type=FENCE, system_id=254, **TO)
    counted = [fields["count"] for name, fields in link.hear() if name == "MISSION_COUNT"]
    assert counted == [7]
    link.say("MISSION_REQUEST_INT", seq=1, mission_type=FENCE, **TO)
    ((_, item),) = link.hear()
    assert (item["x"], item["y"]) == (SQUARE[1]["x"], SQUARE[1]["y"])


def test_too_many_other_kinds_and_partial_writes(link: Exchange) -> None:
    assert result(upload(link, MISSION, [{}] * 6000)) == 4
    link.say("MISSION_COUNT", count=3, mission_type=7, **TO)
    assert result(link.hear()) == 3
    link.say("MISSION_WRITE_PARTIAL_LIST", start_index=0, end_index=1, **TO)
    assert result(link.hear()) == 3
    link.say("MISSION_REQUEST_INT", seq=99, mission_type=MISSION, **TO)
    assert result(link.hear()) == 13
    link.refuse_sites = "the site is 90 km2"
    heard = upload(link, FENCE, SQUARE)
    assert result(heard) == 1
    assert "90 km2" in " ".join(texts(heard))
