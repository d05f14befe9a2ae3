"""Chooses the features to be worked from a file, and decides whether features without a role may be work."""

import math
import re

import msgspec
import numpy as np

from vehicle.contracts.errors import InputError
from vehicle.planning.site.features import Feature
from vehicle.planning.site.nesting import Answer
from vehicle.planning.site.notes import Notes, Rank
from vehicle.planning.site.role_sources import WRITE
from vehicle.planning.site.shapes import DEGREE_M

NEAR_M = 5_000.0
"""Keep-outs, fences and marks within this distance of the chosen ground are used with it."""

NUMBER = re.compile(r"[0-9]{1,18}")
"""Digits of the Latin script: `isdigit` takes others too, some of which are no number."""


def chosen(features: tuple[Feature, ...], label: str, wish: str | None, notes: Notes) -> tuple[Feature, ...]:
    """Return the features that apply if `wish` names the work: a feature's number, or KEY=VALUE of its properties.

    Keep-outs, fences, bearing ground and marks near the chosen ground apply too; other work areas do not. A polygon
    without a role inside the chosen one is kept, so that the user is asked about it. Raises InputError if the wish
    matches nothing, or no work area.
    """
    if wish is None:
        return features
    found = _named(features, label, wish)
    wrong = next((feature for feature in found if feature.role != "work_area" or not feature.polygons), None)
    if wrong is not None:
        raise InputError(f"{label}: --feature {wish}: {wrong.place} is a {wrong.role}; choose ground to be worked")
    low, high = _box(found)
    rest = [feature for feature in features if feature not in found]
    others = [f for f in rest if f.role != "work_area" and _is_near(f, low, high, NEAR_M)]
    asked = [f for f in rest if f.role == "work_area" and f.silent and _is_near(f, low, high, 0.0)]
    asked = [msgspec.structs.replace(f, unchosen=True) for f in asked if _is_inside(f, low, high)]
    notes.warn(f"--feature {wish}: {len(found)} of {len(features)} features are worked", Rank.ASSUMED)
    taken = [msgspec.structs.replace(feature, silent=False, hint="") for feature in found]
    return (*taken, *others, *asked)


def _named(features: tuple[Feature, ...], label: str, wish: str) -> list[Feature]:
    key, is_pair, value = wish.partition("=")
    if is_pair:
        found = [f for f in features if any(_same(k, key) and _same(v, value) for k, v in f.properties.items())]
        if not found:
            raise InputError(f"{label}: --feature {wish}: no feature has that; {_known(features, key)}")
        return found
    if NUMBER.fullmatch(wish.strip()) is None:
        raise InputError(f"{label}: --feature {wish}: write a feature's number, or KEY=VALUE of its properties")
    found = [feature for feature in features if feature.number == int(wish)]
    if not found:
        raise InputError(f"{label}: --feature {wish}: the file holds {len(features)} features; {_known(features, '')}")
    if len(found) > 1:
        raise InputError(f"{label}: --feature {wish}: means {found[0].place} and {found[1].place}; write KEY=VALUE")
    return found


def _known(features: tuple[Feature, ...], key: str) -> str:
    """Return what could be written instead."""
    values = [str(v) for f in features for k, v in f.properties.items() if _same(k, key)]
    if values:
        return f"{key} is {', '.join(dict.fromkeys(values[:5]))}"
    keys = list(dict.fromkeys(str(k) for f in features for k in f.properties))
    return f"the first is number {features[0].number}" + (f", its fields are {', '.join(keys[:8])}" if keys else "")


def _same(one: object, other: str) -> bool:
    return str(one).strip().casefold() == other.strip().casefold()


def _positions(feature: Feature) -> list[tuple[float, float]]:
    rings = [ring for rings in feature.polygons for ring in rings]
    return [*(at for ring in (*rings, *feature.lines) for at in ring), *feature.points]


def _box(features: list[Feature]) -> tuple[np.ndarray, np.ndarray]:
    corners = np.array([at for feature in features for at in _positions(feature)])
    return corners.min(axis=0), corners.max(axis=0)


def _is_near(feature: Feature, low: np.ndarray, high: np.ndarray, near_m: float) -> bool:
    """Whether two boxes are near in metres (approximate); across the antimeridian the shorter way counts."""
    corners = np.array(_positions(feature))
    middle = 0.5 * (low + high)
    corners[:, 0] = middle[0] + (corners[:, 0] - middle[0] + 180.0) % 360.0 - 180.0
    apart = np.maximum(np.maximum(low - corners.max(axis=0), corners.min(axis=0) - high), 0.0)
    east_m = apart[0] * DEGREE_M * math.cos(math.radians(float(middle[1])))
    return math.hypot(east_m, apart[1] * DEGREE_M) <= near_m


def _is_inside(feature: Feature, low: np.ndarray, high: np.ndarray) -> bool:
    """Whether a polygon's box is inside the box around the chosen ground; the exact test in metres follows later."""
    corners = np.array(_positions(feature))
    reach = NEAR_M / DEGREE_M / np.array([math.cos(math.radians(float(low[1]))), 1.0])
    return bool(np.all(corners.min(axis=0) >= low - reach) and np.all(corners.max(axis=0) <= high + reach))


def settled(
    features: tuple[Feature, ...], label: str, answer: Answer | None, notes: Notes, *, picked: bool = False
) -> tuple[Feature, ...]:
    """Take polygons without a role as work areas, except beside a stated work area, or with a doubtful name.

    `picked`: the user chose the work, so other polygons without a role matter only if they overlap it.

    Raises InputError for the first doubtful polygon without an answer.
    """
    areal = [feature for feature in features if feature.polygons]
    silent = [feature for feature in areal if feature.silent and not feature.unchosen]
    says = any(feature.role == "work_area" and not feature.silent for feature in areal)
    alone, lines = len(areal) == 1, all(feature.line for feature in areal)
    out = []
    for feature in features:
        doubt = _doubt(feature, says=says and not picked, alone=alone, lines=lines) if feature in silent else ""
        if not doubt:
            out.append(feature)
            continue
        if answer is None:
            raise InputError(
                f"{label}: {feature.place} {doubt}; {WRITE}, or answer for all: --unmarked keep_out|work_area"
            )
        notes.warn(f"{feature.place} {doubt}: {answer} by the answer given", Rank.ASSUMED)
        out.append(msgspec.structs.replace(feature, role=answer, silent=False))
    if len(silent) < len(areal) and not says:
        for feature in silent:
            notes.warn(f"{feature.place} has no role: taken as a work area", Rank.ASSUMED)
    if alone and silent and silent[0].hint:
        notes.warn(f"{silent[0].place}: its {silent[0].hint} is taken as the name of a work area", Rank.ASSUMED)
    return tuple(out)


def _doubt(feature: Feature, *, says: bool, alone: bool, lines: bool) -> str:
    if says:
        return "has no role, others have"
    if feature.hint and not alone:
        return f"has no role, and its {feature.hint} may mean a keep-out"
    if feature.line and not lines:
        return "has no role and is drawn as a closed line, others as polygons"
    return ""
