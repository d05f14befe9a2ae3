"""The report says what was done, what was not, and never more than that."""

import re
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from tests.control.ledger import jobs
from vehicle.reports.facts import JobFacts
from vehicle.reports.picture import draw_map
from vehicle.reports.report import write_report

pytestmark = pytest.mark.long

VOID = {"meta", "img", "br", "hr", "link"}


class Outline(HTMLParser):
    """Checks nesting, keeps the visible text and everything that the page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loaded: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loaded += [value or "" for name, value in attrs if name in {"src", "href"}]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data + " "


def _page(tmp_path: Path, facts: JobFacts) -> Outline:
    draw_map(tmp_path / "map.png", facts)
    write_report(tmp_path / "report.html", facts, tmp_path / "map.png")
    outline = Outline()
    outline.feed((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert outline.open == []
    return outline


def test_a_done_job(tmp_path: Path) -> None:
    facts = jobs.done_job()
    page = _page(tmp_path, facts)
    assert "No ground was missed" in page.text
    assert f"{facts.found.processed_m2:,.2f}" in page.text
    assert facts.plan.untreatable  # what the plan lists was worked all the same
    assert "None: every cell of the work area is on record as processed." in page.text
    assert "working the ground" in page.text
    assert "SIMULATED" not in page.text


def test_an_open_job_says_so_first_and_lists_every_gap(tmp_path: Path) -> None:
    facts = jobs.open_job(simulated=True)
    page = _page(tmp_path, facts)
    assert "No ground was missed" not in page.text
    assert "The task is not complete" in page.text
    assert page.text.count("not reached by the working tool") == sum(
        gap.reason.value == "not_swept" for gap in facts.found.gaps
    )
    assert "SIMULATED" in page.text


def test_the_page_loads_nothing_and_runs_nothing(tmp_path: Path) -> None:
    page = _page(tmp_path, jobs.open_job())
    assert {link.split(",")[0] for link in page.loaded} == {"data:image/png;base64"}
    assert "url(" not in (tmp_path / "report.html").read_text()
    assert "<script" not in (tmp_path / "report.html").read_text().lower()


def test_text_of_others_cannot_break_out(tmp_path: Path) -> None:
    facts = jobs.open_job(organisation="<b>Sons</b>", remarks=("a <script>alert(1)</script> remark",))
    page = _page(tmp_path, facts)
    assert "<b>Sons</b>" in page.text
    assert "<link> & lost 1x" in page.text
    assert "script" not in page.open


@pytest.mark.parametrize("facts", [jobs.done_job(), jobs.open_job()], ids=["done", "open"])
def test_the_word_cleared_appears_only_to_be_denied(tmp_path: Path, facts: JobFacts) -> None:
    page = _page(tmp_path, facts)
    assert len(re.findall(r"cleared", page.text)) == len(re.findall(r"not cleared", page.text)) == 1


def test_what_is_missed_is_never_rounded_to_nothing(tmp_path: Path) -> None:
    facts = jobs.done_job()
    sliver = msgspec.structs.replace(facts.found, missed_m2=0.0004)
    page = _page(tmp_path, msgspec.structs.replace(facts, found=sliver))
    assert "<0.01 m² of the work area were missed" in page.text
