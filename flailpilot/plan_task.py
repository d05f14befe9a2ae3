"""The task of a plan on the command line: role, swaths of a survey, tool-down hours per day."""

import math

import msgspec

from flailpilot.options import PlanOptions
from vehicle.config.task import Task
from vehicle.contracts.errors import InputError
from vehicle.contracts.plan import Plan
from vehicle.contracts.task_role import NET_H_PER_DAY, TaskFacts
from vehicle.planning.files.totals import site_days, tool_h
from vehicle.planning.site.site import Site
from vehicle.planning.task.wish import TaskWish, role_of, wish_of

DAY_H = 8.0


def asked_wish(asked: PlanOptions, site: Site, task: Task | None) -> TaskWish:
    """Combine what command line, task file and site say about the task.

    Raises:
        InputError: One line: a role or a value is invalid, or two disagree.
    """
    in_file = task.role if task is not None else None
    role = role_of({str(asked.site): site.task_role, str(asked.task): in_file, "--role": asked.role})
    utilisation = task.work.utilisation if task is not None and task.work is not None else None
    net_h = asked.net_hours if asked.net_hours is not None else utilisation and DAY_H * utilisation
    if net_h is not None and not 0.0 < net_h <= DAY_H:  # also False for NaN
        raise InputError(f"--net-hours {net_h:g}: hours of a day of {DAY_H:g} with the tool down, above 0")
    wish = wish_of(role, asked.survey)
    return wish if net_h is None else msgspec.structs.replace(wish, net_h_per_day=(net_h, net_h))


def task_lines(plan: Plan) -> list[str]:
    """Return lines about the task: role and share of the area, tool hours and site days, when to stop.

    The plan of a remaining area has no task, so there are no lines.
    """
    task, lines = plan.task, []
    if task is not None:
        lines.append(f"task: {task.role.text}{_survey_text(task)}, {100.0 * task.share:.0f} % of the area is worked")
    least_h, most_h = task.net_h_per_day if task is not None else NET_H_PER_DAY
    few, many = site_days(plan)
    days = f"{few:.1f}" if math.isclose(few, many) else f"{few:.1f} to {many:.1f}"
    net = f"{least_h:g}" if math.isclose(least_h, most_h) else f"{least_h:g} to {most_h:g}"
    lines.append(f"{tool_h(plan):.1f} h with the tool down: {days} site days of {DAY_H:g} h, {net} h of them tool down")
    if task is not None and task.stop_after_detonations is not None:
        after = (
            "the first detonation" if task.stop_after_detonations == 1 else f"{task.stop_after_detonations} detonations"
        )
        lines.append(f"the operator ends this task after {after}: the vehicle does not count them")
    return lines


def _survey_text(task: TaskFacts) -> str:
    if task.survey is None:
        return ""
    survey = task.survey
    length = "through the area" if survey.length_m is None else f"{survey.length_m:g} m long"
    wide = "1 swath" if survey.widths == 1 else f"{survey.widths} swaths"
    round_m = f", {survey.branch_m:g} m round {len(survey.evidence_m)} finds" if survey.evidence_m else ""
    return f", {survey.strips} strips of {wide}, {survey.spacing_m:.2f} m apart, {length}{round_m}"
