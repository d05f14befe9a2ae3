"""Whoever plans or drives without asking for a survey: one role that all say, and a survey never worked as a whole."""

from collections.abc import Mapping

from vehicle.contracts.errors import InputError
from vehicle.contracts.plan import MachineFootprint, Plan
from vehicle.contracts.task_role import SURVEYS, TaskRole
from vehicle.planning.coverage.planner import plan_site
from vehicle.planning.coverage.settings import PlanSettings
from vehicle.planning.coverage.work_limit import WorkLimit
from vehicle.planning.site.site import Site
from vehicle.planning.task.planned import with_task
from vehicle.planning.task.wish import TaskWish, role_of


def agreed_role(site: Site, plan: Plan | None = None, said: Mapping[str, str | None] | None = None) -> TaskRole | None:
    """The role that site, plan and others say; None where nobody does. `said`: by speaker, such as a task file.

    Raises:
        InputError: two that differ, or a survey for which there is no plan of its swaths: the whole area would be
            worked.
    """
    told: dict[str, str | None] = {site.name: site.task_role, **(said or {})}
    if plan is not None and plan.task is not None:
        told["the plan"] = plan.task.role
    role = role_of(told)
    if role in SURVEYS and (plan is None or plan.task is None or plan.task.survey is None):
        speaker = next(name for name, value in told.items() if value)
        raise InputError(
            f"{speaker}: task_role is {role}, which works swaths apart, and here the whole area would be worked; plan "
            "it with `flailpilot plan SITE --survey spacing=M` and give that plan, or change task_role"
        )
    return role if any(told.values()) else None


def plan_whole(
    site: Site,
    machine: MachineFootprint,
    settings: PlanSettings,
    limit: WorkLimit | None = None,
    said: Mapping[str, str | None] | None = None,
) -> Plan:
    """The plan of the whole area, with the task that site and `said` name; without one where nobody names any.

    Raises:
        InputError: the role is a survey, two roles differ, or site and machine do not fit.
    """
    role = agreed_role(site, said=said)
    plan = plan_site(site, machine, settings, limit)
    return plan if role is None else with_task(plan, site, TaskWish(role=role))
