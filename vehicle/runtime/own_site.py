"""The vehicle's own site, named in its configuration: read and checked at the start, planned afterwards."""

from pathlib import Path
from typing import Any

import msgspec

from vehicle.config.drive import DriveFile
from vehicle.config.required_depth import agreed_m
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.errors import InputError
from vehicle.contracts.plan import Plan
from vehicle.polygons.boundary import Rings, rings_of


class OwnSite(msgspec.Struct, frozen=True, kw_only=True):
    """The vehicle's own site: `place` is a `Site` of `vehicle.planning.site`, `ground` the area to be worked.

    `ground` is a shapely geometry in ENU metres from the site's datum. `kept_out_m`: rings (even-odd) that no part of
    the machine may enter, also while another site is worked. `plan`: the plan in the folder that the configuration
    names; it is driven unchanged.
    """

    path: Path
    outside: str | None
    base_frame: str
    feature: str | None = None
    unmarked: str | None = None
    place: Any
    ground: Any
    kept_out_m: Rings
    plan: Plan | None = None


def own_site(file: DriveFile) -> OwnSite | None:
    """Read the own site and check it as far as possible without planning; None if the configuration names no site.

    Raises:
        InputError: the site, or the plan of its folder, is not for this vehicle.
    """
    site = file.config.site
    if site is None:
        return None
    # the planner and shapely load slowly; a machine that is only driven by stick does not need them
    from vehicle.config.footprint import footprint  # noqa: PLC0415
    from vehicle.planning.coverage.ground import kept_out  # noqa: PLC0415
    from vehicle.planning.coverage.planner import check_fit  # noqa: PLC0415
    from vehicle.planning.coverage.standing import check_assured  # noqa: PLC0415
    from vehicle.planning.files.stored import load_plan  # noqa: PLC0415
    from vehicle.planning.site.projected import check_known, checked_frame  # noqa: PLC0415
    from vehicle.planning.site.site import load_site  # noqa: PLC0415
    from vehicle.planning.task.whole import agreed_role  # noqa: PLC0415

    path, machine = file.beside(site.file), footprint(file.vehicle.machine)
    base_frame = checked_frame(site.base_frame)
    place = load_site(path, site.outside, base_frame=base_frame, feature=site.feature, unmarked=site.unmarked)
    check_assured(str(path), place.assurances)
    check_known(str(path), place.source_system, place.source_accuracy_m, base_frame)
    if place.outside_assumed:
        raise InputError(
            f"{path}: it is not stated whether the ground outside the work area bears the tracks; write "
            'outside = "safe" or "unknown" in the [site] table or in the site file'
        )
    depth_m = file.vehicle.mission.required_depth_m
    told = {f"{file.path}: mission": depth_m, f"{path}": place.required_depth_m}
    agreed_m(told)
    plan = None
    if site.plan is not None:
        plan = load_plan(file.beside(site.plan), place, machine)
        agreed_m(told | {f"{file.beside(site.plan)}": plan.required_depth_m})
    else:
        check_fit(place, machine)
    agreed_role(place, plan, {str(file.path): file.task.task.role if file.task is not None else None})
    kept = kept_out(place, settings_of(file.vehicle))
    return OwnSite(
        path=path,
        outside=site.outside,
        base_frame=base_frame,
        feature=site.feature,
        unmarked=site.unmarked,
        place=place,
        ground=place.work_area.difference(kept),
        kept_out_m=rings_of(kept),
        plan=plan,
    )


def settings_of(vehicle: VehicleConfig) -> Any:
    """Return the `PlanSettings` of a vehicle."""
    from vehicle.planning.coverage.settings import PlanSettings  # noqa: PLC0415
    from vehicle.runtime.tool_bounds import planned_bounds  # noqa: PLC0415

    mission = vehicle.mission
    return PlanSettings(
        k_sigma=mission.k_sigma,
        bounds=planned_bounds(vehicle.machine),
        cell_m=mission.cell_m,
        slope_max_rad=vehicle.machine.limits.slope_max_rad,
        required_depth_m=mission.required_depth_m,
    )


def planned_at_once(own: OwnSite, vehicle: VehicleConfig) -> Plan:
    """Plan the own site in this process and return the plan; the caller waits for it.

    Raises:
        InputError: There is no plan for this site and machine.
    """
    from vehicle.config.footprint import footprint  # noqa: PLC0415
    from vehicle.planning.coverage.closing import check_certificate  # noqa: PLC0415
    from vehicle.planning.coverage.work_limit import WorkLimit  # noqa: PLC0415
    from vehicle.planning.task.whole import plan_whole  # noqa: PLC0415

    if own.plan is not None:
        return own.plan
    settings = settings_of(vehicle)
    shape = footprint(vehicle.machine, vehicle.mission)
    plan = plan_whole(own.place, shape, settings, WorkLimit(settings.time_limit_s))
    check_certificate(plan)
    return plan
