"""A plan of another format: its file is kept to the last byte, and what is handed on says who made it."""

import hashlib
import json
from pathlib import Path

import msgspec
import pytest

from console.server.planning import handing_over
from console.server.planning.making import PlanRequest
from console.server.planning.names import ASKED
from console.server.planning.sites import SiteRequest
from flailpilot.simulate import _write_plan
from tests import builders
from tests.planning.coverage.support import document, feature, ring_lonlat
from vehicle.config.footprint import footprint
from vehicle.config.load import load_machine
from vehicle.contracts.errors import InputError
from vehicle.contracts.kept_formats import Kept
from vehicle.contracts.plan import Plan
from vehicle.operator_link.staging import Stage
from vehicle.planning.coverage.planner import plan_site
from vehicle.planning.coverage.settings import PlanSettings
from vehicle.planning.files.export import write_plan_files
from vehicle.planning.files.stored import load_plan
from vehicle.planning.site.site import load_site
from vehicle.runtime.staged_plans import judge

MACHINE = footprint(load_machine("memat"))
PLAN = builders.plan((), MACHINE)
NUMBERS = [(1, "an earlier"), (Kept.PLAN.number - 1, "an earlier"), (Kept.PLAN.number + 1, "a later")]


@pytest.mark.long
def test_an_older_plan_that_is_driven_can_be_read_from_its_run(tmp_path: Path) -> None:
    path = tmp_path / "ground.geojson"
    field = ring_lonlat([(-9, -7), (10, -6), (9, 8), (-10, 7)])
    path.write_text(json.dumps(document(feature("work_area", field), outside="safe")))
    site = load_site(path)
    plan = plan_site(site, MACHINE, PlanSettings(required_depth_m=0.15))
    old = tmp_path / "old"
    write_plan_files(plan, site, old)
    table = json.loads((old / "plan.json").read_bytes()) | {"format": 2, "plan_hash": ""}
    del table["task"]  # format 2 knew none
    name = hashlib.sha256(msgspec.json.encode(table)).hexdigest()[:16]
    (old / "plan.json").write_bytes(msgspec.json.encode(table | {"plan_hash": name}))
    (old / "summary.json").write_text(json.dumps(json.loads((old / "summary.json").read_text()) | {"plan_hash": name}))
    taken = load_plan(old, site, MACHINE)
    _write_plan(taken, site, tmp_path / "run", old)
    assert (tmp_path / "run" / "plan.json").read_bytes() == (old / "plan.json").read_bytes()
    assert load_plan(tmp_path / "run", site, MACHINE) == taken


@pytest.mark.parametrize(("number", "maker"), NUMBERS)
def test_a_console_hands_over_plans_of_its_own_format_alone(tmp_path: Path, number: int, maker: str) -> None:
    plan: Plan = msgspec.structs.replace(PLAN, format=number)
    (tmp_path / "site.geojson").write_text("{}")
    (tmp_path / "plan.json").write_bytes(msgspec.json.encode(plan))
    site = SiteRequest(path=str(tmp_path / "site.geojson"), name="site.geojson")
    asked = PlanRequest(site=site, machine="memat", folder=str(tmp_path))
    (tmp_path / ASKED).write_bytes(msgspec.json.encode(asked))
    with pytest.raises(InputError, match=f"made by {maker} program: plan it "):
        handing_over.staged(tmp_path)


@pytest.mark.parametrize(("number", "maker"), NUMBERS)
def test_a_vehicle_says_that_a_plan_is_of_another_program_not_that_it_was_changed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, number: int, maker: str
) -> None:
    plan: Plan = msgspec.structs.replace(PLAN, format=number, plan_hash="of its maker")
    stage = Stage(format=1, site_base64=b"", plan=plan)
    monkeypatch.setattr("vehicle.runtime.staged_plans.read_stage", lambda _: stage)
    with pytest.raises(InputError, match=f"made by {maker} program: plan it "):
        judge(b"", tmp_path, builders.config(), builders.DATUM, ())
