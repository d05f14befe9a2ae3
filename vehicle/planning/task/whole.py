"""Planning without a survey request: all sources must agree on one role, and a survey is never worked as a whole."""

from collections.abc import Mapping

from vehicle.contracts.errors import InputError
from vehicle.contracts.plan import MachineFootprint, Plan, works
from vehicle.contracts.task_role import SURVEYS, TaskRole
from vehicle.planning.coverage.planner import plan_site
from vehicle.planning.coverage.settings import PlanSettings
from vehicle.planning.coverage.work_limit import WorkLimit
from vehicle.planning.site.site import Site
from vehicle.planning.task.planned import with_task
from vehicle.planning.task.wish import TaskWish, role_of

THE_PLAN = "the plan"


def agreed_role(site: Site, plan: Plan | None = None, said: Mapping[str, str | None] | None = None) -> TaskRole | None:
    """Return the role that site, plan and others state; None if none does. `said`: by source, such as a task file.

    Raises:
        InputError: Two roles differ, or a survey has no plan of its swaths, so that the whole area would be worked.
    """
    others = dict(said or {})
    if plan is not None and plan.task is not None:
        others[THE_PLAN] = plan.task.role
    name = site.name if site.name not in others else f"site {site.name}"  # a name taken twice would hide its role
    told = {name: site.task_role, **others}
    role = role_of(told)
    works_area = plan is None or (works(plan) and (plan.task is None or plan.task.survey is None))
    if role in SURVEYS and works_area:  # a plan that only drives works nothing
        speaker = next(name for name, value in told.items() if value)
        raise InputError(
            f"{speaker}: task_role is {role}, which works swaths apart, and here the whole area would be worked; plan "
            "it with `flailpilot plan SITE --machine NAME --survey spacing=M` and give that plan, or change task_role"
        )
    return role if any(told.values()) else None


def plan_whole(
    site: Site,
    machine: MachineFootprint,
    settings: PlanSettings,
    limit: WorkLimit | None = None,
    said: Mapping[str, str | None] | None = None,
) -> Plan:
    """Return the plan of the whole area, with the task that site and `said` name, or without a task if none is named.

    Raises:
        InputError: the role is a survey, two roles differ, or site and machine do not fit.
    """
    role = agreed_role(site, said=said)
    plan = plan_site(site, machine, settings, limit)
    return plan if role is None else with_task(plan, site, TaskWish(role=role))
