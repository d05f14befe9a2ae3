"""Planning that a person watches and ends: what was planned by then is closed, proven, written, and said to be cut."""

import json
import signal
from pathlib import Path

import pytest

from flailpilot import plan_progress
from flailpilot.plan_progress import PlanningLimit, struck_by_interrupt
from tests.flailpilot.test_bad_sites import flailpilot
from tests.planning.coverage.checker import check_folder
from tests.planning.coverage.support import document, feature, ring_lonlat
from vehicle.planning.coverage.work_limit import Stage, Work

pytestmark = pytest.mark.long

FIELD = [(-30, -25), (32, -24), (28, 26), (-31, 24)]
POST = [(-1, -1), (2, -1), (1, 2)]
SITE = document(feature("work_area", ring_lonlat(FIELD)), feature("keep_out", ring_lonlat(POST)), outside="safe")


def typed(folder: Path) -> tuple[object, ...]:
    path = folder / "ground.geojson"
    path.write_text(json.dumps(SITE), encoding="utf-8")
    return ("plan", path, "--machine", "memat", "--depth", "0.15", "--soil", "2", "--poses", "--out", folder / "plan")


def struck_at(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C the first time that planning comes to a stage."""
    told = PlanningLimit.at

    def at(limit: PlanningLimit, now: Stage, driven_s) -> None:
        told(limit, now, driven_s)
        if now is stage and not limit.struck:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(PlanningLimit, "at", at)


def test_ctrl_c_keeps_the_plan_so_far_closed_and_proven(monkeypatch, capsys, tmp_path) -> None:
    struck_at(Stage.SWATHS, monkeypatch)
    status, said, told = flailpilot(monkeypatch, capsys, *typed(tmp_path))
    assert status == 1
    assert "planning was stopped by Ctrl-C with " in said
    assert told.strip() == plan_progress.STOPPING
    summary = json.loads((tmp_path / "plan" / "summary.json").read_text())
    left_m2 = summary["untreatable_m2"]["planning_time"]
    assert summary["certificate"]["missed_nominal_m2"] == 0.0
    assert 0.0 < left_m2 < summary["area_m2"]
    # the ratio is of what is planned: no plan sweeps faster than sweeping alone takes
    speed_mps = json.loads((tmp_path / "plan" / "plan.json").read_text())["machine"]["pace"]["sweep_speed_mps"]
    width_m = summary["machine"]["tool_width_m"] - summary["overlap_m"]
    assert summary["bound_s"] == pytest.approx((summary["area_m2"] - left_m2) / (speed_mps * width_m), rel=1e-4)
    assert 0.0 < summary["bound_s"] < summary["time_s"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    faults = [line for line in check_folder(tmp_path / "plan", SITE).complaints() if "planning_time" not in line]
    assert faults == []


def test_ctrl_c_once_a_plan_is_whole_takes_it(monkeypatch, capsys, tmp_path) -> None:
    struck_at(Stage.ORDER, monkeypatch)
    status, said, _ = flailpilot(monkeypatch, capsys, *typed(tmp_path))
    assert status == 0
    assert "planning was stopped by Ctrl-C: the plan is complete" in said


def test_a_second_ctrl_c_goes_through() -> None:
    limit = PlanningLimit(100.0, lambda *_: None, 10.0)
    with struck_by_interrupt(limit):
        signal.raise_signal(signal.SIGINT)
        assert limit.struck
        assert limit()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_it_is_told_what_planning_is_at_and_how_long_driving_takes_by_now() -> None:
    seen: list[tuple[Stage, float, float]] = []
    limit = PlanningLimit(100.0, lambda *row: seen.append(row), 0.0)
    limit.tell(Work.VIEWS, 1000)
    limit.at(Stage.SWATHS, lambda: 7200.0)
    assert not limit()
    assert seen[-1] == (Stage.SWATHS, 2.0, limit.spent_s() / 100.0)


def test_hours_with_what_they_go_into_and_places_for_manual_teams_are_said(monkeypatch, capsys, tmp_path) -> None:
    status, said, told = flailpilot(monkeypatch, capsys, *typed(tmp_path))
    assert (status, told) == (0, "")
    summary = json.loads((tmp_path / "plan" / "summary.json").read_text())
    split = summary["time_split_s"]
    assert sum(split.values()) == pytest.approx(summary["time_s"], abs=1.0)
    assert f"(work {split['work'] / 3600.0:.1f}, turns {split['turns'] / 3600.0:.1f}, moves " in said
    left = summary["left_for_manual_teams"]
    assert left == {"places": len(summary["untreatable"]), "m2": pytest.approx(sum(summary["untreatable_m2"].values()))}
    assert f"left for manual teams: {left['places']} places, {left['m2']:.1f} m2 (" in said


@pytest.mark.parametrize("soil", ["0.1", "11", "nan", "-1"])
def test_soil_that_is_none_is_refused_in_a_line(monkeypatch, capsys, tmp_path, soil: str) -> None:
    words = [soil if word == "2" else word for word in typed(tmp_path)]
    status, _, told = flailpilot(monkeypatch, capsys, *words)
    assert status == 2
    assert told.count("\n") == 1
    assert "--soil" in told
