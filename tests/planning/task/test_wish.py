"""What is asked of a task, as text: every key once, every value in its range, else one clear line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehicle.contracts.errors import InputError
from vehicle.contracts.task_role import SURVEYS, TaskRole
from vehicle.planning.task.wish import KEYS, TaskWish, role_of, wish_of


def test_nobody_says_a_role_and_all_of_it_is_worked() -> None:
    assert role_of({"the site": None, "--role": None}) is TaskRole.GROUND_PREPARATION
    assert wish_of(TaskRole.GROUND_PREPARATION, None) == TaskWish()


def test_two_who_say_a_role_say_one() -> None:
    assert role_of({"a": "technical_survey", "b": "technical_survey"}) is TaskRole.TECHNICAL_SURVEY
    with pytest.raises(InputError, match="a says technical_survey, b says area_reduction"):
        role_of({"a": "technical_survey", "b": "area_reduction"})
    with pytest.raises(InputError, match="--role: 'flailing' is no task role; write one of ground_preparation, "):
        role_of({"--role": "flailing"})


def test_everything_that_can_be_said_is_read() -> None:
    places = "base=40:46:40.001:46,evidence=40.1:46.1,evidence=40.2:46.2"
    wish = wish_of(TaskRole.AREA_REDUCTION, f" spacing = 9.5, length=40,widths=2,{places},branch=5,stop=2 ")
    assert (wish.spacing_m, wish.length_m, wish.widths, wish.branch_m) == (9.5, 40, 2, 5)
    assert wish.stop_after_detonations == 2
    assert wish.base_deg == ((40.0, 46.0), (40.001, 46.0))
    assert wish.evidence_deg == ((40.1, 46.1), (40.2, 46.2))


@pytest.mark.parametrize(
    ("role", "survey", "word"),
    [
        ("area_reduction", None, "needs spacing=M"),
        ("area_reduction", "widths=1", "needs spacing=M"),
        ("area_reduction", "spacing", "KEY=VALUE"),
        ("area_reduction", "gap=4", "KEY=VALUE"),
        ("area_reduction", "spacing=4,spacing=5", "given twice"),
        ("area_reduction", "spacing=-4", "spacing=-4"),
        ("area_reduction", "spacing=nan", "spacing=nan"),
        ("area_reduction", "spacing=9,widths=3", "1 to 2"),
        ("area_reduction", "spacing=9,widths=1.5", "1 to 2"),
        ("area_reduction", "spacing=9,stop=0", "1 to 1000"),
        ("area_reduction", "spacing=9,base=1:2:3", "in degrees"),
        ("area_reduction", "spacing=9,base=95:2:3:4", "in degrees"),
        ("area_reduction", "spacing=9,evidence=40:46", "belong together"),
        ("area_reduction", "spacing=9,branch=4", "belong together"),
        ("ground_preparation", "spacing=9", "works everything"),
        ("quality_control", "length=9", "works everything"),
    ],
)
def test_what_means_nothing_is_refused(role: str, survey: str | None, word: str) -> None:
    with pytest.raises(InputError, match=word):
        wish_of(TaskRole(role), survey)


@given(st.sampled_from(list(TaskRole)), st.lists(st.tuples(st.sampled_from([*KEYS, "x", ""]), st.text(max_size=9))))
def test_any_text_is_a_wish_or_one_line(role: TaskRole, pairs: list[tuple[str, str]]) -> None:
    try:
        wish = wish_of(role, ",".join(f"{key}={value}" for key, value in pairs))
    except InputError:
        return
    assert wish.is_survey == (role in SURVEYS)
    assert (wish.spacing_m is not None) == wish.is_survey


def test_a_whole_number_is_read_to_its_last_digit() -> None:
    with pytest.raises(InputError, match=r"stop=00000000112345: .* 1 to 1000"):
        wish_of(TaskRole.AREA_REDUCTION, "spacing=9,stop=00000000112345")
