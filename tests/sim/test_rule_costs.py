"""What the rules cost: an ended run goes on, a line that was cut is none, and what is too much is told."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from benchmarks import ordinary_work, rule_costs
from benchmarks.proof_belief import costs_say, costs_units
from benchmarks.proof_types import Line

WORKED = {"speed_mps": 0.1, "hours": 0.5, "stop_ticks": 0, "revokes": 0}
FACTS: dict[str, dict[str, Any]] = {
    "standing": {"losses": 20, "on": 20}, "moving": {"losses": 20, "on": 19}, "slipping": WORKED, "untroubled": WORKED,
}  # fmt: skip


def lines(**other: dict[str, Any]) -> list[Line]:
    """A unit of each kind; `other`: what one of them found instead."""
    rows = {kind: {**facts, **other.get(kind, {})} for kind, facts in FACTS.items()}
    return [Line(unit=f"{kind} 0", cpu_s=1.0, facts=facts, at="", commit="") for kind, facts in rows.items()]


def test_units_that_are_done_are_not_run_again_and_kinds_take_turns() -> None:
    every = rule_costs.turns(set())
    assert len(every) == sum(count for count, _ in rule_costs.KINDS.values())
    assert {kind for kind, _ in every[:5]} == set(rule_costs.KINDS)
    assert every[0] not in rule_costs.turns({every[0]})
    assert rule_costs.turns(set(every)) == []


def test_a_line_that_was_cut_is_none(tmp_path: Path) -> None:
    path = tmp_path / "costs.jsonl"
    line = msgspec.json.encode(rule_costs.Unit("field", 0, 1.0, {"hours": 15.0, "bound_m": 0.0})) + b"\n"
    path.write_bytes(line + line[:20])
    units = rule_costs.known(path)
    assert [(unit.kind, unit.number) for unit in units] == [("field", 0)]
    assert "field: 15.00 h with a bound of 0.000 m" in rule_costs.table(units)
    rule_costs.run(path, -1.0)
    assert path.read_bytes() == line, "no unit is begun without a budget"


def test_a_thousand_losses_of_either_kind_ten_hours_of_slip_and_a_hundred_hours_are_run() -> None:
    counts = {kind: sum(unit.split()[0] == kind for unit in costs_units()) for kind in ordinary_work.KINDS}
    assert counts["standing"] * ordinary_work.AT_ONCE == counts["moving"] * ordinary_work.AT_ONCE == 1000
    assert counts["slipping"] * ordinary_work.STRETCH_S == 10 * 3600.0
    assert counts["untroubled"] * ordinary_work.HALF_HOUR_S == 100 * 3600.0


def test_what_is_within_the_promise_holds() -> None:
    verdict = costs_say(lines())
    assert verdict.wrong == ""
    assert verdict.text == (
        "20 of 20 losses standing go on without a mark; 19 of 20 losses moving go on without a mark; "
        "0.5 h slipping: 0 ticks of a stop, 0 withdrawals; 0.5 h untroubled: 0 ticks of a stop, 0 withdrawals"
    )


@pytest.mark.parametrize(
    ("kind", "facts", "wrong"),
    [
        ("standing", {"on": 19}, "standing: below 99 %"),
        ("moving", {"on": 18}, "moving: below 95 %"),
        ("slipping", {"stop_ticks": 1}, "slipping: 1 ticks of a stop, 0 withdrawals"),
        ("untroubled", {"revokes": 2}, "untroubled: 0 ticks of a stop, 2 withdrawals"),
    ],
)
def test_what_costs_a_team_more_than_promised_fails(kind: str, facts: dict[str, Any], wrong: str) -> None:
    assert costs_say(lines(**{kind: facts})).wrong == wrong
