"""Polygons inside or across other polygons, in metres: the only place where this is decided.

- A polygon without a role that lies inside or across another work area is a question: keep out or work?
- A hole keeps out only what no other work area covers.
- A part inside another part of the same feature is a question too: some programs write holes so.
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
"""Half the width of what rounding leaves where two polygons share an edge."""
SLIVER_SHARE = 0.01
"""A thin overlap that is more than this of the smaller polygon is no rounding: it may be a pipe."""


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
        """The shell less the holes."""
        return polygons_of(shapely.difference(self.shell, self.holes))


def asked_about(pieces: list[Piece], label: str, answer: Answer | None, notes: Notes) -> list[Piece]:
    """The pieces with every question about nested polygons answered; what was not chosen is work no more.

    Raises InputError that names both polygons where there is a question and no answer.
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
    """Ground that was not chosen is only asked about where it is a part of what was."""
    if one.unchosen == other.unchosen:
        return one.unchosen
    small, large = (one, other) if one.unchosen else (other, one)
    return bool(small.shell.area > large.shell.area) and not _is_same(small.net, large.net)


def _questioned(one: Piece, other: Piece, i: int, j: int) -> tuple[int, int]:
    """(the one in question, the one it lies over): the silent one, of two the smaller."""
    if one.silent != other.silent:
        return (i, j) if one.silent else (j, i)
    return (i, j) if one.shell.area < other.shell.area else (j, i)


def _question(label: str, inner: str, outer: str) -> str:
    return (
        f"{label}: {inner} lies inside or across {outer} and nobody says what it is for: keep out or work? Give it the "
        "role keep_out or work_area in the file, or answer for all: --unmarked keep_out | work_area"
    )


def _check_bearing(pieces: list[Piece], label: str) -> None:
    """A part inside another part may be a hole.

    Ground that does not bear must not be united with ground that does, nor what is outside a fence with its inside.
    """
    parts = [piece for piece in pieces if piece.role in (*BEARING, "perimeter")]
    for i, j in _pairs([piece.shell for piece in parts]):
        if parts[i].feature == parts[j].feature and _lies_over(parts[i], parts[j], nets=True):
            raise InputError(
                f"{label}: {parts[j].place} lies inside or across {parts[i].place}; draw it as a hole, or as a "
                "feature of its own"
            )


def holes_left(pieces: list[Piece], label: str, answer: Answer | None, notes: Notes) -> list[Any]:
    """What the holes of the work areas keep out: all that no other work area claims.

    Raises InputError where a work area claims a hole and works the ground round it too: then one says "work", the
    other "do not", of the same ground.
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
    """Pairs (i < j) of shapes that may touch, in order."""
    if len(shapes) < 2:
        return []
    if len(shapes) < 8:
        return combinations(range(len(shapes)), 2)
    first, second = shapely.STRtree(shapes).query(np.array(shapes, dtype=object), predicate="intersects")
    return sorted((int(i), int(j)) for i, j in zip(first, second, strict=True) if i < j)


def _lies_over(one: Piece, other: Piece, *, nets: bool) -> bool:
    """Inside or across: by their outlines, or with their holes cut out (a part in the hole of its own feature)."""
    return _overlap(one.net, other.net) if nets else _overlap(one.shell, other.shell)


def _overlap(one: Any, other: Any) -> bool:
    """More common ground than rounding along a shared edge leaves."""
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
