"""`flailpilot ledger follow-up` and `ledger release`: statements of others about the ground, kept beside a run."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import shapely

from flailpilot.exit_status import DONE
from flailpilot.run_folder import JOURNAL, SEALED
from vehicle.config.task import TASK_FILE, load_task
from vehicle.contracts.errors import InputError
from vehicle.contracts.frames import LocalFrame
from vehicle.host.clock import utc_now
from vehicle.planning.coverage.replan import check_site
from vehicle.planning.site.features import WGS84
from vehicle.planning.site.projected import checked_frame
from vehicle.planning.site.site import load_site
from vehicle.records import journal
from vehicle.reports import importing
from vehicle.reports.imported import FollowUp, Layer, Release, follow_ups_in, keep, needed, releases_in
from vehicle.reports.imported import check_site as check_imported
from vehicle.reports.importing import Ground


class SiteOptions(msgspec.Struct, frozen=True):
    """Options for reading the site of a run."""

    path: Path
    outside: str | None = None
    feature: str | None = None
    unmarked: str | None = None
    base_frame: str = WGS84


def import_follow_up(run: Path, file: Path, site: SiteOptions, said: Mapping[str, str]) -> int:
    """Import and keep a team's polygons.

    Raises:
        InputError: One line: what is wrong with the file, the run or the site.
    """
    ground = ground_of(run, site)
    held = follow_ups_in(run)
    check_imported(held, ground.site_hash)
    found = importing.follow_ups(file, ground, said, utc_now())
    if any(row.source_hash == old.source_hash for row in found for old in held):
        raise InputError(f"{file}: has already been imported; nothing is counted twice")
    _kept(run, found, {file.name: file.read_bytes()})
    _tell_coarse(file, found)
    for row in found:
        print(f"kept: {row.layer} layer, {row.team}, {_area_m2(row, ground):,.1f} m2, {row.when}, {row.result}")
    print(layers_text(run, ground))
    return DONE


def import_release(run: Path, file: Path, document: Path, site: SiteOptions, said: Mapping[str, str]) -> int:
    """Import and keep a document of the authority.

    Raises:
        InputError: One line: what is wrong with the files, the run or the site.
    """
    ground = ground_of(run, site)
    held = releases_in(run)
    check_imported(held, ground.site_hash)
    found = importing.release(file, document, ground, said, held, utc_now())
    if file.name == document.name and found.source_hash != found.document_hash:
        raise InputError(
            f"{document}: has the same name as {file}, and both are kept in one folder; rename one of them"
        )
    _kept(run, (found,), {file.name: file.read_bytes(), document.name: document.read_bytes()})
    _tell_coarse(file, (found,))
    print(
        f"kept: document {found.number} of {found.authority}, {found.date}, signed by {found.person}: "
        f"{_area_m2(found, ground):,.1f} m2 {found.category}; drawn as a border; it does not change the record"
    )
    return DONE


def ground_of(run: Path, site: SiteOptions) -> Ground:
    """Return the site of a run. Raises InputError if the run has no record, or one of another site."""
    path = run / JOURNAL
    if (run / SEALED).exists():
        raise InputError(f"{run}: was sealed after an incident, so nothing is added; work with a copy of the folder")
    found = journal.summed(path)
    header = found.header
    if header is None:
        raise InputError(f"{path}: holds no record; name the folder of a run")
    if found.broken_within:
        raise InputError(f"{journal.torn_text(path, found)}: nothing is added to it; copy the journal again")
    frame = checked_frame(site.base_frame)
    place = load_site(site.path, site.outside, base_frame=frame, feature=site.feature, unmarked=site.unmarked)
    try:
        check_site(found.site_hash or header.site_hash, place)
    except InputError:
        theirs = found.site_hash or header.site_hash
        raise InputError(
            f"{path}: a journal of site {theirs}, {site.path} is {place.site_hash}; name the site file of this run, "
            "and what it was planned with"
        ) from None
    datum = LocalFrame(header.datum_lat_deg, header.datum_lon_deg, header.datum_alt_m)
    return Ground(place.name, place.site_hash, place.work_area, datum, found.seal, frame)


def layers_text(run: Path, ground: Ground) -> str:
    """Return the layers that the ground needs for the machine's use, and the imported areas of each; no verdict."""
    role = load_task(run / TASK_FILE, kept=True).task.role if (run / TASK_FILE).exists() else None
    asked = " and ".join(" or ".join(row) for row in needed(role))
    area_m2 = {
        layer: shapely.intersection(
            importing.area_of(
                [polygon for row in follow_ups_in(run) if row.layer is layer for polygon in row.polygons_deg],
                ground.datum,
            ),
            ground.work_area,
        ).area
        for layer in Layer
    }
    there = ", ".join(f"{layer} {m2:,.1f} m2" for layer, m2 in area_m2.items()) + " (mechanical: beside this record)"
    return (
        f"role {role or 'not stated'} needs {asked}, at least; imported within the {ground.work_area.area:,.1f} m2 of "
        f"the work area: {there}. Whether that is enough is decided by people"
    )


def _kept(run: Path, found: Sequence[FollowUp | Release], files: dict[str, bytes]) -> None:
    try:
        keep(run, found, files)
    except OSError as refusal:
        raise InputError(
            f"{run}: {(refusal.strerror or str(refusal)).lower()}; name a folder that can be written"
        ) from None


def _tell_coarse(file: Path, found: Sequence[FollowUp | Release]) -> None:
    if told := importing.coarse_text([polygon for row in found for polygon in row.polygons_deg]):
        print(f"{file}: {told}: its borders may lie elsewhere by half of that; ask for a file with more decimals")


def _area_m2(row: FollowUp | Release, ground: Ground) -> float:
    found: float = importing.area_of(row.polygons_deg, ground.datum).area
    return found
