"""A rest has no task of its own: none is told, none is asked for, and the rest of a survey is not planned."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from flailpilot.options import PlanOptions, ResumeOptions
from flailpilot.plan_task import task_lines
from flailpilot.plan_told import hours_line
from flailpilot.resume import run
from tests import builders
from vehicle.config.footprint import footprint
from vehicle.contracts.errors import InputError
from vehicle.contracts.plan import Plan, Untreatable, UntreatableReason
from vehicle.contracts.task_role import SurveyFacts, TaskFacts, TaskRole

BARE = builders.plan((), footprint(builders.config().machine))
SQUARE = (((0.0, 0.0), (5.0, 0.0), (5.0, 2.0), (0.0, 2.0)),)
STRIPS = SurveyFacts(base_line_m=((0.0, 0.0), (9.0, 0.0)), spacing_m=8.0, widths=1, strips=2)
SURVEY = TaskFacts(role=TaskRole.AREA_REDUCTION, share=0.14, survey=STRIPS)
BEYOND = Untreatable(reason=UntreatableReason.NOT_IN_TASK, rings_m=SQUARE, area_m2=10.0)


def asked(folder: Path, **said: Any) -> PlanOptions:
    given: dict[str, Any] = {
        "site": folder / "no.geojson",
        "machine": "memat",
        "out": folder / "out",
        "time_limit_s": 60.0,
    }
    return PlanOptions(**given | said)


@pytest.mark.parametrize(
    ("key", "value", "name"),
    [("role", "area_reduction", "--role"), ("survey", "spacing=9", "--survey"), ("net_hours", 2.0, "--net-hours"),
     ("task", Path("task.toml"), "--task")],
)  # fmt: skip
def test_an_option_of_a_task_is_refused_beside_resume(tmp_path: Path, key: str, value: object, name: str) -> None:
    with pytest.raises(InputError, match=rf"^{name}: not allowed with --resume"):
        run(asked(tmp_path, **{key: value}), ResumeOptions(runs=(tmp_path,)))


@pytest.mark.parametrize("change", [{"task": SURVEY}, {"untreatable": (BEYOND,)}])
@pytest.mark.parametrize("place", [0, 1])
def test_the_rest_of_a_survey_is_refused(tmp_path: Path, change: dict[str, object], place: int) -> None:
    runs = (tmp_path / "first", tmp_path / "second")
    for number, folder in enumerate(runs):
        (folder / "plan").mkdir(parents=True)
        plan: Plan = msgspec.structs.replace(BARE, **(change if number == place else {}))
        (folder / "plan" / "plan.json").write_bytes(msgspec.json.encode(plan))
    with pytest.raises(InputError, match="the plan of a survey; --resume cannot continue it") as caught:
        run(asked(tmp_path), ResumeOptions(runs=runs))
    assert str(runs[place]) in str(caught.value)


def test_of_a_rest_no_task_is_told() -> None:
    assert not any(line.startswith("task:") for line in task_lines(BARE))
    assert task_lines(msgspec.structs.replace(BARE, task=SURVEY))[0].startswith("task: area reduction, ")


def test_hours_are_said_of_what_is_planned() -> None:
    plan = msgspec.structs.replace(BARE, area_m2=100.0, untreatable=(BEYOND,))
    assert hours_line(plan, {"time_split_s": {}, "swaths": 0}).startswith("90 of 100 m2 in ")
