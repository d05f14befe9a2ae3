"""Task rules for `--resume`: a plan of remaining ground has no task, and the rest of a survey is not planned."""

from pathlib import Path

import msgspec

from flailpilot.options import PlanOptions
from vehicle.contracts.errors import InputError
from vehicle.contracts.plan import UntreatableReason
from vehicle.planning.files.stored import PLAN_FILE


class _Row(msgspec.Struct, frozen=True):
    reason: str


class _Listed(msgspec.Struct, frozen=True):
    """The listed ground of any plan."""

    untreatable: tuple[_Row, ...] = ()


class _Task(msgspec.Struct, frozen=True):
    """The part of any plan's task that says whether it is a survey."""

    survey: msgspec.Raw = msgspec.Raw(b"null")


class _Surveyed(_Listed, frozen=True):
    task: _Task | None = None


def refuse_task_options(asked: PlanOptions, option: str = "--resume") -> None:
    """Check the options. Raises InputError for task options with `option`, because they would have no effect."""
    said = {"--role": asked.role, "--survey": asked.survey, "--net-hours": asked.net_hours, "--task": asked.task}
    given = [name for name, value in said.items() if value is not None]
    if given:
        raise InputError(f"{' and '.join(given)}: not allowed with {option}, which plans no new task; leave it out")


def refuse_survey(folder: Path) -> None:
    """Check a folder's plan. Raises InputError if it is a survey: ground between its strips would be driven on.

    An unreadable file is reported later, when the plan is loaded.
    """
    try:
        plan = msgspec.json.decode((folder / PLAN_FILE).read_bytes(), type=_Surveyed)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    strips = plan.task is not None and bytes(plan.task.survey) != b"null"
    if strips or any(row.reason == UntreatableReason.NOT_IN_TASK for row in plan.untreatable):
        raise InputError(
            f"{folder}: the plan of a survey; --resume cannot continue it, because ground between strips bears no "
            "tracks: plan the survey again without --resume"
        )
