"""The costs of the rules: an ended run goes on, and a line that was cut is none."""

from pathlib import Path

import msgspec

from benchmarks import rule_costs


def test_units_that_are_done_are_not_run_again_and_kinds_take_turns() -> None:
    every = rule_costs.turns(set())
    assert len(every) == sum(count for count, _ in rule_costs.KINDS.values())
    assert {kind for kind, _ in every[:150]} == set(rule_costs.KINDS)
    assert every[0] not in rule_costs.turns({every[0]})
    assert rule_costs.turns(set(every)) == []


def test_a_line_that_was_cut_is_none_and_the_table_says_how_far_it_came(tmp_path: Path) -> None:
    path = tmp_path / "costs.jsonl"
    facts = {"losses": 20, "on": 19, "doubts_m": []}
    line = msgspec.json.encode(rule_costs.Unit("moving", 0, 1.0, facts)) + b"\n"
    path.write_bytes(line + line[:20])
    units = rule_costs.known(path)
    assert [(unit.kind, unit.number) for unit in units] == [("moving", 0)]
    assert "moving: 19 of 20 losses go on without a mark" in rule_costs.table(units)
    rule_costs.run(path, -1.0)
    assert path.read_bytes() == line, "no unit is begun without a budget"


def test_half_hours_of_ordinary_work_can_be_run_alone_and_are_a_hundred_hours_in_all() -> None:
    units = rule_costs.turns(set(), ("untroubled",))
    assert {kind for kind, _ in units} == {"untroubled"}
    assert len(units) * rule_costs.HALF_HOUR_S == 100 * 3600.0


def test_what_is_withdrawn_and_stopped_in_them_is_counted() -> None:
    facts = {"speed_mps": 0.1, "hours": 0.5, "stop_ticks": 2, "revokes": 1}
    units = [rule_costs.Unit("untroubled", number, 1.0, facts) for number in range(3)]
    assert "untroubled: 1.50 h, 6 ticks of a stop, 3 withdrawals" in rule_costs.table(units)
