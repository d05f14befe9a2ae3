"""Decides about polygons that are inside or across other polygons, in metres; no other module does.

- For a polygon without a role inside or across another work area, the user must say: keep out or work.
- A hole keeps out only what no other work area covers.
- The user must also say it for a part inside another part of the same feature: some programs write holes in this way.
"""

from collections.abc import Iterable
from itertools import combinations
from typing import Any, Literal

import msgspec
import numpy as np
import shapely

from vehicle.contracts.errors import InputError
from vehicle.planning.coverage.area import parts_of, polygons_of
from vehicle.planning.site.notes import Notes, Rank
from vehicle.planning.site.roles import BEARING

Answer = Literal["keep_out", "work_area"]
ANSWERS = ("keep_out", "work_area")
SLIVER_M = 0.01
"""Half the width of overlaps that rounding leaves where two polygons share an edge."""
SLIVER_SHARE = 0.01
"""A thin overlap above this share of the smaller polygon is not rounding: it may be a pipe."""


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A polygon of a feature: `shell` filled, `holes` their union. `silent`: no role is stated."""

    feature: int
    place: str
    role: str
    silent: bool
    unchosen: bool = False
    shell: Any
    holes: Any

    @property
    def net(self) -> Any:
        """Return the shell less the holes."""
        return polygons_of(shapely.difference(self.shell, self.holes))


def asked_about(pieces: list[Piece], label: str, answer: Answer | None, notes: Notes) -> list[Piece]:
    """Return the pieces with every nested polygon decided; ground that was not chosen is no longer work.

    Raises InputError with both polygons named if the user's answer is needed and missing.
    """
    _check_bearing(pieces, label)
    work = [n for n, piece in enumerate(pieces) if piece.role == "work_area"]
    out: set[int] = set()
    twice: set[int] = set()
    for i, j in _pairs([pieces[n].shell for n in work]):
        one, other = pieces[work[i]], pieces[work[j]]
        same = one.feature == other.feature
        if not (same or one.silent or other.silent) or not _lies_over(one, other, nets=same):
            continue
        if _is_neighbour(one, other):
            continue
        if (same or (one.silent and other.silent)) and _is_same(one.net, other.net):
            notes.warn(f"{other.place} is the same polygon as {one.place}: taken once")
            twice.add(work[j])
            continue
        inner, outer = _questioned(one, other, work[i], work[j])
        if answer is None:
            raise InputError(_question(label, pieces[inner].place, pieces[outer].place))
        if answer == "keep_out":
            out.add(inner)
        notes.warn(f"{pieces[inner].place} lies over {pieces[outer].place}: {answer} by the answer given", Rank.ASSUMED)
    return [
        msgspec.structs.replace(piece, role="keep_out" if n in out else piece.role)
        for n, piece in enumerate(pieces)
        if n not in twice and (n in out or not piece.unchosen)
    ]


def _is_neighbour(one: Piece, other: Piece) -> bool:
    """Whether a piece needs no answer: ground that was not chosen matters only as a part of the chosen ground."""
    if one.unchosen == other.unchosen:
        return one.unchosen
    small, large = (one, other) if one.unchosen else (other, one)
    return bool(small.shell.area > large.shell.area) and not _is_same(small.net, large.net)


def _questioned(one: Piece, other: Piece, i: int, j: int) -> tuple[int, int]:
    """Return (the doubtful piece, the piece it overlaps): the one without a role; if both have none, the smaller."""
    if one.silent != other.silent:
        return (i, j) if one.silent else (j, i)
    return (i, j) if one.shell.area < other.shell.area else (j, i)


def _question(label: str, inner: str, outer: str) -> str:
    return (
        f"{label}: {inner} lies inside or across {outer} and nobody says what it is for: keep out or work? Give it the "
        "role keep_out or work_area in the file, or answer for all: --unmarked keep_out | work_area"
    )


def _check_bearing(pieces: list[Piece], label: str) -> None:
    """Refuse a part inside another part of bearing ground or of a fence: it may be a hole.

    Otherwise non-bearing ground would be joined with bearing ground, or the outside of a fence with its inside.
    """
    parts = [piece for piece in pieces if piece.role in (*BEARING, "perimeter")]
    for i, j in _pairs([piece.shell for piece in parts]):
        if parts[i].feature == parts[j].feature and _lies_over(parts[i], parts[j], nets=True):
            raise InputError(
                f"{label}: {parts[j].place} lies inside or across {parts[i].place}; draw it as a hole, or as a "
                "feature of its own"
            )


def holes_left(pieces: list[Piece], label: str, answer: Answer | None, notes: Notes) -> list[Any]:
    """Return what the holes of work areas keep out: all that no other work area covers.

    Raises InputError if a work area covers a hole and also the ground around it: then two areas contradict each other.
    """
    work = [piece for piece in pieces if piece.role == "work_area"]
    nets = [piece.net for piece in work]
    tree = shapely.STRtree(nets)
    kept = []
    for n, piece in enumerate(work):
        if piece.holes.is_empty:
            continue
        others = [m for m in sorted(tree.query(piece.holes).tolist()) if m != n and not _is_same(nets[m], nets[n])]
        claims = [m for m in others if _overlap(nets[m], piece.holes)]
        for m in claims:
            if _overlap(nets[m], nets[n]) and not (work[m].silent and answer == "work_area"):
                raise InputError(
                    f"{label}: {piece.place} cuts a hole that {work[m].place} works; cut it there too, or fill it"
                )
        left = polygons_of(shapely.difference(piece.holes, shapely.union_all([nets[m] for m in claims])))
        if claims:
            left = _without_slivers(left)
            worked_m2 = piece.holes.area - left.area
            by = ", ".join(work[m].place for m in claims[:2])
            notes.warn(f"{piece.place}: {worked_m2:.1f} m2 of its holes are worked, {by} claims them", Rank.ASSUMED)
        kept.append(left)
    return kept


def _pairs(shapes: list[Any]) -> Iterable[tuple[int, int]]:
    """Return ordered pairs (i < j) of shapes that may touch."""
    if len(shapes) < 2:
        return []
    if len(shapes) < 8:
        return combinations(range(len(shapes)), 2)
    first, second = shapely.STRtree(shapes).query(np.array(shapes, dtype=object), predicate="intersects")
    return sorted((int(i), int(j)) for i, j in zip(first, second, strict=True) if i < j)


def _lies_over(one: Piece, other: Piece, *, nets: bool) -> bool:
    """Whether one piece is inside or across another: by outlines, or without holes for parts of one feature."""
    return _overlap(one.net, other.net) if nets else _overlap(one.shell, other.shell)


def _overlap(one: Any, other: Any) -> bool:
    """Whether two shapes overlap by more than rounding along a shared edge."""
    if not one.intersects(other):
        return False
    common = polygons_of(shapely.intersection(one, other))
    smaller_m2 = min(one.area, other.area)
    if common.is_empty:
        return False
    return bool(common.area > SLIVER_SHARE * smaller_m2) or not shapely.buffer(common, -SLIVER_M).is_empty


def _is_same(one: Any, other: Any) -> bool:
    apart = polygons_of(shapely.symmetric_difference(one, other))
    return bool(apart.area <= SLIVER_SHARE * one.area) and bool(shapely.buffer(apart, -SLIVER_M).is_empty)


def _without_slivers(geometry: Any) -> Any:
    parts = parts_of(geometry)
    wide = parts[~shapely.is_empty(shapely.buffer(parts, -SLIVER_M))]
    return polygons_of(shapely.union_all(list(wide))) if len(wide) else shapely.Polygon()
