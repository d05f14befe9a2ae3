"""Scenes of ground drawn at random, in metres of their own: what is to be worked, what is forbidden, how it is told.

Nothing of the product is used here: a scene, its writers and its raster are what the readers are held against.
"""

import math
import random
from dataclasses import dataclass, field

Ring = list[tuple[float, float]]

FORBIDDING = ("keep_out", "no-go", "exclusion", "obstacle", "danger", "house", "well", "pond")
"""Words that must be understood wherever a role, a name, a folder or a layer says them."""
NEARLY = (
    "kep_out",
    "keepot",
    "keep  owt",
    "kiepout",
    "Sperrgebiet",
    "zone rouge",
    "x",
    "Polygon 7",
    "Untitled Polygon",
)
"""Words that no table has: beside or across other ground such a polygon has to be refused."""
WORK = ("work_area", "Work Area", "workarea", "WORK-AREA 1", "work areas", "Work_area: north")
SHAPES = ("polygon", "multi", "collection", "closed_line", "ring", "track", "donut", "hole", "rings_in_one", "circle")


@dataclass(frozen=True)
class Area:
    """One drawn thing: `parts` are polygons, each a list of open rings in metres, the shell first."""

    parts: list[list[Ring]]
    shape: str
    word: str | None
    """None: it says nothing of what it is."""
    told_in: str
    """role, name, folder, or another field that carries the word."""


@dataclass(frozen=True)
class Scene:
    """`worked` and `forbidden` are the truth as polygons; what is forbidden wins over what is worked."""

    seed: int
    lat_deg: float
    lon_deg: float
    areas: list[Area]
    worked: list[list[Ring]]
    forbidden: list[list[Ring]]
    holes: list[list[Ring]] = field(default_factory=list)
    """Forbidden too, but for what another work area claims of them."""
    claimed: list[list[Ring]] = field(default_factory=list)
    plain: bool = False
    """Drawn and told so plainly that it must be read."""

    def __str__(self) -> str:
        told = ", ".join(f"{a.shape} {a.told_in}={a.word!r}" for a in self.areas)
        return f"seed {self.seed}: {told}"


def convex(rng: random.Random, east_m: float, north_m: float, radius_m: float) -> Ring:
    """Four to eight corners round a place, anticlockwise."""
    count = rng.randint(4, 8)
    turns = sorted(rng.uniform(0.0, 2.0 * math.pi) for _ in range(count))
    spread = [2.0 * math.pi * k / count + 0.3 * math.sin(turn) for k, turn in enumerate(turns)]
    return [(east_m + radius_m * math.cos(a), north_m + radius_m * math.sin(a)) for a in spread]


def scaled(ring: Ring, factor: float) -> Ring:
    """About its middle."""
    east = sum(x for x, _ in ring) / len(ring)
    north = sum(y for _, y in ring) / len(ring)
    return [(east + factor * (x - east), north + factor * (y - north)) for x, y in ring]


def spelling(rng: random.Random, word: str, *, remark: bool = True) -> str:
    """The same word as people write it: case, joints, plural, number, a remark behind it."""
    parts = word.replace("-", "_").split("_")
    joint = rng.choice(["_", "-", " ", "", "_", " "])
    text = joint.join(parts)
    text = rng.choice([str.lower, str.upper, str.title, str.capitalize])(text)
    if rng.random() < 0.25:
        text += "S" if text.isupper() else "s"
    tail = rng.choice(["", "", " 1", " 12", "_3", "-2", *([": by the road", " (old)"] if remark else [])])
    return f"{rng.choice(['', '', ' '])}{text}{tail}"


def scene(seed: int, formats: tuple[str, ...], *, plain: bool) -> tuple[Scene, str]:
    """A scene and the format that it is to be written in; `plain`: nothing in it may be refused."""
    rng = random.Random(seed)
    format_ = rng.choice(formats)
    field_ring = _field(rng)
    draw = _Draw(rng, format_, field_ring, plain)
    areas = draw.everything()
    if rng.random() < 0.5:
        rng.shuffle(areas)
    lat_deg = rng.choice([44.8, -18.6, 9.1, 36.2, 61.0]) + rng.uniform(-0.2, 0.2)
    lon_deg = rng.choice([17.2, 46.9, -74.0, 103.8]) + rng.uniform(-0.2, 0.2)
    worked = [[field_ring], *draw.claimed]
    holes = [[hole] for hole in draw.holes]
    return Scene(seed, lat_deg, lon_deg, areas, worked, draw.forbidden, holes, draw.claimed, plain), format_


def _field(rng: random.Random) -> Ring:
    wide_m, high_m, turn = rng.uniform(30.0, 55.0), rng.uniform(26.0, 45.0), rng.uniform(0.0, math.pi)
    corners = [(-wide_m, -high_m), (wide_m, -high_m), (wide_m, high_m), (-wide_m, high_m)]
    if rng.random() < 0.3:
        corners[2:3] = [(wide_m, 0.3 * high_m), (0.4 * wide_m, 0.3 * high_m), (0.4 * wide_m, high_m)]
    cos, sin = math.cos(turn), math.sin(turn)
    return [(0.5 * (x * cos - y * sin), 0.5 * (x * sin + y * cos)) for x, y in corners]


class _Draw:
    def __init__(self, rng: random.Random, format_: str, field_ring: Ring, plain: bool) -> None:
        self.rng, self.format, self.ring, self.plain = rng, format_, field_ring, plain
        self.areas: list[Area] = []
        self.forbidden: list[list[Ring]] = []
        self.claimed: list[list[Ring]] = []
        self.holes: list[Ring] = []
        self.holes_in_one = False

    def everything(self) -> list[Area]:
        """All that is drawn; fills `forbidden`, `holes` and `claimed` on the way."""
        for place in self.rng.sample([(-9.0, -7.0), (8.0, -6.0), (-8.0, 6.0), (0.5, 0.0)], self.rng.randint(1, 3)):
            self._thing(place)
        shell = [self.ring, *self.holes]
        shape = "rings_in_one" if self.holes_in_one else "polygon"
        silent = self.format != "plan" and self.rng.random() < 0.3 and not self.claimed
        word = None if silent else self.rng.choice(WORK)
        told = self.rng.choice(("role", "name")) if self.format in ("kml", "kmz") else "role"
        work = [Area([shell], shape, word, told)]
        if self.claimed:
            work.append(Area(self.claimed, "polygon", "work_area", told))
        return work + self.areas

    def _thing(self, place: tuple[float, float]) -> None:
        ring = convex(self.rng, *place, self.rng.uniform(2.0, 4.5))
        shape = self.rng.choice(_shapes(self.format, self.plain))
        if shape in ("hole", "rings_in_one"):
            self._hole(ring, one=shape == "rings_in_one")
            return
        where = self.rng.choice(["inside", "inside", "across", "beside"])
        if shape == "circle":
            where = "inside"
        ring = self._moved(ring, where)
        parts = [[ring]]
        if shape in ("multi", "collection"):
            parts.append([self._moved(convex(self.rng, place[0] + 2.0, place[1] + 6.0, 1.5), where)])
        if shape == "donut":
            parts = [[ring, scaled(ring, 0.4)[::-1]]]
        if shape == "circle":
            middle = place
            radius_m = math.dist(ring[0], middle)
            ring = [
                (middle[0] + radius_m * math.cos(k / 32 * math.pi), middle[1] + radius_m * math.sin(k / 32 * math.pi))
                for k in range(64)
            ]
            parts = [[ring]]
        word, told_in = self._said(where, shape)
        self.areas.append(Area(parts, shape, word, told_in))
        self.forbidden.extend(parts)
        if not self.plain and self.rng.random() < 0.1:
            self.areas.append(self.areas[-1])

    def _said(self, where: str, shape: str) -> tuple[str | None, str]:
        """Beside the field only a word that must be known makes it forbidden; within it any word has to do."""
        if self.format == "plan":
            return "exclusion", "fence"
        told_in = self.rng.choice(["role", "role", "name", "folder"])
        loose = where != "beside" and not self.plain and shape not in ("closed_line", "ring", "track")
        if loose and self.rng.random() < 0.5:
            field_name = self.rng.choice(["role", "Role", "type", "class", "description", "label", "name", "folder"])
            return self.rng.choice((*NEARLY, *FORBIDDING, None)), field_name
        if not self.plain and told_in == "role":
            told_in = self.rng.choice(["role", "Role", "ROLE"])
        remark = not (self.plain and told_in == "folder")  # a folder's remark may be of what lies in it
        return spelling(self.rng, self.rng.choice(FORBIDDING), remark=remark), told_in

    def _hole(self, ring: Ring, *, one: bool) -> None:
        self.holes.append(ring[::-1])
        self.holes_in_one = self.holes_in_one or one
        if self.rng.random() < 0.2 and self.format != "plan":
            self.claimed.append([scaled(ring, 0.5)])

    def _moved(self, ring: Ring, where: str) -> Ring:
        """Inside: as it is. Across: over a middle of an edge. Beside: 12 m beyond it."""
        if where == "inside":
            return ring
        (x0, y0), (x1, y1) = self.ring[0], self.ring[1]
        middle = (0.5 * (x0 + x1), 0.5 * (y0 + y1))
        length = math.dist((x0, y0), (x1, y1))
        out = ((y1 - y0) / length, -(x1 - x0) / length)
        beyond_m = 0.0 if where == "across" else 12.0
        east = sum(x for x, _ in ring) / len(ring)
        north = sum(y for _, y in ring) / len(ring)
        shift_m = self.rng.uniform(-8.0, 8.0)
        along = ((x1 - x0) / length, (y1 - y0) / length)
        dx = middle[0] + out[0] * beyond_m + along[0] * shift_m - east
        dy = middle[1] + out[1] * beyond_m + along[1] * shift_m - north
        return [(x + dx, y + dy) for x, y in ring]


def _shapes(format_: str, plain: bool) -> tuple[str, ...]:
    if format_ == "plan":
        return ("polygon", "polygon", "circle")
    if format_ in ("kml", "kmz"):
        return SHAPES[:9] if not plain else ("polygon", "multi", "donut", "hole", "ring", "closed_line", "rings_in_one")
    if format_ == "geojson":
        return ("polygon", "multi", "collection", "closed_line", "donut", "hole")
    return ("polygon", "multi", "donut", "hole")
