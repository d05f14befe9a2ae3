"""Areas of a survey add up wherever they are told: in the balance, the pieces, the exports, and on the command line."""

import csv
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
import shapely

from benchmarks.trials.report_sums import broken_sums, number, rows
from flailpilot import report, simulate
from tests.control.ledger import jobs
from vehicle.contracts.plan import UntreatableReason
from vehicle.contracts.task_role import SurveyFacts, TaskFacts, TaskRole
from vehicle.reports import gaps
from vehicle.reports.about import job_values, public_values
from vehicle.reports.facts import JobFacts
from vehicle.reports.report import report_page
from vehicle.reports.results import write_all

pytestmark = pytest.mark.long

PARTS = ("processed_m2", "missed_m2", "untreatable_m2", "not_in_task_m2")
STATED = {
    "task_id": "T-7", "organisation": "An Organisation", "operator": "Operator A",
    "start_utc": "2026-05-04T08:00:00.000Z", "end_utc": "2026-05-04T08:00:20.000Z",
}  # fmt: skip


@pytest.fixture(scope="module")
def facts() -> JobFacts:
    """A survey: ground beyond its strip that a pass reached into, ground listed for another reason, ground missed."""
    area = jobs.slanted(9.6, 2.4, 0.4, 0.8)
    strips = SurveyFacts(base_line_m=((0.0, 0.0), (9.0, 0.0)), spacing_m=8.0, widths=1, strips=2)
    reached, beyond = (jobs.slanted(length_m, 2.4, start_m, 0.8) for length_m, start_m in ((0.6, 6.9), (1.4, 8.0)))
    steep = jobs.slanted(1.0, 2.4, 9.0, 0.8)
    plan = msgspec.structs.replace(
        jobs.plan(
            jobs.untreatable(reached, UntreatableReason.NOT_IN_TASK),
            jobs.untreatable(beyond, UntreatableReason.NOT_IN_TASK),
            jobs.untreatable(steep, UntreatableReason.SLOPE),
        ),
        task=TaskFacts(role=TaskRole.TECHNICAL_SURVEY, share=0.7, survey=strips),
    )
    ledger = jobs.worked()
    found = gaps.find(area, shapely.Polygon(), plan, ledger, jobs.CONFIG)
    return jobs.job(area, ledger, plan=plan, found=found, status="completed", **STATED)


@pytest.fixture(scope="module")
def papers(facts: JobFacts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("survey")
    write_all(folder, facts, public=True)
    return folder


def test_the_figures_of_the_record_add_up_and_none_is_nothing(facts: JobFacts, papers: Path) -> None:
    found = facts.found
    assert found.area_m2 == pytest.approx(
        found.processed_m2 + found.missed_m2 + found.listed_m2 + found.not_in_task_m2 + found.rounding_m2, abs=1e-9
    )
    for values in (job_values(facts), public_values(facts), json.loads((papers / "public.json").read_text())):
        parts = [float(values[name]) for name in PARTS]
        assert all(part > 0.05 for part in parts)
        assert sum(parts) == pytest.approx(float(values["area_m2"]), abs=5e-4)
    assert json.loads((papers / "ledger.geojson").read_text())["about"]["not_in_task_m2"] == values["not_in_task_m2"]


def test_balance_and_pieces_of_the_report_add_up(facts: JobFacts) -> None:
    page = report_page(facts, b"")
    area, processed, listed, beyond, missed = [number(row[1]) for row in rows(page, "Balance")][:5]
    assert processed + listed + beyond + missed == pytest.approx(area, abs=0.02)
    assert broken_sums(facts, page) == ()
    pieces = rows(page, "Not processed, why, and what must follow")
    for words, area_m2 in (("not in this task", beyond), ("not workable by machine", listed)):
        told = [number(row[2]) for row in pieces if row[1].startswith(words)]
        assert sum(told) == pytest.approx(area_m2, abs=0.01 * len(told) + 0.005)
    assert sum(number(row[2]) for row in pieces) == pytest.approx(listed + beyond + missed, abs=0.05)
    assert "are not in this task: nothing is said of them" in page


def test_the_tables_for_others_add_up(facts: JobFacts, papers: Path) -> None:
    def table(name: str) -> list[dict[str, str]]:
        with (papers / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    whole = pytest.approx(facts.found.area_m2, abs=2e-3)
    land = [row for row in table("ledger.csv") if row["product"] != "processed_below_depth"]
    assert {row["reason"] for row in land if row["product"] == "untreatable"} == {"not_in_task", "slope"}
    assert sum(float(row["inside_m2"]) for row in land) == whole
    assert sum(float(row["area_m2"]) for row in table("states.csv")) == whole


def test_the_lines_of_report_and_sim_add_up(facts: JobFacts, capsys: pytest.CaptureFixture[str]) -> None:
    found = facts.found
    report._tell(facts, (), as_json=False)
    summary: Any = SimpleNamespace(
        processed_m2=found.processed_m2, area_m2=found.area_m2, missed_m2=found.missed_m2, listed_m2=found.listed_m2,
        false_credit_m2=0.0, mission_time_s=60.0, rate_m2_per_h=1.0, stops=(), speed_up=1.0, finished=True,
        invariant_violations=(),
    )  # fmt: skip
    simulate._tell(summary, found, Path("run"), as_json=False)
    lines = [line for line in capsys.readouterr().out.splitlines() if "missed" in line]
    assert len(lines) == 2
    for line in lines:
        assert f", not in this task {found.not_in_task_m2:,.1f} m2" in line


def test_a_task_that_works_everything_says_nothing_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    report._tell(jobs.done_job(), (), as_json=False)
    assert "not in this task" not in capsys.readouterr().out
