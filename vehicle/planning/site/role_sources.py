"""Where a file states the role of a shape, and which source wins: role field, name, fields, description, folder.

A role field decides. Without one, any source that says keep-out wins, and a doubt about it is refused. If the role
field says that ground is worked or bears tracks, and another source says keep-out, the file contradicts itself and is
refused. A name or a description that only speaks of keep-outs (`role_mentions`) is reported.
"""

import re
from collections.abc import Iterator
from enum import Enum
from typing import Any

import msgspec

from vehicle.planning.site.role_mentions import Mention, mention_of
from vehicle.planning.site.role_words import (
    UNSURE,
    Heard,
    Level,
    heard,
    heard_in_prose,
    heard_of_a_folder,
    heard_whole,
    is_mixed,
    key_of,
    opens_with_safety_word,
    unnumbered,
)
from vehicle.planning.site.roles import BEARING, NAMES, words

FIELD_MAX = 60
"""A field with more words than this is prose."""
TOLD_MAX = 40
"""Number of letters of a text in a message."""
SHORT_WORDS = 3
"""Prose with up to this many words is taken as a name."""
DEPTH_MAX = 6
"""Largest depth of nested fields."""
SEVERAL_HOLES = 2
"""From this number of holes on, keep-outs in the plural may be the holes of the shape."""


class Kind(Enum):
    """The kind of place in the file where a word was found."""

    ROLE = "role"
    NAME = "name"
    CLASS = "class"
    FIELD = "field"
    PROSE = "prose"
    FOLDER = "folder"
    DOCUMENT = "document"
    STYLE = "style"
    STATE = "state"


class Source(msgspec.Struct, frozen=True):
    """A text that may state a role; `label` names it to the user."""

    kind: Kind
    label: str
    text: Any


class Verdict(msgspec.Struct, frozen=True):
    """`role`: None if no role is stated.

    `hint`: an object named among other words. `why`: the source, if there is no role field. `shared`: stated by a
    folder, a layer or a class, for everything in it. `notes`: what the user should read.
    """

    role: str | None
    explicit: bool = False
    shared: bool = False
    hint: str = ""
    why: str = ""
    notes: tuple[str, ...] = ()


class RoleError(Exception):
    """The role of a shape cannot be understood, or the file contradicts itself."""


WRITE = f"write one of {', '.join(NAMES)}"
CLASS_KEYS = words(
    "type typ class klass category cat kind zone zonetype areatype feature featuretype usage use function purpose "
    "layer group folder objecttype objtype subtype tag"
)
PROSE_KEYS = ("desc", "comment", "note", "remark", "popup", "snippet", "info", "text", "memo")
SKIPPED_KEYS = words(
    "origin source licence license attribution copyright author owner creator url link href address street city "
    "village country region email phone file filename path username ownername authorname operatorname place crop "
    "outside tripwires overrun taskrole basis by saidby assuredby who saidon assuredon when date"
)
NO, YES = ("", "0", "no", "false", "n", "f", "none", "null", "off"), ("1", "yes", "true", "y", "t", "x", "on")
DENYING = words("include included workable flail flailable allowed permitted")
"""Names of yes/no fields that say whether ground is to be worked."""
STATES = DENYING | words(
    "status state approved confirmed verified checked safe open passable drivable accessible active"
)
"""Names of yes/no fields that say whether the drawn role applies."""
DENIED = words("cancelled canceled suspended stopped expired revoked rejected blocked")
UNTOLD = words(
    "not no yet started begun done finished complete completed applicable available assigned cleared processed known "
    "specified set defined evaluated surveyed verified reported recorded"
)
"""A field made of such words (`not started`, `not specified`) says what is unknown or not done, and no role."""
DEGREES = ("low", "medium", "high", "minor", "major", "moderate", "unknown", "n/a")
"""Words for amounts, which state no role."""


def sources_of(member: dict[str, Any], told: tuple[Source, ...] = ()) -> list[Source]:
    """Return all texts of a GeoJSON feature that may state a role, and those that its reader found elsewhere."""
    found = list(told)
    outer = {
        key: value for key, value in member.items() if key not in ("type", "geometry", "properties", "bbox", "place")
    }
    geometry = member.get("geometry")
    inner = geometry if isinstance(geometry, dict) else {}
    inner = {
        key: value for key, value in inner.items() if key not in ("type", "coordinates", "geometries", "bbox", "crs")
    }
    for fields in (member.get("properties"), outer, inner):
        found += _fields(fields, 0)
    return found


def _fields(fields: Any, depth: int) -> Iterator[Source]:
    if not isinstance(fields, dict) or depth > DEPTH_MAX:
        return
    for key, value in fields.items():
        plain = "".join(c for c in str(key).casefold() if c.isalnum())
        if isinstance(value, dict) and value and _says_keep_out(str(key)):
            yield Source(Kind.FIELD, f"field {key!r}", str(key))
        elif isinstance(value, dict) and not _is_role_key(plain):
            yield from _fields(value, depth + 1)
        elif isinstance(value, list) and value and _says_keep_out(str(key)):
            yield Source(Kind.FIELD, f"field {key!r}", str(key))  # lists in these fields are not read
        elif isinstance(value, list) and not _is_role_key(plain):
            yield from _fields({f"{key}": next((v for v in value if isinstance(v, str)), None)}, depth + 1)
            yield from (source for row in value for source in _fields(row, depth + 1))
        elif value is not None:
            yield _field(str(key), plain, value)
            if plain in STATES and _denies(value):
                yield Source(Kind.STATE, f"field {key!r}", value)


def _denies(value: Any) -> bool:
    """Whether a value is `no` or a word such as `closed`; an empty value states nothing."""
    text = str(value).strip().casefold()
    if isinstance(value, bool | int | float):
        return not value
    return text in ("no", "false", "n", "0", "off") or bool((DENIALS | DENIED) & set(re.findall(r"[^\W\d_]+", text)))


def _is_role_key(plain: str) -> bool:
    if plain == "taskrole":  # of the whole task, not of a shape
        return False
    return plain.rstrip("s").endswith("role") or plain in ("rol", "rolle", "rle")


def _field(key: str, plain: str, value: Any) -> Source:
    label = f"field {key!r}"
    if _is_role_key(plain):
        return Source(Kind.ROLE, "role" if plain == "role" else label, value)
    if plain in SKIPPED_KEYS:
        return Source(Kind.FIELD, label, "")
    if isinstance(value, bool | int | float) or str(value).strip().casefold() in (*NO, *YES):
        return Source(Kind.FIELD, label, _by_key(key, value))
    if plain.startswith(PROSE_KEYS) or len(str(value)) > FIELD_MAX:
        return Source(Kind.PROSE, label, value)
    if plain in ("title", "label") or plain.endswith("name") or plain.startswith("name"):
        return Source(Kind.NAME, "name", value)
    if str(value).strip().casefold() in DEGREES:
        return Source(Kind.FIELD, label, "")
    if _says_keep_out(key):
        return Source(Kind.FIELD, label, key)  # {"keepout": "the old well"}
    untold = set(str(value).casefold().split()) <= UNTOLD
    return Source(Kind.CLASS if plain in CLASS_KEYS else Kind.FIELD, label, "" if untold else value)


def _says_keep_out(key: str) -> bool:
    found = heard(key)
    sure = found is not None and found.strong and found.level is Level.SURE
    return sure and found is not None and found.role == "keep_out" and _is_exact(key)


def _by_key(key: str, value: Any) -> str:
    """Return the role stated by the key of a yes/no field: {"keepout": true}, {"building": "yes"}."""
    found, text = heard(key), str(value).strip().casefold()
    number = isinstance(value, int | float) and not isinstance(value, bool)
    no = text in NO or (number and value == 0)
    if found is None or not _is_exact(key, number=number):
        return ""
    if found.role == "keep_out" and not no and (found.strong or (text in YES and not number)):
        return key
    return "do not" if no and found.role in ("perimeter", "work_area", "safe_ground") else ""


def field_source(key: str, value: str) -> Source:
    """Return the source for a field that a reader delivers as text."""
    return _field(key, "".join(c for c in key.casefold() if c.isalnum()), value)


def _is_exact(key: str, *, number: bool = False) -> bool:
    """Whether the whole key is the word, not only a part of it (`house_number`, `building_area`)."""
    word = key.strip(" _-")
    for before in ("is_", "is ", "has_", "is"):
        if word.casefold().startswith(before) and heard(word[len(before) :]) is not None:
            word = word[len(before) :]
    found = heard_whole(word)
    tokens = key_of(word)
    part = ("number", "nr", "no", "id", "count") + (("area",) if number else ())
    return found is not None and not tokens.endswith(part)


# --- what wins -------------------------------------------------------------------------------------------------------
def judged(sources: list[Source], holes: int = 0) -> Verdict:
    """Return the role of a shape with a number of holes.

    Raises RoleError that names the source and says what to write.
    """
    told = [source for source in sources if source.kind is Kind.ROLE and source.text not in (None, "")]
    said = [(source, found) for source in sources if source.kind is not Kind.ROLE and (found := _heard(source))]
    if told:
        return _explicit(told, said, sources, holes)
    keep = next((row for row in said if row[1].role == "keep_out" and row[1].level is Level.SURE), None)
    sure = [row for row in said if row[1].level is Level.SURE]
    states = [source for source in sources if source.kind is Kind.STATE]
    if keep is not None:
        others = [row for row in sure if row[1].role != "keep_out"]
        notes = [f"its {_told(keep[0])} says keep_out, its {_told(s)} {f.role}: kept out" for s, f in others[:1]]
        return Verdict("keep_out", notes=tuple(notes), why=_told(keep[0]))
    doubt = next((row for row in said if row[1].level is Level.DOUBT), None)
    if doubt is not None:
        raise RoleError(f"its {_told(doubt[0])} may mean {doubt[1].role} or the contrary; give it a role: {WRITE}")
    if sure:
        own = any(source.kind is Kind.NAME for source, _ in sure)
        role = _nearest(sure)
        return Verdict(role, why=_told(sure[0][0]), shared=not own, notes=_states_told(role, states))
    if denied := [source for source in states if _plain_key(source) in DENYING]:
        raise RoleError(f"its {_told(denied[0])} may mean keep_out; give it a role: {WRITE}")
    hint = next((_told(source) for source, found in said if found.level is Level.HINT), "")
    return Verdict(None, hint=hint, notes=_states_told("work_area", states))


DENIALS = words("not no non isn never unsafe closed blocked denied cancelled canceled")


def _plain_key(source: Source) -> str:
    return "".join(c for c in source.label.removeprefix("field").casefold() if c.isalnum())


def _states_told(role: str, states: list[Source]) -> tuple[str, ...]:
    """Report fields that deny a role, such as work that is finished or postponed.

    Raises RoleError if one contradicts.
    """
    for source in states:
        if role in BEARING or (role == "work_area" and _plain_key(source) in DENYING):
            raise RoleError(f"it is {role}, its {_told(source)} may mean the contrary; correct one of them")
    told = [source for source in states if role == "work_area" and _plain_key(source) != "safe"]
    return tuple(f"its {_told(source)}: worked all the same" for source in told)


def _check_bearing(role: str, names: list[Source]) -> None:
    """Refuse bearing ground with a name that means the contrary."""
    for source in names if role in BEARING else ():
        text = unnumbered(str(source.text).casefold())
        if (DENIALS | UNSURE) & set(re.findall(r"[^\W\d_]+", text)) or "?" in text:
            raise RoleError(f"its role says {role}, its {_told(source)} may mean the contrary; correct one of them")


def _explicit(told: list[Source], said: list[tuple[Source, Heard]], sources: list[Source], holes: int) -> Verdict:
    roles = {}
    for source in told:
        text = source.text[0] if isinstance(source.text, list) and len(source.text) == 1 else source.text
        found = heard(text) if isinstance(text, str) else None
        if found is None or found.level is not Level.SURE:
            raise RoleError(f"has role {source.text!r}; {WRITE}")
        roles[found.role] = source
    if len(roles) > 1:
        raise RoleError(f"has the roles {' and '.join(roles)}; keep one")
    role = next(iter(roles))
    if role not in ("work_area", "perimeter", *BEARING):
        return Verdict(role, explicit=True)
    _check_bearing(role, [source for source in sources if source.kind is Kind.NAME])
    states = _states_told(role, [source for source in sources if source.kind is Kind.STATE])
    against = [(source, found) for source, found in said if found.role == "keep_out"]
    for source, found in against:
        if found.level is Level.SURE and not _only_speaks(_mention(source), role, holes):
            raise RoleError(f"its role says {role}, its {_told(source)} says keep_out; correct one of them")
    notes = [f"its {_told(source)} speaks of a keep-out; its role {role} decides" for source, _ in against]
    if not holes and any(_mention(source) is Mention.HOLDING for source, _ in against):
        notes.append("it has no hole: look whether all its keep-outs are drawn")
    return Verdict(role, explicit=True, notes=(*notes, *states))


def _mention(source: Source) -> Mention | None:
    """Return how a free text speaks of keep-outs; a class, a field, a folder and a style state what the shape is."""
    return mention_of(str(source.text)) if source.kind in (Kind.NAME, Kind.PROSE) else None


def _only_speaks(mention: Mention | None, role: str, holes: int) -> bool:
    """Whether keep-outs are only spoken of, beside the shape or in it; in it never where the tracks would stand."""
    if mention is Mention.PLURAL:
        return role not in BEARING and holes >= SEVERAL_HOLES
    return mention is Mention.BESIDE or (mention is Mention.HOLDING and role not in BEARING)


def _nearest(sure: list[tuple[Source, Heard]]) -> str:
    """Return the nearest source: a name before a folder; two equally near sources that differ are refused."""
    near = [row for row in sure if row[0].kind not in (Kind.FOLDER, Kind.DOCUMENT)] or sure[:1]
    for source, found in near[1:]:
        if found.role != near[0][1].role:
            first, role = near[0][0], near[0][1].role
            raise RoleError(f"its {_told(first)} says {role}, its {_told(source)} says {found.role}; {WRITE}")
    return near[0][1].role


def _heard(source: Source) -> Heard | None:
    text = source.text
    if not isinstance(text, str) or not text.strip() or source.kind is Kind.STATE:
        return None
    match source.kind:
        case Kind.NAME:
            return heard(text)
        case Kind.PROSE:
            return heard_in_prose(text) or (
                _keep_out_only(heard_whole(text)) if len(text.split()) <= SHORT_WORDS else None
            )
        case Kind.CLASS:
            return heard_whole(text)
        case Kind.FIELD | Kind.STYLE:
            found = heard_whole(text.lstrip("#"))
            return found if found is not None and found.role == "keep_out" else None
        case Kind.DOCUMENT:
            found = heard_whole(text)
            safety = found is not None and found.role == "keep_out" and found.strong
            return found if safety and opens_with_safety_word(text) and not is_mixed(text) else None
        case _:
            return None if is_mixed(text) else heard_of_a_folder(text)


def _keep_out_only(found: Heard | None) -> Heard | None:
    """Return only words of a description that mean keep-out; its other words are ignored."""
    return found if found is not None and found.role == "keep_out" and found.level is not Level.HINT else None


def _told(source: Source) -> str:
    text = " ".join(str(source.text).split())[:TOLD_MAX]
    return f"{source.label} {text!r}" if source.label not in str(text) else source.label
