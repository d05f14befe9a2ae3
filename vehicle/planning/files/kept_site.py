"""Stores a run's site in its folder as it was read, so that a report years later needs no other file.

site.json    names, datum and declarations as JSON; areas as WKB in hexadecimal digits, ENU metres to the last bit; last
             a hash of all that, so that a byte that changed is noticed
"""

import hashlib
import math
from pathlib import Path
from typing import Any, Final

import msgspec
import shapely

from vehicle.contracts.errors import InputError
from vehicle.contracts.frames import LocalFrame
from vehicle.host.atomic_file import write_whole
from vehicle.planning.site.site import Site

SITE_FILE: Final = "site.json"
AREAS: Final = ("work_area", "keep_out", "safe_ground", "access")
Points = tuple[tuple[float, float], ...]


class KeptSite(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a `Site` that a report needs. `source_accuracy_m`: None if it is unknown.

    `hash`: of all other fields; "" in the files of earlier programs.
    """

    name: str
    site_hash: str
    datum: LocalFrame
    areas: dict[str, str]
    benchmarks_m: Points
    turning_points_m: Points
    outside: str
    outside_assumed: bool
    tripwires: str
    required_depth_m: float | None
    source_system: str
    source_accuracy_m: float | None
    repairs: tuple[str, ...]
    warnings: tuple[str, ...]
    hash: str = ""


LEFT_OUT: Final = frozenset({"areas", "source_accuracy_m", "hash"})
"""Fields that are not kept as a `Site` has them."""


def write_site(folder: Path, site: Site) -> None:
    """Write `site.json` into a folder. Raises OSError."""
    accuracy_m = site.source_accuracy_m if math.isfinite(site.source_accuracy_m) else None
    kept = KeptSite(
        **{name: getattr(site, name) for name in KeptSite.__struct_fields__ if name not in LEFT_OUT},
        areas={name: shapely.to_wkb(getattr(site, name), hex=True, byte_order=1) for name in AREAS},
        source_accuracy_m=accuracy_m,
    )
    kept = msgspec.structs.replace(kept, hash=_hash_of(kept))
    write_whole(folder / SITE_FILE, msgspec.json.format(msgspec.json.encode(kept), indent=1) + b"\n")


def read_site(folder: Path) -> Site:
    """Read the site of a folder.

    Raises:
        InputError: The file is missing, cannot be read, or was changed.
    """
    path = folder / SITE_FILE
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=KeptSite)
        areas: dict[str, Any] = {name: shapely.from_wkb(kept.areas[name]) for name in AREAS}
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or str(error)).lower()}; name the site with --site FILE") from None
    except (ValueError, KeyError, shapely.errors.GEOSException) as error:
        raise InputError(f"{path}: cannot be read ({error}); name the site with --site FILE") from None
    if kept.hash and kept.hash != _hash_of(kept):
        raise InputError(
            f"{path}: was changed after it was written; copy it again from the vehicle, or name the site with --site"
        )
    values = {name: getattr(kept, name) for name in KeptSite.__struct_fields__ if name not in LEFT_OUT}
    accuracy_m = kept.source_accuracy_m if kept.source_accuracy_m is not None else math.inf
    return Site(**values, **areas, source_accuracy_m=accuracy_m)


def _hash_of(kept: KeptSite) -> str:
    content = msgspec.json.encode(msgspec.structs.replace(kept, hash=""))
    return hashlib.blake2b(content, digest_size=16).hexdigest()
