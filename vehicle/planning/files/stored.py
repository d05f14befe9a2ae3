"""A plan is read from its folder only if it is complete, proven, and made for this ground and this machine.

The plan that a team leader reviewed is exactly the plan that is driven: `plan.json` stores it to the last bit. Its name
is the hash over all of it, with the certificate, and must equal the name in `summary.json` beside it.
"""

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import msgspec

from vehicle.config.required_depth import agreed_m
from vehicle.contracts.errors import InputError
from vehicle.contracts.kept_formats import Kept
from vehicle.contracts.plan import Certificate, MachineFootprint, Plan
from vehicle.planning.coverage.closing import check_certificate, plan_hash_of
from vehicle.planning.coverage.replan import check_site
from vehicle.planning.site.site import Site

PLAN_FILE, SUMMARY_FILE = "plan.json", "summary.json"
AGAIN = "plan the site anew with `flailpilot plan`"


def write_stored(plan: Plan, folder: Path) -> None:
    """Write `plan.json`, exact to the last bit."""
    (folder / PLAN_FILE).write_bytes(msgspec.json.encode(plan))


def load_plan(folder: Path, site: Site, machine: MachineFootprint, *, older: bool = False) -> Plan:
    """Read the plan of a folder that `flailpilot plan` wrote.

    `older`: accept a plan of an earlier format, which has no required depth; else it is refused.

    Raises:
        InputError: one line: no plan there, no certificate or one that proves nothing, changed since it was made, made
            for another site or another machine.
    """
    summary = _summary(folder)
    _check_printed(folder, summary)
    content = _content(folder / PLAN_FILE)
    number, plan = _plan(folder / PLAN_FILE, content)
    if number == 1 and not older:
        raise InputError(
            f"{folder}: a plan of format 1, which did not keep its required depth; plan the site anew with `flailpilot "
            "plan SITE --depth M`"
        )
    name = plan_hash_of(plan) if number == Kept.PLAN.number else _name_of_older(content, plan.plan_hash)
    if name != plan.plan_hash or summary.get("plan_hash") != plan.plan_hash:
        raise InputError(f"{folder}: {PLAN_FILE} and {SUMMARY_FILE} are not one plan, or it was changed; {AGAIN}")
    check_certificate(plan)
    try:
        check_site(plan.site_hash, site)
        agreed_m({f"the site {site.name}": site.required_depth_m, "the plan": plan.required_depth_m})
    except InputError as refusal:
        raise InputError(f"{folder}: {refusal}") from None
    if plan.datum != site.datum:
        raise InputError(f"{folder}: the plan counts from another datum than {site.name}; {AGAIN}")
    if keys := plan.machine.differs_in(machine):
        raise InputError(
            f"{folder}: the plan was made for {plan.machine.name}, this is {machine.name} ({', '.join(keys)} differ); "
            f"{AGAIN}"
        )
    return plan


def plan_of_run(folder: Path, plan_hash: str, site: Site, machine: MachineFootprint) -> Plan:
    """Read the plan that the vehicle program kept in a run's folder under its name.

    Raises:
        InputError: one line: none of that name, changed since, or made for another site or machine.
    """
    path = folder / f"plan-{plan_hash}.json"
    number, plan = _plan(path, _content(path))
    if number != Kept.PLAN.number or plan_hash_of(plan) != plan.plan_hash or plan.plan_hash != plan_hash:
        raise InputError(f"{path}: not the plan of that name, or it was changed; {AGAIN}")
    check_site(plan.site_hash, site)
    if keys := plan.machine.differs_in(machine):
        raise InputError(
            f"{path}: made for {plan.machine.name}, this is {machine.name} ({', '.join(keys)} differ); name its machine"
        )
    return plan


def kept_plan(path: Path, content: bytes) -> Plan:
    """Return the plan in a file of a run, or in its recording, as it was kept, of any format.

    Raises:
        InputError: It is no plan, or it is not the one whose name it bears: it was changed.
    """
    number, plan = _plan(path, content)
    name = plan_hash_of(plan) if number == Kept.PLAN.number else _name_of_older(content, plan.plan_hash)
    if name != plan.plan_hash:
        raise InputError(f"{path}: plan {plan.plan_hash} was changed; copy it again from the vehicle")
    return plan


def _summary(folder: Path) -> dict[str, Any]:
    path = folder / SUMMARY_FILE
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or str(error)).lower()}; name a folder of a plan") from None
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON ({error}); {AGAIN}") from None
    if not isinstance(found, dict):
        raise InputError(f"{path}: no summary of a plan; {AGAIN}")
    return found


def _check_printed(folder: Path, summary: dict[str, Any]) -> None:
    """Check the printed certificate: all four figures are present, and nothing is missed."""
    printed = summary.get("certificate")
    if not isinstance(printed, dict):
        raise InputError(f"{folder}: {SUMMARY_FILE} holds no certificate: nothing proves this plan; {AGAIN}")
    for key in Certificate.__struct_fields__:
        value = printed.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise InputError(f"{folder}: {SUMMARY_FILE}: certificate has {key} = {value!r}, no figure; {AGAIN}")
        if key.startswith("missed") and value > 0.0:
            raise InputError(f"{folder}: {SUMMARY_FILE}: certificate says {key} = {value:g}: not driven; {AGAIN}")


class _Format(msgspec.Struct, frozen=True):
    """The format number of any plan, whatever else the file holds."""

    format: int = 1


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or str(error)).lower()}; {AGAIN}") from None


def _plan(path: Path, content: bytes) -> tuple[int, Plan]:
    """Return the format of the file, and the plan."""
    try:
        number = msgspec.json.decode(content, type=_Format).format
        Kept.PLAN.check(path, number)
        return number, msgspec.json.decode(content, type=Plan)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path}: no plan ({error}); {AGAIN}") from None


def _name_of_older(content: bytes, plan_hash: str) -> str:
    """Return the hash of an older plan, computed as the program that wrote the file computed it."""
    blank = content.replace(b'"plan_hash":"' + plan_hash.encode() + b'"', b'"plan_hash":""', 1)
    return hashlib.sha256(blank).hexdigest()[:16]
