"""The catalogue of faults is whole, and its page is up to date."""

import re

import pytest

from tests.campaign import catalogue, detection, faults_page
from vehicle.contracts.stop_reasons import RULES

ROWS = range(1, 121)


def test_every_row_has_words_and_one_section() -> None:
    assert sorted(catalogue.FAULTS) == list(ROWS)
    assert [row for _, first, last in catalogue.SECTIONS for row in range(first, last + 1)] == list(ROWS)


def test_every_reason_with_a_row_says_how_it_is_noticed() -> None:
    assert set(detection.DETECTION) == {rule.name for rule in RULES if rule.rows}


def test_rows_without_a_reason_are_described_by_themselves_and_no_others() -> None:
    with_reason = {row for rule in RULES for row in rule.rows}
    assert set(detection.HANDLED) == set(ROWS) - with_reason


@pytest.mark.long
def test_the_page_is_up_to_date() -> None:
    """Its tests may lag behind, as those of the traceability table; each of them exists."""
    written = faults_page.PAGE.read_text(encoding="utf-8")
    assert without_tests(written) == without_tests(faults_page.page()), "python -m tests.campaign.faults_page"
    for path, name in re.findall(r"`(tests/[^`:]+)::(\w+)", written):
        assert f"def {name}(" in (faults_page.ROOT / path).read_text(encoding="utf-8"), f"{path}::{name}"


def without_tests(page: str) -> list[str]:
    """Lines of the page; the last column of its tables is left out."""
    return [line.rsplit(" | ", 1)[0] if re.match(r"\| \d", line) else line for line in page.splitlines()]


def test_a_stop_of_missions_alone_says_so() -> None:
    rule = next(rule for rule in RULES if rule.name == "gnss_lost")
    assert faults_page.reactions(rule) == "warning; in a mission stop"
    assert faults_page.recoveries(rule) == "RESET"
