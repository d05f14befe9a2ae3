"""The report's part *People*: who had control and for how long, hand-overs with what was open and both signatures."""

import re

import msgspec

from firmware_bridge.types import ObservationKind as K
from tests.control.checks.test_people import ITEMS, Desk, driving, offered
from tests.reports.test_papers import facts
from vehicle.contracts.people import NOBODY
from vehicle.reports.about import public_values
from vehicle.reports.facts import JobFacts, RecordedAct
from vehicle.reports.people_section import people_of
from vehicle.reports.report import report_page
from vehicle.reports.time_sections import checks, finds, hours


def of_desk(desk: Desk) -> JobFacts:
    acts = tuple(RecordedAct(t_s=row.t_ns / 1e9, act=row) for row in desk.rows)
    return msgspec.structs.replace(facts(), acts=acts, run_ends_s=(1000.0,))


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def rows(page: str) -> list[list[str]]:
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", page)]
    return [[re.sub(r"<[^>]+>", "", cell) for cell in row] for row in cells if row]


def handed_over() -> Desk:
    desk = driving("First <Person>")
    desk.tick(100.0)
    mark = offered_by(desk, "First <Person>")
    desk.tell(K.HAND_OVER_READ, 9, "Second", f"{mark} team leader")
    desk.tell(K.HAND_OVER_SIGN, 7, "First <Person>", mark)
    desk.hold(0)
    desk.tell(K.SIGN_IN, 9, "Second", "team leader")
    desk.hold(9)
    desk.tick(200.0)
    desk.hold(11)
    return desk


def offered_by(desk: Desk, who: str) -> str:
    assert desk.tell(K.HAND_OVER_OFFER, 7, who) == ""
    assert desk.people.hand_over is not None
    return desk.people.hand_over.mark


def test_who_had_control_and_for_how_long() -> None:
    found = rows(people_of(of_desk(handed_over())))
    assert [row[1] for row in found] == ["First &lt;Person&gt;", "First &lt;Person&gt;", "Second", NOBODY]
    assert found[2][2].startswith("team leader has control; hand-over from First &lt;Person&gt;, list ")
    assert found[3][2] == "a console has control; no hand-over: Second was lost"
    assert [row[3] for row in found] == ["7", "-", "9", "11"]
    assert (found[0][4], found[1][4], found[2][4]) == ("0:01:40", "-", "0:03:20")


def test_a_hand_over_stands_there_with_its_open_items_and_both_signatures() -> None:
    page = plain(people_of(of_desk(handed_over())))
    assert "Hand-over 1: open items" in page
    assert all(item in page for item in ITEMS)
    order = [
        "offered by First",
        "read and signed by Second, team leader",
        "signed by First",
        "control changed to Second",
    ]
    assert [page.index(words) for words in order] == sorted(page.index(words) for words in order)


def test_people_who_signed_in_and_handed_nothing_over_have_a_report() -> None:
    desk = driving("First")
    desk.tick(100.0)
    part = people_of(of_desk(desk))
    assert "Hand-over" not in part
    assert [row[1] for row in rows(part)] == ["First"]


def test_an_offer_that_came_to_nothing_says_why() -> None:
    desk = driving()
    offered(desk)
    desk.hold(9)
    page = plain(people_of(of_desk(desk)))
    assert f"came to nothing: {NOBODY} has control" in page
    assert "control changed to" not in page


def test_names_are_in_the_report_once_and_in_no_other_table_and_never_public() -> None:
    job = of_desk(handed_over())
    assert "People: who had control" in report_page(job, b"")
    for part in (checks(job), finds(job)):
        assert "First" not in part
    assert hours(job) == hours(msgspec.structs.replace(job, acts=()))
    assert "Second" not in str(public_values(job))


def test_a_record_without_names_has_no_such_part() -> None:
    assert people_of(facts()) == ""
