"""Finishes a plan: untreated ground with reasons, certificate, times, name."""

import hashlib
import math

import msgspec
import numpy as np

from vehicle.contracts.errors import InputError
from vehicle.contracts.pace import line_s, turn_s
from vehicle.contracts.plan import Plan, RecordSeal, Segment, UntreatableReason
from vehicle.contracts.plan_times import ready_s, sweep_speed_mps, whole_s
from vehicle.planning.coverage import robust_overlay
from vehicle.planning.coverage.certificate import certify, rings_of, sweeps_of, untreatable_of
from vehicle.planning.coverage.directions import edges_of
from vehicle.planning.coverage.ground_model import GroundModel
from vehicle.planning.coverage.job import PlanJob
from vehicle.planning.site.site import Site

BOUND_STEPS = 180
"""Number of swath directions tried for the bound with turns."""


def closed_plan(
    ground: GroundModel, segments: tuple[Segment, ...], direction_rad: float, left_for: UntreatableReason
) -> Plan:
    """Return the plan of a path; `left_for`: the reason for unprocessed ground that is wide enough for the machine.

    The lower bounds refer to the planned ground: ground left because of the limit is in neither side of the ratio.
    """
    job = ground.job
    site, settings, machine = job.site, job.settings, job.machine
    sweeps = sweeps_of(job, segments)
    listed = untreatable_of(ground, sweeps, left_for)
    area_m2 = area_m2_of(site)
    unplanned_m2 = sum(row.area_m2 for row in listed if row.reason is UntreatableReason.PLANNING_TIME)
    share = 1.0 - min(1.0, unplanned_m2 / area_m2) if area_m2 > 0.0 else 0.0
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
        time_s=whole_s(segments, machine),
        bound_s=share * bound_s_of(job, direction_rad),
        bound_turns_s=share * bound_turns_s_of(job),
        required_depth_m=settings.required_depth_m,
        required_depth_assumed=settings.required_depth_assumed,
    )
    return msgspec.structs.replace(plan, plan_hash=plan_hash_of(plan))


def bound_s_of(job: PlanJob, direction_rad: float) -> float:
    """Lower bound of the time [s] for sweeping alone, in swaths of one direction."""
    pitch_m = job.reach.width_m - job.settings.overlap_at_m(direction_rad)
    return area_m2_of(job.site) / (pitch_m * sweep_speed_mps(job.machine))


def bound_turns_s_of(job: PlanJob) -> float:
    """Lower bound [s] for swaths of the best single direction, with the shortest change between pieces.

    The shortest change is two quarter turns and one swath spacing. Every second crossing of an outline by a swath ends
    a piece. A plan with cells of several directions may be faster than this bound.
    """
    machine, pace = job.machine, job.machine.pace
    edges = edges_of(robust_overlay.difference(job.site.work_area, job.site.keep_out))
    found_s = []
    for angle_rad in (step * math.pi / BOUND_STEPS for step in range(BOUND_STEPS)):
        pitch_m = job.reach.width_m - job.settings.overlap_at_m(angle_rad)
        rise_m = float(np.abs(edges[:, 1] * math.cos(angle_rad) - edges[:, 0] * math.sin(angle_rad)).sum())
        turns = 2.0 * turn_s(0.5 * math.pi, machine.pivot_rate_radps, pace)
        change_s = turns + line_s(pitch_m, machine.transit_speed_mps, pace) + ready_s(machine)
        found_s.append(bound_s_of(job, angle_rad) + max(0.0, 0.5 * rise_m / pitch_m - 1.0) * change_s)
    return min(found_s)


def area_m2_of(site: Site) -> float:
    """Area that is to be worked [m2]."""
    return float(robust_overlay.difference(site.work_area, site.keep_out).area)


def is_whole(plan: Plan) -> bool:
    """Whether some ground is worked, the certificate shows no missed ground, and planning time left no ground."""
    return (
        bool(plan.segments)
        and plan.certificate.missed_nominal_m2 <= 0.0
        and not any(row.reason is UntreatableReason.PLANNING_TIME for row in plan.untreatable)
    )


def check_certificate(plan: Plan) -> None:
    """Check a plan's certificate. Raises InputError if it does not prove that nothing is missed."""
    proof = plan.certificate
    missed_m2 = (
        proof.missed_nominal_m2, proof.missed_shrunk_m2, proof.missed_bitmap_m2, proof.missed_shrunk_bitmap_m2,
    )  # fmt: skip
    for value_m2 in missed_m2:
        if not value_m2 <= 0.0:  # also refuses NaN
            raise InputError(
                f"plan {plan.plan_hash}: its certificate says {value_m2:g} m2 are missed; plan the site anew"
            )
    if not plan.segments:
        reasons = ", ".join(sorted({row.reason.value for row in plan.untreatable})) or "no ground"
        raise InputError(f"plan {plan.plan_hash}: no pass in it, nothing could be worked ({reasons}); change the site")


def resting_on(plan: Plan, records: tuple[RecordSeal, ...]) -> Plan:
    """Return the plan with the records that it rests on, under the name that it then has."""
    if not records:
        return plan
    named = msgspec.structs.replace(plan, rests_on=records)
    return msgspec.structs.replace(named, plan_hash=plan_hash_of(named))


def plan_hash_of(plan: Plan) -> str:
    """Return the plan's hash over segments, site, machine, required depth and all else but the planning time."""
    named = msgspec.structs.replace(plan, plan_hash="")
    return hashlib.sha256(msgspec.json.encode(named)).hexdigest()[:16]
