"""The file that takes a plan to the vehicle: the plan, its site file, and the options with which that was read."""

import base64
import json
import zlib
from pathlib import Path
from typing import Any

import msgspec

from console.server.planning.making import PlanRequest
from console.server.planning.names import ASKED, STAGED
from vehicle.contracts.errors import InputError
from vehicle.contracts.kept_formats import Kept
from vehicle.contracts.plan import Plan
from vehicle.operator_link.staging import STAGE_FORMAT


def staged(folder: Path) -> str:
    """Write `stage.z` into a plan's folder and return the plan's hash. Raises InputError if it holds no plan."""
    try:
        plan = msgspec.json.decode((folder / "plan.json").read_bytes(), type=Plan)
        asked = msgspec.json.decode((folder / ASKED).read_bytes(), type=PlanRequest)
        site = Path(asked.site.path).read_bytes()
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(f"This plan can no longer be read ({error}): plan it again") from None
    if words := Kept.PLAN.other(plan.format):
        raise InputError(words[0].upper() + words[1:])
    content: dict[str, Any] = {
        "format": STAGE_FORMAT,
        "site_name": asked.site.name,
        "site_base64": base64.b64encode(site).decode(),
        "outside": asked.outside,
        "tripwires": asked.tripwires,
        "feature": asked.site.feature,
        "unmarked": asked.site.unmarked,
        "plan": msgspec.to_builtins(plan),
    }
    packed = zlib.compress(json.dumps(content, separators=(",", ":")).encode(), 9)
    (folder / STAGED).write_bytes(packed)
    return plan.plan_hash
