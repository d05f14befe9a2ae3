"""The report's part *Shift*: every act of the table, minutes, names, reasons; long blocks, hand-overs, sign-ins."""

import re

import msgspec
import pytest

from tests.config.test_task import STATED, loaded
from tests.control.checks.test_shift import MORNING_US, act, as_line
from tests.reports.test_papers import facts
from vehicle.contracts.shift_state import ShiftAct
from vehicle.contracts.shift_table import CLOSING_CHECK, SHIFT_ITEMS
from vehicle.reports.facts import JobFacts, RecordedAct
from vehicle.reports.report import report_page
from vehicle.reports.shift_section import shifts
from vehicle.reports.time_sections import hours
from vehicle.reports.words import catalogue

DAY = (
    act("site-brief", 15, minutes=14),
    act("machine-check", 35, minutes=12.5),
    act("strop", 40, minutes=5),
    act("ring", 50, minutes=6),
    act("sign-in", 60, words="operator", minutes=2),
    act("test-strip", 85, minutes=16),
    act("ring", 86, minutes=1),
    act("hand-over", 150, words="second person", minutes=10),
    act("ring", 152, minutes=1),
    act("drive-in", 195, minutes=5),
    act(CLOSING_CHECK, 200, minutes=5),
    act("wash", 215, done=False, words="<no> water"),
)


def with_acts(*acts: ShiftAct, **changes: object) -> JobFacts:
    job = facts(**changes)
    told = tuple(RecordedAct(t_s=(one.utc_us - MORNING_US) / 1e6, act=as_line(one)) for one in acts)
    return msgspec.structs.replace(job, acts=(*job.acts, *told))


def rows(page: str) -> dict[str, list[str]]:
    """The cells of the rows without their tags, by the first cell."""
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", page)]
    return {row[0]: [re.sub(r"<[^>]+>", "", cell) for cell in row[1:]] for row in cells if row}


def test_every_item_has_a_row_and_a_text_of_its_own() -> None:
    found = rows(shifts(with_acts(*DAY)))
    assert list(found) == [item.title for item in SHIFT_ITEMS]
    english = catalogue("en")
    assert {name: english[f"shift.item.{name}"] for name in (item.name for item in SHIFT_ITEMS)} == {
        item.name: item.title for item in SHIFT_ITEMS
    }


def test_minutes_names_and_reasons_stand_in_the_rows() -> None:
    found = rows(shifts(with_acts(*DAY)))
    assert found["machine check, hammers counted"][:4] == ["15", "12.5", "done", "first person"]
    assert found["ring clear, sentry on post"][:3] == ["6", "8", "done 3x"]
    assert found["wash, machine check, fuel, strop off"] == [
        "15",
        "0",
        "not done",
        "first person",
        "2026-09-21 17:48",
        "&lt;no&gt; water",
    ]
    assert found["parking: fuel, hammers, depth, strop"] == ["30", "-", "not told", "-", "-", "-"]
    assert found["report made and verified"][2] == "due, not told"


def test_long_blocks_hand_overs_and_sign_ins_are_named() -> None:
    page = shifts(with_acts(*DAY))
    assert "Block 1, from" in page
    assert "54 min without a change of operator; 50 are allowed" in page
    assert "Block 2" not in page
    assert "first person to second person" in page
    assert "first person, operator" in page
    assert "ended with the closing check" in page


def test_two_days_are_two_tables() -> None:
    page = shifts(with_acts(*DAY, act("site-brief", 1440)))
    assert page.count("<h2>Shift</h2>") == 2
    assert page.count("no closing check is on record") == 1


def test_without_acts_the_part_is_there_only_where_the_task_works_in_shifts(tmp_path: object) -> None:
    assert shifts(facts()) == ""
    task = loaded(tmp_path, STATED)  # type: ignore[arg-type]
    assert "no act of a shift is on record" in shifts(facts(task=task))


@pytest.mark.long
def test_acts_are_no_checks_and_no_finds_and_change_no_hours() -> None:
    waiting = RecordedAct(t_s=0.6, act=as_line(act("rest", 0.01, minutes=10)))
    assert hours(facts(acts=(waiting,))) == hours(facts(acts=()))
    page = report_page(with_acts(*DAY), b"")
    assert page.count("machine check, hammers counted") == 1
    assert "shift_done" not in page


@pytest.mark.parametrize("language", ["az", "tr", "uk"])
def test_it_is_in_each_language_of_the_report(language: str) -> None:
    page = shifts(msgspec.structs.replace(with_acts(*DAY), language=language))
    assert page.count("<tr>") == len(SHIFT_ITEMS) + 1
