"""Whoever plans without a survey: a role of the site is kept, and a survey is never worked as a whole in silence."""

import json
from pathlib import Path

import msgspec
import pytest

from console.server.planning.making import PlanRequest
from console.server.planning.making import planned as planned_for_page
from console.server.planning.sites import SiteRequest
from tests.builders import DATUM, config
from tests.config.test_task import STATED
from tests.flailpilot.test_bad_input import refused
from tests.planning.coverage.support import document, feature, ring_lonlat
from vehicle.config.footprint import footprint
from vehicle.config.load import load_machine
from vehicle.contracts.errors import InputError
from vehicle.contracts.plan import Plan
from vehicle.contracts.task_role import SURVEYS, SurveyFacts, TaskFacts, TaskRole
from vehicle.planning.coverage.planner import plan_site
from vehicle.planning.coverage.settings import PlanSettings
from vehicle.planning.site.site import Site, load_site
from vehicle.planning.task.whole import agreed_role, plan_whole
from vehicle.runtime.own_site import OwnSite, planned_at_once
from vehicle.runtime.site_planning import Wanted, checked, no_survey
from vehicle.runtime.site_planning import planned as planned_on_board

FIELD = [(-9, -7), (10, -6), (9, 8), (-10, 7)]
MACHINE = footprint(load_machine("memat"))
SETTINGS = PlanSettings(required_depth_m=0.15)
STRIPS = SurveyFacts(base_line_m=((0.0, 0.0), (9.0, 0.0)), spacing_m=8.0, widths=1, strips=2)


def ground(folder: Path, role: str | None) -> Path:
    path = folder / "ground.geojson"
    said = {} if role is None else {"task_role": role}
    path.write_text(json.dumps(document(feature("work_area", ring_lonlat(FIELD)), outside="safe", **said)))
    return path


def own(folder: Path, role: str | None, plan: Plan | None = None) -> OwnSite:
    path = ground(folder, role)
    place = load_site(path)
    return OwnSite(
        path=path, outside=None, base_frame="EPSG:4326", place=place, ground=place.work_area, kept_out_m=(), plan=plan
    )


def of_task(site: Site, task: TaskFacts | None) -> Plan:
    return msgspec.structs.replace(plan_site(site, MACHINE, SETTINGS), task=task)


def by_page(folder: Path, role: str) -> None:
    site = SiteRequest(path=str(ground(folder, role)), name="field.geojson")
    (folder / "made").mkdir()
    asked = PlanRequest(
        site=site, machine="memat", folder=str(folder / "made"), outside="safe", tripwires="none", depth_m=0.15
    )
    planned_for_page(asked, lambda _, __: None)


def by_radio(folder: Path, role: str) -> None:
    planned_on_board(Wanted(path=ground(folder, role), outside=None, datum=DATUM, config=config()))


def by_its_own(folder: Path, role: str) -> None:
    planned_at_once(own(folder, role), config())


@pytest.mark.parametrize("planner", [by_page, by_radio, by_its_own])
@pytest.mark.parametrize("role", SURVEYS)
def test_a_survey_is_not_planned_as_a_whole_area(tmp_path: Path, planner, role: str) -> None:
    with pytest.raises(InputError, match=rf"task_role is {role}, .* --survey spacing=M") as caught:
        planner(tmp_path, role)
    assert "\n" not in str(caught.value)


@pytest.mark.long
@pytest.mark.parametrize("role", SURVEYS)
def test_a_simulated_survey_wants_its_plan(tmp_path: Path, role: str) -> None:
    line = refused("sim", "--site", ground(tmp_path, role), "--machine", "memat", "--out", tmp_path / "run")
    assert f"task_role is {role}" in line
    assert not (tmp_path / "run").exists()


@pytest.mark.long
def test_a_simulated_task_has_the_role_of_its_site(tmp_path: Path) -> None:
    (tmp_path / "task.toml").write_text(STATED)
    words = ("--machine", "memat", "--task", tmp_path / "task.toml", "--out", tmp_path / "run")
    line = refused("sim", "--site", ground(tmp_path, "quality_control"), *words)
    assert "task.toml says ground_preparation; make them one" in line
    assert not (tmp_path / "run").exists()


def test_a_station_reads_at_once_that_a_survey_is_not_planned_on_board(tmp_path: Path) -> None:
    wanted = Wanted(path=ground(tmp_path, "area_reduction"), outside=None, datum=DATUM, config=config())
    assert checked(wanted).startswith("task_role is area_reduction, ")
    assert no_survey(own(tmp_path, "area_reduction")).startswith("task_role is area_reduction, ")
    assert no_survey(own(tmp_path, "quality_control")) == ""
    surveyed = TaskFacts(role=TaskRole.AREA_REDUCTION, share=0.2, survey=STRIPS)
    place = load_site(ground(tmp_path, None))
    assert "area_reduction" in no_survey(own(tmp_path, None, of_task(place, surveyed)))


@pytest.mark.parametrize("role", [role for role in TaskRole if role not in SURVEYS])
def test_any_other_role_is_kept_in_the_plan(tmp_path: Path, role: TaskRole) -> None:
    plan = plan_whole(load_site(ground(tmp_path, role)), MACHINE, SETTINGS)
    assert plan.task is not None
    assert (plan.task.role, plan.task.survey) == (role, None)
    assert plan.task.share > 0.9


def test_where_nobody_says_a_role_the_plan_says_none(tmp_path: Path) -> None:
    site = load_site(ground(tmp_path, None))
    assert plan_whole(site, MACHINE, SETTINGS) == plan_site(site, MACHINE, SETTINGS)


def test_site_plan_and_task_file_say_one_role(tmp_path: Path) -> None:
    site = load_site(ground(tmp_path, "area_reduction"))
    surveyed = of_task(site, TaskFacts(role=TaskRole.AREA_REDUCTION, share=0.2, survey=STRIPS))
    assert agreed_role(site, surveyed, {"task.toml": "area_reduction"}) is TaskRole.AREA_REDUCTION
    with pytest.raises(InputError, match=r"task.toml says ground_preparation; make them one"):
        agreed_role(site, surveyed, {"task.toml": "ground_preparation"})
    with pytest.raises(InputError, match="the plan says ground_preparation"):
        agreed_role(site, of_task(site, TaskFacts(role=TaskRole.GROUND_PREPARATION, share=1.0)))
    with pytest.raises(InputError, match="the whole area would be worked"):
        agreed_role(site, of_task(site, None))
