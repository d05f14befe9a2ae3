"""Where the work of a plan goes on: the place to which a way back leads. Pure; it reads plan, mark and masks."""

from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.errors import InputError
from vehicle.contracts.ledger_types import JobMark
from vehicle.contracts.plan import Plan
from vehicle.control.mission.progress import taken_up_at
from vehicle.control.plan_assignment import going_on
from vehicle.control.state import LedgerState, MissionState
from vehicle.planning.coverage.settings import Goal


def work_goal(work: Plan, job: JobMark | None, ledger: LedgerState, config: VehicleConfig) -> Goal:
    """Return where the work goes on; without a mark of it where it begins.

    Raises:
        InputError: The work is done.
    """
    if job is not None and job.done:
        raise InputError(f"plan {work.plan_hash} is done; there is no work to go back to")
    mission = MissionState(plan=work)
    if job is not None:
        mission = going_on(mission, job, ledger, config)
    east_m, north_m, yaw_rad = taken_up_at(mission, config.mission.back_off_m)
    return Goal(name="the work", east_m=east_m, north_m=north_m, yaw_rad=yaw_rad)
