"""The required depth is one value all the way: site or command line, plan, its name, sim, drive, journal, report."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from benchmarks.drive_rig import write_config
from campaign.fault_scenario import FaultScenario, swath_plan
from tests.flailpilot.test_bad_sites import flailpilot
from tests.planning.coverage.support import document, feature, ring_lonlat
from vehicle.config.drive import load_drive
from vehicle.contracts.errors import InputError
from vehicle.planning.site.depth_fields import declared_m
from vehicle.planning.site.site import load_site
from vehicle.records import journal
from vehicle.runtime.app import start_state

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "configs/scenarios/example.toml"
FIELD = [(-9, -7), (10, -6), (9, 8), (-10, 7)]
BESIDE = [(12, -6), (20, -6), (20, 8), (12, 8)]
SITE_TABLE = '[site]\nfile = "ground.geojson"\n'


def ground(folder: Path, *depths: object, **declared: object) -> Path:
    """One work area for each depth; None says none."""
    rows = [
        feature("work_area", ring_lonlat(field), **({} if depth is None else {"required_depth_m": depth}))
        for field, depth in zip((FIELD, BESIDE), depths or (None,), strict=False)
    ]
    path = folder / "ground.geojson"
    path.write_text(json.dumps(document(*rows, **({"outside": "safe"} | declared))), encoding="utf-8")
    return path


def planned(
    monkeypatch, capsys, folder: Path, site: Path, *options: object, machine: object = "memat"
) -> dict[str, Any]:
    status, said, told = flailpilot(monkeypatch, capsys, "plan", site, "--machine", machine, "--out", folder, *options)
    assert (status, told) == (0, ""), told
    return json.loads((folder / "summary.json").read_text()) | {"said": said}


def refused(monkeypatch, capsys, *typed: object) -> str:
    status, said, told = flailpilot(monkeypatch, capsys, *typed)
    assert (status, said, told.count("\n")) == (2, "", 1), (said, told)
    return str(told)


@pytest.mark.long
def test_depth_belongs_to_the_name_of_a_plan(monkeypatch, capsys, tmp_path) -> None:
    site = ground(tmp_path)
    plans = [planned(monkeypatch, capsys, tmp_path / depth, site, "--depth", depth) for depth in ("0.15", "0.22")]
    assert [plan["required_depth_m"] for plan in plans] == [0.15, 0.22]
    assert plans[0]["plan_hash"] != plans[1]["plan_hash"]
    assert plans[0]["site_hash"] == plans[1]["site_hash"]


def test_the_sites_own_depth_is_planned(monkeypatch, capsys, tmp_path) -> None:
    plan = planned(monkeypatch, capsys, tmp_path / "out", ground(tmp_path, 0.2))
    assert (plan["required_depth_m"], plan["required_depth_assumed"]) == (0.2, False)
    assert "required depth" not in str(plan["said"])


def test_a_depth_that_nobody_said_is_said(monkeypatch, capsys, tmp_path) -> None:
    plan = planned(monkeypatch, capsys, tmp_path / "out", ground(tmp_path))
    assert (plan["required_depth_m"], plan["required_depth_assumed"]) == (0.15, True)
    assert "required depth: 0.15 m" in str(plan["said"])


def test_site_and_command_line_that_disagree_are_refused(monkeypatch, capsys, tmp_path) -> None:
    site, out = ground(tmp_path, 0.2), tmp_path / "out"
    told = refused(monkeypatch, capsys, "plan", site, "--machine", "memat", "--out", out, "--depth", "0.15")
    for word in ("ground.geojson", "0.2 m", "--depth", "0.15 m"):
        assert word in told
    assert not out.exists()
    assert planned(monkeypatch, capsys, out, site, "--depth", "0.20")["required_depth_m"] == 0.2


@pytest.mark.parametrize(
    ("depths", "declared"),
    [((0.2, 0.15), {}), ((0.2,), {"required_depth_m": 0.15}), ((0.2,), {"properties": {"Required-Depth (cm)": 15}})],
)
def test_a_site_that_says_two_depths_is_refused(tmp_path, depths, declared) -> None:
    with pytest.raises(InputError, match=r"0\.2 m.*0\.15 m|0\.15 m.*0\.2 m"):
        load_site(ground(tmp_path, *depths, **declared))


def test_two_areas_of_one_depth(tmp_path) -> None:
    assert load_site(ground(tmp_path, 0.2, "0.20 m")).required_depth_m == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("required_depth_m", 0.2),
        ("REQUIRED_DEPTH_M", "0.2"),
        ("required_depth_cm", 20),
        ("requiredDepthMm", 200),
        ("Required depth", "20 cm"),
        ("processing-depth", "0.2m"),
        ("clearance_depth_m", 0.2),
    ],
)
def test_a_depth_is_understood_however_it_is_spelled(key: str, value: object) -> None:
    assert declared_m("here", {key: value}) == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("required_depth", 20),
        ("required_depth_in", 8),
        ("required_depth_m", "20 cm"),
        ("required_depth_m", 0),
        ("required_depth_m", -0.2),
        ("required_depth_m", float("nan")),
        ("required_depth_m", float("inf")),
        ("required_depth_m", "deep"),
        ("required_depth_m", True),
        ("required_depth_m", [0.2]),
    ],
)
def test_a_depth_that_cannot_be_understood_is_refused(key: str, value: object) -> None:
    with pytest.raises(InputError, match="required_depth_m, in metres"):
        declared_m("here", {key: value})


def test_a_site_deeper_than_the_machine_is_refused(monkeypatch, capsys, tmp_path) -> None:
    told = refused(monkeypatch, capsys, "plan", ground(tmp_path, 20), "--machine", "memat", "--out", tmp_path / "out")
    assert "ground.geojson" in told
    assert "works down to" in told


@pytest.fixture
def begun(monkeypatch):
    """`sim` up to where the mission begins; what it would have driven."""
    driven = []

    def begin(scenario, machine, _site, plan, recorder, **_):
        recorder.close()
        driven.append((scenario.mission.required_depth_m, plan.required_depth_m, machine.name))
        raise InputError("far enough")

    monkeypatch.setattr("flailpilot.simulate.run_mission", begin)
    return driven


@pytest.mark.parametrize(("site_m", "options", "wanted_m"), [(0.2, (), 0.2), (None, ("--depth", "0.18"), 0.18)])
def test_sim_of_a_site_takes_its_depth(monkeypatch, capsys, tmp_path, begun, site_m, options, wanted_m) -> None:
    site = ground(tmp_path, site_m)
    _, said, told = flailpilot(monkeypatch, capsys, "sim", "--site", site, "--out", tmp_path / "out", *options)
    assert told == "flailpilot: far enough\n"
    assert begun == [(wanted_m, wanted_m, "MEMATT")]
    assert "machine: MEMATT" in said
    header = journal.read(tmp_path / "out/ledger.journal").header
    assert header is not None
    assert header.required_depth_m == wanted_m


def test_sim_of_a_plan_takes_the_plans_depth_or_refuses(monkeypatch, capsys, tmp_path, begun) -> None:
    site, plan = ground(tmp_path), tmp_path / "plan"
    planned(monkeypatch, capsys, plan, site, "--depth", "0.2")
    flailpilot(monkeypatch, capsys, "sim", "--site", site, "--plan", plan, "--out", tmp_path / "out")
    assert [row[:2] for row in begun] == [(0.2, 0.2)]
    (tmp_path / "job.toml").write_text(
        'name = "job"\nmachine = "memat"\nsite = "ground.geojson"\n[mission]\nrequired_depth_m = 0.15\n'
    )
    for typed in ((tmp_path / "job.toml",), ("--site", site, "--depth", "0.15")):
        told = refused(monkeypatch, capsys, "sim", *typed, "--plan", plan, "--out", tmp_path / "none")
        assert "0.15 m" in told
        assert "the plan says 0.2 m" in told
    ground(tmp_path, 0.25)
    told = refused(monkeypatch, capsys, "sim", "--site", site, "--plan", plan, "--out", tmp_path / "none")
    assert "0.25 m" in told
    assert "0.2 m" in told
    assert not (tmp_path / "none").exists()


def test_drive_refuses_a_site_or_plan_of_another_depth(monkeypatch, capsys, tmp_path) -> None:
    config = write_config(tmp_path, udp_port=14_997, place=SITE_TABLE)
    ground(tmp_path, 0.15)
    plan = start_state(load_drive(config)).mission.plan
    assert plan is not None
    assert plan.required_depth_m == 0.15
    ground(tmp_path, 0.2)
    told = refused(monkeypatch, capsys, "drive", config)
    assert "drive.toml" in told
    assert "ground.geojson says 0.2 m" in told
    site = ground(tmp_path)
    planned(monkeypatch, capsys, tmp_path / "plan", site, "--depth", "0.2", machine=tmp_path / "quick.toml")
    config = write_config(tmp_path, udp_port=14_997, place=f'{SITE_TABLE}plan = "plan"\n')
    told = refused(monkeypatch, capsys, "drive", config)
    assert "mission says 0.15 m" in told
    assert "plan says 0.2 m" in told


def test_a_plan_of_another_depth_is_not_taken_while_driving() -> None:
    drill = FaultScenario()
    drill.run(0.1)
    depth_m = drill.parts.config.mission.required_depth_m
    plan = swath_plan(drill.parts.config.machine)
    other = msgspec.structs.replace(plan, required_depth_m=depth_m + 0.05)
    assert "required depth" in drill.plans.assign(drill.state, other)
    assert drill.plans.assign(drill.state, msgspec.structs.replace(plan, required_depth_m=depth_m)) == ""


@pytest.mark.slow
def test_the_example_demands_credits_and_reports_one_depth(monkeypatch, capsys, tmp_path) -> None:
    """`make demo`, broken off after a few seconds of driving."""
    scenario = EXAMPLE.read_text().replace("../sites", str(ROOT / "configs/sites"))
    (tmp_path / "example.toml").write_text(scenario.replace("seed = 1", "seed = 1\nsim_max_s = 20.0"))
    status, _, told = flailpilot(monkeypatch, capsys, "sim", tmp_path / "example.toml", "--out", tmp_path / "run")
    assert (status, told) == (1, "")
    demanded_m = load_site(ROOT / "configs/sites/example.geojson").required_depth_m
    assert demanded_m == 0.15
    header = journal.read(tmp_path / "run/ledger.journal").header
    assert header is not None
    plan = json.loads((tmp_path / "run/plan/summary.json").read_text())
    assert (header.required_depth_m, header.plan_hash) == (demanded_m, plan["plan_hash"])
    assert plan["required_depth_m"] == demanded_m
    report = (tmp_path / "run/report.html").read_text()
    assert "Required: 15.0 cm" in report
    assert "reached 15.0 cm" in report
