"""No row without an owner, none without a test unless it says why, none deferred that could be done."""

import functools

import pytest

from campaign.faults import FAULTS
from tests.campaign import invariants_traced
from tests.campaign import traceability as trace
from tests.campaign.cases import CASES, Case
from vehicle.contracts.stop_reasons import RULES, named

ROWS = range(1, 121)
TESTS = functools.cache(trace.tests_of)


def test_every_row_has_exactly_one_owner() -> None:
    owned = [row for rows in trace.OWNERS.values() for row in rows]
    assert sorted(owned) == list(ROWS)


@pytest.mark.parametrize("case", [case for case in CASES if case.reasons], ids=lambda case: case.name)
def test_the_table_of_reasons_names_the_rows_of_each_case(case: Case) -> None:
    assert any(set(named(name).rows) & set(case.rows) for name in case.reasons)


def test_rows_of_the_table_of_reasons_are_those_of_the_catalogue() -> None:
    assert {row for rule in RULES for row in rule.rows} <= set(ROWS)
    assert [rule.name for rule in RULES if not rule.rows] == [
        "arm_unused",
        "check_due",
        "depth_check_due",
        "hammer_count_due",
    ], "the catalogue has no fault for what is no fault"


@pytest.mark.parametrize("row", ROWS)
def test_no_row_is_an_orphan(row: int) -> None:
    assert trace.status_of(row, TESTS().get(row, ())) != "orphan", "no test, no reason given, and its owner is built"


def test_listed_tests_exist() -> None:
    listed = [*trace.LISTED.values(), *invariants_traced.tests_of().values()]
    for names in listed:
        for name in names:
            path, function = name.split(" (")[0].split("::")
            assert f"def {function}(" in (trace.ROOT / path).read_text(encoding="utf-8"), name


def test_cases_and_faults_speak_of_the_same_rows() -> None:
    for case in CASES:
        assert set(case.rows) <= set(ROWS)
        assert case.fault in FAULTS
    assert len({case.name for case in CASES}) == len(CASES)


def test_an_orphan_and_a_deferral_past_its_time_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(trace.BUILT_WHEN, "console", ("console/none*",))
    assert trace.status_of(24, ()) == "deferred"
    monkeypatch.setitem(trace.BUILT_WHEN, "console", ("console/none*", "console/client/stat*"))
    assert trace.status_of(24, ()) == "orphan"
    assert trace.status_of(1, ()) == "full stack"
    assert trace.status_of(103, ()) == "orphan"


@pytest.mark.parametrize("name", invariants_traced.EXPECTED)
def test_no_invariant_is_an_orphan(name: str) -> None:
    assert invariants_traced.tests_of()[name]


@pytest.mark.long
def test_the_page_tells_the_status_of_every_row() -> None:
    """Its tests may lag behind; what stands and what does not may not."""
    lines = trace.PAGE.read_text(encoding="utf-8").splitlines()
    told = {cells[1].strip(): cells[3].strip() for cells in (line.split("|") for line in lines) if len(cells) == 6}
    for row in ROWS:
        assert told[str(row)] == trace.status_of(row, TESTS().get(row, ())), "python -m tests.campaign.traceability"
