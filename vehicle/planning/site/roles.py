"""The table of roles of a shape, and of the words that people use for them.

A word that is nearly right is understood or refused, never ignored. Case, spaces, hyphens, underscores, plurals and
numbers make no difference; negations, mixtures and spelling mistakes make a doubt. `role_sources` decides where in a
file the words stand, `role_words` how they are understood.
"""

import msgspec


class Role(msgspec.Struct, frozen=True):
    """One row of the table. `words`: how it may be written; `things`: what is kept out by its nature."""

    name: str
    shape: str
    meaning: str
    words: tuple[str, ...]
    things: tuple[str, ...] = ()


ROLES = (
    Role(
        "work_area", "polygon", "ground to process; its holes are keep-outs unless another work area covers them",
        (
            "work area", "work", "working area", "work zone", "working zone", "task area", "treatment area",
            "processing area", "survey area", "survey", "SHA", "CHA", "suspected hazardous area",
            "confirmed hazardous area", "hazardous area", "minefield", "mined area",
        ),
    ),
    Role(
        "keep_out", "polygon", "neither tracks nor tool enter; `exclusion` means the same",
        (
            "keep out", "keep off", "keep away", "keep clear", "kept out", "stay out", "stay off", "stay away",
            "leave out", "leave alone", "no go", "no gos", "no entry", "no access", "no drive", "no driving", "no work",
            "no working", "no flail", "no flailing", "no mow", "no mowing", "no fly", "no processing", "do not",
            "don't", "hands off", "off limits", "out of bounds", "exclusion", "exclude", "excluded", "forbidden",
            "prohibited", "restricted", "avoid", "avoidance", "obstacle", "obstruction", "danger", "blocked", "unsafe",
            "impassable", "skip", "not workable", "unworkable", "unusable", "do not work", "do not survey", "must not",
            "not allowed", "not permitted",
        ),
        (
            "house", "building", "hut", "shed", "barn", "garage", "greenhouse", "church", "mosque", "school", "ruin",
            "wall", "well", "pond", "lake", "pool", "water", "stream", "river", "creek", "ditch", "trench", "canal",
            "swamp", "marsh", "tree", "hedge", "rock", "boulder", "cliff", "crater", "pit", "hole", "void", "cutout",
            "cut out", "grave", "cemetery", "mast", "pole", "pylon", "tower", "tank", "cistern", "silo", "pipe",
            "pipeline", "cable", "power line", "culvert", "monument", "wreck",
        ),
    ),
    Role("safe_ground", "polygon", "bears the tracks before any work", ("safe ground", "safe area", "safe lane")),
    Role("access", "polygon", "bears the tracks: a road in", ("access", "access road", "access lane", "access route")),
    Role(
        "parking", "polygon, point",
        "bears the tracks: where vehicles stand. A point says where the machine parks, on safe ground, with "
        "`heading_deg` if it is to point in one direction",
        ("parking", "car park", "parking lot", "parking bay", "parking point"),
    ),
    Role(
        "perimeter", "polygon", "holds the machine in: no work and no driving outside; it asks for no work itself",
        ("perimeter", "inclusion", "inclusion fence", "inclusion zone", "hold in", "keep in", "stay in"),
    ),
    Role(
        "slope", "polygon",
        "ground of `slope_deg`; steeper than the machine's limit it is a keep-out, else the whole site is planned "
        "for the steepest such slope",
        ("slope",),
    ),
    Role(
        "marker", "point, line, polygon", "stake, sign or tape: a keep-out of `radius_m` until `taken_down`",
        ("marker", "stake", "marking tape", "mine sign", "warning sign", "marking stake"),
    ),
    Role(
        "control_point", "point, polygon", "like a marker: a surveyed mark that must stay",
        ("control point", "survey point", "reference point"),
    ),
    Role(
        "base_station", "point, polygon", "like a marker: the reference receiver",
        ("base station", "rtk base", "gnss base", "reference station"),
    ),
    Role(
        "operator_post", "point, polygon", "like a marker: where people stand",
        ("operator post", "operator", "command post", "control post", "operator position"),
    ),
    Role("benchmark", "point", "surveyed; the first is the origin of all metres", ("benchmark", "bench mark")),
    Role("turning_point", "point", "a corner post, drawn in the maps", ("turning point",)),
)  # fmt: skip


def words(text: str) -> frozenset[str]:
    """A list of words."""
    return frozenset(text.split())


NAMES = tuple(role.name for role in ROLES)
STANDING = ("marker", "control_point", "base_station", "operator_post")
"""Roles of standing objects: kept out within a radius until marked as taken down."""
BEARING = ("safe_ground", "access", "parking")
"""Roles of ground where tracks may stand at the start: a named person must answer for it."""
POINT_ROLES = ("benchmark", "turning_point")


def table() -> str:
    """Return the table of roles as the documentation prints it."""
    rows = ["| `role` | shape | meaning | also written |", "|---|---|---|---|"]
    for role in ROLES:
        things = f"; by its nature: {', '.join(role.things)}" if role.things else ""
        rows.append(f"| `{role.name}` | {role.shape} | {role.meaning} | {', '.join(role.words)}{things} |")
    return "\n".join(rows)
