"""Statements of others about the ground: follow-up by other teams, and documents of the authority that release land.

Both are imported unchanged, with who, when and how, and kept beside the run. The follow-up that a task needs is derived
from the use of the machine. A release is never derived: it is a document of the authority, drawn as a border.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final, Generic, TypeVar

import msgspec

from vehicle.contracts.errors import InputError
from vehicle.contracts.kept_formats import Kept
from vehicle.host.atomic_file import write_whole

Ring = tuple[tuple[float, float], ...]
Polygon = tuple[Ring, ...]
FOLLOW_UP, RELEASE = "follow_up", "release"
_KEPT: Final = "[0-9][0-9][0-9][0-9].json"


class Layer(StrEnum):
    """Layers of the multi-layered model: the means by which ground was worked or searched."""

    MECHANICAL = "mechanical"
    SENSOR = "sensor"
    BIOLOGICAL = "biological"


TEAMS: Final = {
    "machine": Layer.MECHANICAL,
    "deminer": Layer.SENSOR,
    "detector": Layer.SENSOR,
    "dog": Layer.BIOLOGICAL,
    "rat": Layer.BIOLOGICAL,
}
"""Teams, and the layer that each of them makes."""

_ALL: Final = ((Layer.MECHANICAL,), (Layer.SENSOR,), (Layer.BIOLOGICAL,))
_ONE_SEARCH: Final = ((Layer.MECHANICAL,), (Layer.SENSOR, Layer.BIOLOGICAL))
NEEDED: Final[dict[str, tuple[tuple[Layer, ...], ...]]] = {
    "ground_preparation": _ALL,
    "vegetation_cutting": _ALL,
    "tripwire_removal": _ALL,
    "area_reduction": _ONE_SEARCH,
    "technical_survey": _ONE_SEARCH,
    "quality_control": _ONE_SEARCH,
}
"""Use of the machine -> follow-up that its ground needs: one layer of each row.

Where hazards are expected, the machine is followed by a search with sensors and one with animals. Where the machine
looks for evidence, one search follows. A task order or a national standard may require more.
"""


def needed(role: str | None) -> tuple[tuple[Layer, ...], ...]:
    """Return the layers that ground of this role needs, one of each row; all layers if no role was stated."""
    return NEEDED.get(role or "", _ALL)


class Category(StrEnum):
    """The three categories of land release, as in the authority's document."""

    CANCELLED = "cancelled"
    REDUCED = "reduced"
    CLEARED = "cleared"


class FollowUp(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ground that another team worked or searched. `rings_deg`: polygons of (lon, lat); `when`: ISO 8601.

    `source`, `source_hash`: the imported file and its BLAKE2b hash; `seal`: the journal's newest check at that time.
    """

    layer: Layer
    team: str
    who: str
    when: str
    method: str
    result: str
    polygons_deg: tuple[Polygon, ...]
    source: str
    source_hash: str
    imported_utc: str
    site_hash: str
    seal: str


class Release(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Land that a document of the authority releases: number, day, signer, category, polygons.

    `document`, `document_hash`: the document itself; other fields as in `FollowUp`.
    """

    authority: str
    number: str
    date: str
    person: str
    category: Category
    polygons_deg: tuple[Polygon, ...]
    document: str
    document_hash: str
    source: str
    source_hash: str
    imported_utc: str
    site_hash: str
    seal: str


ImportedT = TypeVar("ImportedT", FollowUp, Release)


class _Numbered(msgspec.Struct, frozen=True):
    """The format number of any file of imports."""

    format: object


class _File(msgspec.Struct, Generic[ImportedT], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All rows of one import in one file, written atomically. `hash`: of the rows, by `_hash_of_rows`."""

    format: int
    hash: str
    rows: tuple[ImportedT, ...]


def hash_of(content: bytes) -> str:
    """Return the hash that names imported content."""
    return hashlib.blake2b(content, digest_size=32).hexdigest()


def keep(run: Path, found: Sequence[FollowUp | Release], files: Mapping[str, bytes]) -> Path | None:
    """Store imported rows and their source files beside a run, never over an earlier import; None if there are no rows.

    The rows are written last, all together: an import that a disk error stopped does not count and can be repeated.

    Raises:
        InputError: A source file is no more what the rows were read from.
        OSError: The disk refuses to write; nothing was imported.
    """
    if not found:
        return None
    for row in found:
        _check_read(row.source, row.source_hash, files)
        if isinstance(row, Release):
            _check_read(row.document, row.document_hash, files)
    folder = run / (FOLLOW_UP if isinstance(found[0], FollowUp) else RELEASE)
    folder.mkdir(exist_ok=True)
    number = 1 + max((int(path.name[:4]) for path in folder.glob(_KEPT)), default=0)
    path = folder / f"{number:04d}.json"
    for name, content in files.items():
        write_whole(_beside(path, name), content)
    rows = {"format": Kept.IMPORTED.number, "hash": _hash_of_rows(found), "rows": found}
    write_whole(path, msgspec.json.format(msgspec.json.encode(rows), indent=1) + b"\n")
    return path


def follow_ups_in(run: Path) -> tuple[FollowUp, ...]:
    """Return the work of other teams in order of import. Raises InputError if one of its files was changed."""
    return _kept_in(run / FOLLOW_UP, FollowUp)


def releases_in(run: Path) -> tuple[Release, ...]:
    """Return the authority's documents in order of import. Raises InputError if one of their files was changed."""
    return _kept_in(run / RELEASE, Release)


def check_site(rows: Iterable[FollowUp | Release], site_hash: str) -> None:
    """Check the site of all imports. Raises InputError if one is for another site than the record."""
    for row in rows:
        if row.site_hash != site_hash:
            raise InputError(
                f"{row.source}: was imported for site {row.site_hash}, this record is of site {site_hash}; remove it "
                f"from {FOLLOW_UP if isinstance(row, FollowUp) else RELEASE}/ of the run, and import what belongs here"
            )


def _kept_in(folder: Path, kind: type[ImportedT]) -> tuple[ImportedT, ...]:
    found: list[ImportedT] = []
    for path in sorted(folder.glob(_KEPT)):
        try:
            content = path.read_bytes()
            _check_format(path, msgspec.json.decode(content, type=_Numbered).format)
            file: _File[ImportedT] = msgspec.json.decode(content, type=_File[kind])  # type: ignore[valid-type]
        except (OSError, UnicodeDecodeError, RecursionError, msgspec.MsgspecError) as error:
            raise InputError(f"{path}: cannot be read ({error}); import its file again") from None
        if file.hash != _hash_of_rows(file.rows):
            raise InputError(f"{path}: was changed since its import; delete it and import the original again")
        for row in file.rows:
            _check_same(path, row.source, row.source_hash)
            if isinstance(row, Release):
                _check_same(path, row.document, row.document_hash)
        found += file.rows
    return tuple(found)


def _check_format(path: Path, number: object) -> None:
    """Check the format. Raises InputError for a later one, and for format 1, which cannot show changed rows."""
    Kept.IMPORTED.check(path, number)
    if number == 1:
        raise InputError(f"{path}: of format 1, which has no hash of its rows; delete it and import its file again")


def _hash_of_rows(rows: Sequence[FollowUp | Release]) -> str:
    return hash_of(msgspec.json.encode(rows))


def _beside(path: Path, name: str) -> Path:
    """Return the path of the kept source file with this name."""
    return path.with_name(f"{path.stem}-{name}")


def _check_read(name: str, expected: str, files: Mapping[str, bytes]) -> None:
    if hash_of(files[name]) != expected:
        raise InputError(f"{name}: was changed while it was read; import it again")


def _check_same(path: Path, name: str, expected: str) -> None:
    """Check a source file. Raises InputError if it is missing or was changed since the import."""
    try:
        same = hash_of(_beside(path, name).read_bytes()) == expected
    except OSError:
        same = False
    if not same:
        raise InputError(
            f"{path}: {name} beside it is missing or was changed since its import; import the original again"
        )
