"""What a report says of ground between the strips of a survey: it is not in the task, and no more is said of it."""

from types import SimpleNamespace
from typing import Any

import msgspec

from console.server.planning.making import beyond_task
from tests import builders
from vehicle.config.footprint import footprint
from vehicle.contracts.plan import Untreatable, UntreatableReason
from vehicle.contracts.task_role import SurveyFacts, TaskFacts, TaskRole
from vehicle.reports import ground_sections, report
from vehicle.reports.gaps import Found
from vehicle.reports.words import words_of

SQUARE = (((0.0, 0.0), (10.0, 0.0), (10.0, 8.6), (0.0, 8.6)),)
STRIPS = SurveyFacts(base_line_m=((0.0, 0.0), (9.0, 0.0)), spacing_m=8.0, widths=1, strips=2)
BEYOND = Untreatable(reason=UntreatableReason.NOT_IN_TASK, rings_m=SQUARE, area_m2=86.0)
FOUND = Found(
    area_m2=100.0, processed_m2=13.0, missed_m2=0.0, listed_m2=1.0, rounding_m2=0.0, swept_not_credited_m2=0.0,
    below_depth_m2=0.0, withdrawn_m2=0.0, provisional_m2=0.0, gaps=(), not_in_task_m2=86.0,
)  # fmt: skip


def facts(*, survey: bool) -> Any:
    """Of a job, what these lines are made of."""
    plan = builders.plan((), footprint(builders.config().machine))
    task = TaskFacts(role=TaskRole.AREA_REDUCTION, share=0.14, survey=STRIPS)
    if survey:
        plan = msgspec.structs.replace(plan, task=task, untreatable=(BEYOND,))
    found = FOUND if survey else msgspec.structs.replace(FOUND, not_in_task_m2=0.0, listed_m2=87.0)
    return SimpleNamespace(
        plan=plan, found=found, provisional_m2=0.0, rate_m2_per_h=1.0, time_s=60.0, words=words_of("en")
    )


def test_a_survey_does_not_say_that_every_square_metre_is_processed_or_listed() -> None:
    said = report._missed_told(facts(survey=True))
    assert "Every square metre" not in said
    assert "No ground of this task was missed." in said
    assert "works 14 % of the work area" in said
    assert "86.0 m² are not in this task: nothing is said of them" in said
    assert "Every square metre of the work area" in report._missed_told(facts(survey=False))


def test_the_balance_has_a_line_for_it() -> None:
    said = ground_sections.balance(facts(survey=True), 0.0)
    assert "Not in this task: nothing is said of it" in said
    assert "not workable, not in this task and missed add up" in said
    assert "ot in this task" not in ground_sections.balance(facts(survey=False), 0.0)


def test_a_piece_of_it_is_not_called_unworkable() -> None:
    (piece,) = ground_sections.pieces_of(facts(survey=True))
    assert piece.why == "not in this task: between the swaths of a survey"
    assert beyond_task(BEYOND)
    assert not beyond_task(msgspec.structs.replace(BEYOND, reason=UntreatableReason.SLOPE))
