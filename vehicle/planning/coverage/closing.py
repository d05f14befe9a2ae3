"""Closing a plan: what stays untreated and why, the certificate, the times, the name."""

import hashlib

import msgspec

from vehicle.contracts.errors import InputError
from vehicle.contracts.plan import Plan, Segment, UntreatableReason
from vehicle.planning.coverage import robust_overlay
from vehicle.planning.coverage.certificate import certify, rings_of, sweeps_of, untreatable_of
from vehicle.planning.coverage.ground_model import GroundModel
from vehicle.planning.coverage.job import PlanJob
from vehicle.planning.coverage.path import segment_time_s
from vehicle.planning.site.site import Site


def closed_plan(
    ground: GroundModel, segments: tuple[Segment, ...], direction_rad: float, left_for: UntreatableReason
) -> Plan:
    """The plan of a path; `left_for`: why ground stays that is wide enough for the machine."""
    job = ground.job
    site, settings, machine = job.site, job.settings, job.machine
    sweeps = sweeps_of(job, segments)
    listed = untreatable_of(ground, sweeps, left_for)
    area_m2 = area_m2_of(site)
    plan = Plan(
        datum=site.datum,
        site_hash=site.site_hash,
        plan_hash="",
        machine=machine,
        segments=segments,
        untreatable=listed,
        certificate=certify(job, sweeps, listed),
        area_m2=area_m2,
        overlap_m=settings.overlap_at_m(direction_rad),
        outside=site.outside,
        outside_assumed=site.outside_assumed,
        keep_out_m=rings_of(ground.first.kept_out),
        unproven_m=rings_of(ground.first.unproven),
        time_s=sum(segment_time_s(segment, machine) for segment in segments),
        bound_s=bound_s_of(job, direction_rad),
        required_depth_m=settings.required_depth_m,
        required_depth_assumed=settings.required_depth_assumed,
    )
    return msgspec.structs.replace(plan, plan_hash=plan_hash_of(plan))


def bound_s_of(job: PlanJob, direction_rad: float) -> float:
    """What sweeping alone takes at least, in swaths of one direction."""
    pitch_m = job.reach.width_m - job.settings.overlap_at_m(direction_rad)
    return area_m2_of(job.site) / (pitch_m * job.machine.working_speed_mps)


def area_m2_of(site: Site) -> float:
    """What is to be worked."""
    return float(robust_overlay.difference(site.work_area, site.keep_out).area)


def is_whole(plan: Plan) -> bool:
    """Something is worked, nothing is missed by its certificate, and no ground is left for want of planning time."""
    return (
        bool(plan.segments)
        and plan.certificate.missed_nominal_m2 <= 0.0
        and not any(row.reason is UntreatableReason.PLANNING_TIME for row in plan.untreatable)
    )


def check_certificate(plan: Plan) -> None:
    """Raises InputError for a plan that its own certificate does not prove."""
    proof = plan.certificate
    missed_m2 = (
        proof.missed_nominal_m2, proof.missed_shrunk_m2, proof.missed_bitmap_m2, proof.missed_shrunk_bitmap_m2,
    )  # fmt: skip
    for value_m2 in missed_m2:
        if not value_m2 <= 0.0:  # also for what is no number
            raise InputError(
                f"plan {plan.plan_hash}: its certificate says {value_m2:g} m2 are missed; plan the site anew"
            )
    if not plan.segments:
        reasons = ", ".join(sorted({row.reason.value for row in plan.untreatable})) or "no ground"
        raise InputError(f"plan {plan.plan_hash}: no pass in it, nothing could be worked ({reasons}); change the site")


def plan_hash_of(plan: Plan) -> str:
    """Names the plan: segments, site, machine and required depth, all of it; not the times spent on planning it."""
    named = msgspec.structs.replace(plan, plan_hash="")
    return hashlib.sha256(msgspec.json.encode(named)).hexdigest()[:16]
