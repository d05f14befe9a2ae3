"""What others know of the ground: follow-up layers of other teams, and documents in which the authority releases land.

Both are imported as they are, each with who, when and how, and kept beside the run, never changed. Which follow-up a
task asks for is derived from what the machine is used for. Whether land is released is derived from nothing: a release
is a document of the authority, drawn as a border.
"""

import hashlib
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from vehicle.contracts.errors import InputError
from vehicle.contracts.kept_formats import Kept
from vehicle.host.atomic_file import write_whole

Ring = tuple[tuple[float, float], ...]
Polygon = tuple[Ring, ...]
FOLLOW_UP, RELEASE = "follow_up", "release"


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
    format: int = Kept.IMPORTED.number


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
    format: int = Kept.IMPORTED.number


ImportedT = TypeVar("ImportedT", FollowUp, Release)


def hash_of(content: bytes) -> str:
    """As everything imported is named by."""
    return hashlib.blake2b(content, digest_size=32).hexdigest()


def keep(run: Path, found: Sequence[FollowUp | Release], files: dict[str, bytes]) -> tuple[Path, ...]:
    """Put what was imported, and the files it came from, beside a run; never over anything. Raises OSError."""
    if not found:
        return ()
    folder = run / (FOLLOW_UP if isinstance(found[0], FollowUp) else RELEASE)
    folder.mkdir(exist_ok=True)
    number = 1 + max((int(path.name[:4]) for path in folder.glob("[0-9][0-9][0-9][0-9].json")), default=0)
    for name, content in files.items():
        write_whole(folder / f"{number:04d}-{name}", content)
    paths = []
    for place, row in enumerate(found):
        path = folder / f"{number + place:04d}.json"
        write_whole(path, msgspec.json.format(msgspec.json.encode(row), indent=1) + b"\n")
        paths.append(path)
    return tuple(paths)


def follow_ups_in(run: Path) -> tuple[FollowUp, ...]:
    """What other teams did, in the order of its import. Raises InputError where a file of it was changed."""
    return _kept_in(run / FOLLOW_UP, FollowUp)


def releases_in(run: Path) -> tuple[Release, ...]:
    """Documents of the authority, in the order of their import. Raises InputError where a file of them was changed."""
    return _kept_in(run / RELEASE, Release)


def _kept_in(folder: Path, kind: type[ImportedT]) -> tuple[ImportedT, ...]:
    found = []
    for path in sorted(folder.glob("[0-9][0-9][0-9][0-9].json")):
        try:
            row = msgspec.json.decode(path.read_bytes(), type=kind)
        except (OSError, msgspec.MsgspecError) as error:
            raise InputError(f"{path}: cannot be read ({error}); import its file again") from None
        Kept.IMPORTED.check(path, row.format)
        pairs = [(row.source, row.source_hash)]
        if isinstance(row, Release):
            pairs.append((row.document, row.document_hash))
        for name, expected in pairs:
            _check_same(path, folder, name, expected)
        found.append(row)
    return tuple(found)


def _check_same(path: Path, folder: Path, name: str, expected: str) -> None:
    """Raises InputError where the file that something was imported from is not there as it was."""
    for held in folder.glob(f"[0-9][0-9][0-9][0-9]-{name}"):
        if hash_of(held.read_bytes()) == expected:
            return
    raise InputError(f"{path}: {name} beside it is missing or was changed since its import; import the original again")
