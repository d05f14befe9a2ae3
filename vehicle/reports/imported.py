"""What others know of the ground: follow-up layers of other teams, and documents in which the authority releases land.

Both are imported as they are, each with who, when and how, and kept beside the run, never changed. Which follow-up a
task asks for is derived from what the machine is used for. Whether land is released is derived from nothing: a release
is a document of the authority, drawn as a border.
"""

import hashlib
from collections.abc import Iterable, Sequence
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
    """Layers of the multi-layered model: what worked or searched the ground."""

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
"""Who makes which layer."""

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
"""What the machine is used for -> what its ground needs: one layer of each row. Where hazards are to be expected,
search by sensors and by animals follows the machine; where it looks for signs of them, one search follows. A task order
or national standard may ask for more."""


def needed(role: str | None) -> tuple[tuple[Layer, ...], ...]:
    """Layers that ground of this role needs, one of each row; of a role that nobody stated, all."""
    return NEEDED.get(role or "", _ALL)


class Category(StrEnum):
    """The three products of land release, as the authority's document names them."""

    CANCELLED = "cancelled"
    REDUCED = "reduced"
    CLEARED = "cleared"


class FollowUp(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ground that another team worked or searched. `rings_deg`: polygons of (lon, lat); `when`: ISO 8601.

    `source`, `source_hash`: the file that it comes from and its BLAKE2b; `seal`: of the journal at that time.
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
    """Land that a document of the authority releases: its number, day, who signed it, its category and its polygons.

    `document`, `document_hash`: the document itself; the rest as in `FollowUp`.
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
    """Of a file of any format."""

    format: object


class _File(msgspec.Struct, Generic[ImportedT], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All rows of one import, in one file: it is there whole or not at all. `hash`: of the rows, as `_hash_of_rows`."""

    format: int
    hash: str
    rows: tuple[ImportedT, ...]


def hash_of(content: bytes) -> str:
    """As everything imported is named by."""
    return hashlib.blake2b(content, digest_size=32).hexdigest()


def keep(run: Path, found: Sequence[FollowUp | Release], files: dict[str, bytes]) -> Path | None:
    """Put what was imported, and the files it came from, beside a run; never over an import. None where it is nothing.

    The rows are on the disk last, all together: an import that a disk ended counts for nothing and can be done again.

    Raises:
        OSError: The disk refuses; nothing was imported.
    """
    if not found:
        return None
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
    """What other teams did, in the order of its import. Raises InputError where a file of it was changed."""
    return _kept_in(run / FOLLOW_UP, FollowUp)


def releases_in(run: Path) -> tuple[Release, ...]:
    """Documents of the authority, in the order of their import. Raises InputError where a file of them was changed."""
    return _kept_in(run / RELEASE, Release)


def check_site(rows: Iterable[FollowUp | Release], site_hash: str) -> None:
    """Raises InputError where something was imported for another site than that of the record."""
    for row in rows:
        if row.site_hash != site_hash:
            raise InputError(
                f"{row.source}: was imported for site {row.site_hash}, this record is of site {site_hash}; take it out "
                f"of {FOLLOW_UP if isinstance(row, FollowUp) else RELEASE}/ of the run, and import what belongs here"
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
    """Raises InputError for a later format, and for the first, in which nothing shows whether a row was changed."""
    Kept.IMPORTED.check(path, number)
    if number == 1:
        raise InputError(f"{path}: of format 1, which has no hash of its rows; delete it and import its file again")


def _hash_of_rows(rows: Sequence[FollowUp | Release]) -> str:
    return hash_of(msgspec.json.encode(rows))


def _beside(path: Path, name: str) -> Path:
    """Where the file of this name is kept that an import came from."""
    return path.with_name(f"{path.stem}-{name}")


def _check_same(path: Path, name: str, expected: str) -> None:
    """Raises InputError where the file that something was imported from is not there as it was."""
    try:
        same = hash_of(_beside(path, name).read_bytes()) == expected
    except OSError:
        same = False
    if not same:
        raise InputError(
            f"{path}: {name} beside it is missing or was changed since its import; import the original again"
        )
