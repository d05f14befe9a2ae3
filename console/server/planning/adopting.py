"""Takes over the plan that a vehicle holds and this console did not make, so that what is left of it can be planned."""

import shutil
from pathlib import Path
from secrets import token_hex
from typing import Final

import msgspec

from console.server.planning.document import Datum
from console.server.planning.making import PlanRequest
from console.server.planning.making import shown as plan_shown
from console.server.planning.names import ASKED, SHOWN, plain_name
from console.server.planning.sites import SiteRequest, read
from vehicle.config.footprint import footprint
from vehicle.config.load import load_machine, machine_names
from vehicle.contracts.errors import InputError
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.kept_formats import Kept
from vehicle.contracts.plan import MachineFootprint, works
from vehicle.operator_link.staging import Stage, read_stage
from vehicle.planning.coverage.closing import check_certificate, plan_hash_of
from vehicle.planning.coverage.replan import check_site
from vehicle.planning.files.stored import write_stored

ANOTHER: Final = "The vehicle holds another plan since: look at it, then ask again"
A_WAY: Final = "The plan on the vehicle is a way that another console made: it is continued from there"


class AdoptAsked(msgspec.Struct, frozen=True, kw_only=True):
    """`data`: the vehicle's file `@PLAN/plan.z`. `plans`: folder of this console's plans. `wanted`: the plan's hash."""

    data: str
    plans: str
    wanted: str


def adopted(asked: AdoptAsked) -> str:
    """Write the plan into a new folder, as if this console had made it; return that folder.

    Raises:
        InputError: One sentence: it is not the plan that the vehicle names, or this console cannot continue it.
    """
    stage = read_stage(Path(asked.data).read_bytes())
    plan = stage.plan
    if words := Kept.PLAN.other(plan.format):
        raise InputError(words[0].upper() + words[1:])
    if plan.plan_hash != asked.wanted or plan_hash_of(plan) != plan.plan_hash:
        raise InputError(ANOTHER)
    if not works(plan):
        raise InputError(A_WAY)
    check_certificate(plan)
    machine, tool = profile_of(plan.machine)
    folder = Path(asked.plans) / f"p{token_hex(4)}"
    folder.mkdir(parents=True)
    try:
        return _written(folder, stage, machine, tool)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _written(folder: Path, stage: Stage, machine: str, tool: str | None) -> str:
    plan = stage.plan
    path = folder / plain_name(stage.site_name)
    path.write_bytes(stage.site_base64)
    request = SiteRequest(
        path=str(path),
        name=plain_name(stage.site_name),
        outside=stage.outside,
        tripwires=stage.tripwires,
        feature=stage.feature,
        unmarked=stage.unmarked,
        near=_datum(plan.datum),
    )
    site = read(request)
    check_site(plan.site_hash, site)
    first = PlanRequest(
        site=request, machine=machine, tool=tool, folder=str(folder), outside=stage.outside, tripwires=stage.tripwires
    )
    write_stored(plan, folder)
    (folder / ASKED).write_bytes(msgspec.json.encode(first))
    (folder / SHOWN).write_bytes(msgspec.json.encode({"name": request.name, **plan_shown(plan, site)}))
    return str(folder)


def _datum(frame: LocalFrame) -> Datum:
    return Datum(lat_deg=frame.lat_deg, lon_deg=frame.lon_deg, alt_m=frame.alt_m)


def profile_of(wanted: MachineFootprint) -> tuple[str, str | None]:
    """Return the name of the machine's profile, and of its tool; None: its own.

    Raises:
        InputError: No profile of this console has these dimensions.
    """
    for name in machine_names():
        try:
            tools = (None, *sorted(load_machine(name).tools))
            alike = [tool for tool in tools if not wanted.differs_in(footprint(load_machine(name, tool)))]
        except InputError:  # an incomplete profile
            continue
        if alike:
            return name, alike[0]
    raise InputError(
        f"No profile of this console is the vehicle's {wanted.name}: plan what is left with `flailpilot plan --resume`"
    )
