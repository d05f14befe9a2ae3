"""Role, survey and hours of a task on the command line: said once, told to people and programs, refused in one line."""

import json
from pathlib import Path

import pytest

from tests.flailpilot.test_bad_sites import flailpilot
from tests.planning.coverage.support import document, feature, ring_lonlat

pytestmark = pytest.mark.long

FIELD = [(-20, -15), (22, -14), (19, 16), (-21, 14)]
FORM = Path(__file__).resolve().parents[2] / "configs/tasks/form.toml"


def typed(folder: Path, *more: object, **declared: object) -> tuple[object, ...]:
    path = folder / "ground.geojson"
    path.write_text(json.dumps(document(feature("work_area", ring_lonlat(FIELD)), outside="safe", **declared)))
    return ("plan", path, "--machine", "memat", "--depth", "0.15", "--soil", "2", "--out", folder / "plan", *more)


def task_file(folder: Path, role: str, utilisation: str, depth: str = '"not stated"') -> Path:
    """The form with a role, a utilisation and a required depth written in."""
    lines = FORM.read_text(encoding="utf-8").splitlines()
    said = {
        "role": f'role = "{role}"',
        "utilisation": f"utilisation = {utilisation}",
        "required_depth_m": f"required_depth_m = {depth}",
    }
    path = folder / "task.toml"
    path.write_text("\n".join(said.get(line.split("=")[0].strip(), line) for line in lines), encoding="utf-8")
    return path


def test_a_survey_says_its_strips_its_share_and_what_it_leaves(monkeypatch, capsys, tmp_path) -> None:
    words = typed(tmp_path, "--survey", "spacing=8,stop=2", "--net-hours", "2.5", task_role="technical_survey")
    status, said, told = flailpilot(monkeypatch, capsys, *words)
    assert (status, told) == (0, "")
    summary = json.loads((tmp_path / "plan" / "summary.json").read_text())
    task = summary["task"]
    assert (task["role"], task["stop_after_detonations"], task["survey"]["widths"]) == ("technical_survey", 2, 1)
    assert f"{task['survey']['strips']} strips of 1 swath, {task['survey']['spacing_m']:.2f} m apart" in said
    assert f"{task['share_percent']:.0f} % of the area is worked" in said
    assert f"not in this task: {summary['untreatable_m2']['not_in_task']:,.1f} m2 between the strips" in said
    assert "the operator ends this task after 2 detonations: the vehicle does not count them" in said
    assert summary["site_days"] == [pytest.approx(summary["tool_h"] / 2.5, abs=0.02)] * 2
    assert not any("not_in_task" in line for line in said.splitlines() if "manual teams" in line)


def test_whoever_says_nothing_works_everything_and_reads_two_site_days(monkeypatch, capsys, tmp_path) -> None:
    status, said, _ = flailpilot(monkeypatch, capsys, *typed(tmp_path))
    assert status == 0
    summary = json.loads((tmp_path / "plan" / "summary.json").read_text())
    few, many = summary["site_days"]
    assert (few, many) == pytest.approx((summary["tool_h"] / 3.5, summary["tool_h"] / 2.0), abs=0.02)
    assert "task: ground preparation, 100 % of the area is worked" in said
    assert f"{few:.1f} to {many:.1f} site days of 8 h, 2 to 3.5 h of them tool down" in said


def test_the_task_file_says_role_and_utilisation(monkeypatch, capsys, tmp_path) -> None:
    path = task_file(tmp_path, "quality_control", "0.25")
    status, said, told = flailpilot(monkeypatch, capsys, *typed(tmp_path, "--task", path))
    assert (status, told) == (0, ""), said
    assert "task: quality control, " in said
    assert "2 h of them tool down" in said
    assert "after the first detonation" in said


@pytest.mark.parametrize(
    ("more", "declared", "word"),
    [
        (("--role", "flailing"), {}, "is no task role"),
        ((), {"task_role": "flailing"}, "task_role is 'flailing'"),
        (("--role", "area_reduction"), {"task_role": "technical_survey"}, "make them one"),
        (("--role", "area_reduction"), {}, "needs spacing=M"),
        (("--survey", "spacing=5"), {}, "works everything"),
        (("--net-hours", "0"), {}, "--net-hours 0"),
        (("--net-hours", "9"), {}, "--net-hours 9"),
        (("--net-hours", "nan"), {}, "--net-hours"),
    ],
)
def test_what_fits_no_task_is_refused_in_one_line(monkeypatch, capsys, tmp_path, more, declared, word) -> None:
    status, _, told = flailpilot(monkeypatch, capsys, *typed(tmp_path, *more, **declared))
    assert status == 2
    assert told.count("\n") == 1
    assert word in told
    assert not (tmp_path / "plan").exists()


def test_a_plan_is_for_the_depth_of_the_task_file(monkeypatch, capsys, tmp_path) -> None:
    words = list(typed(tmp_path, "--task", task_file(tmp_path, "ground_preparation", '"not stated"', "0.2")))
    at = words.index("--depth")
    alone = (*words[:at], *words[at + 2 :])
    status, said, _ = flailpilot(monkeypatch, capsys, *alone)
    assert (status, "the default" in said) == (0, False)
    assert json.loads((tmp_path / "plan" / "summary.json").read_text())["required_depth_m"] == 0.2
    status, _, told = flailpilot(monkeypatch, capsys, *words)
    assert status == 2
    assert "--depth says 0.15 m" in told
    assert "task.toml says 0.2 m; make them one value" in told
    deep = task_file(tmp_path, "ground_preparation", '"not stated"', "0.9")
    status, _, told = flailpilot(monkeypatch, capsys, *alone)
    assert status == 2
    assert f"{deep}: required depth 0.9" in told
