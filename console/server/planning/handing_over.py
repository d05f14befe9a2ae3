"""The file that takes a plan to the vehicle: the plan, its site file, and the options with which that was read."""

from pathlib import Path

import msgspec

from console.server.planning.making import PlanRequest
from console.server.planning.names import ASKED, STAGED
from vehicle.contracts.errors import InputError
from vehicle.contracts.kept_formats import Kept
from vehicle.contracts.plan import Plan
from vehicle.operator_link.staging import SiteSource, packed_stage


def staged(folder: Path) -> str:
    """Write `stage.z` into a plan's folder and return the plan's hash. Raises InputError if it holds no plan."""
    try:
        plan = msgspec.json.decode((folder / "plan.json").read_bytes(), type=Plan)
        asked = msgspec.json.decode((folder / ASKED).read_bytes(), type=PlanRequest)
        site = Path(asked.site.path).read_bytes()
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"This plan can no longer be read ({error}): plan it again") from None
    if words := Kept.PLAN.other(plan.format):
        raise InputError(words[0].upper() + words[1:])
    source = SiteSource(
        site_base64=site,
        site_name=asked.site.name,
        outside=asked.outside,
        tripwires=asked.tripwires,
        feature=asked.site.feature,
        unmarked=asked.site.unmarked,
    )
    (folder / STAGED).write_bytes(packed_stage(plan, source))
    return plan.plan_hash
