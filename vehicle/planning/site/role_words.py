"""Finds a role in a text: case, punctuation, plurals and numbers are ignored; negations make it doubtful."""

import re
import unicodedata
from enum import IntEnum
from itertools import pairwise

import msgspec

from vehicle.planning.site.roles import BEARING, ROLES, words

LONG_WORDS = 6
"""A text with more words than this is a sentence: a safety word in it makes a doubt and is no name."""
FILLERS = words(
    "area zone polygon region boundary outline buffer place location ground land shape layer map site footprint point "
    "line path ring placemark feature untitled the a an my new copy of for part no nr number big small large little "
    "old north south east west northern southern eastern western upper lower left right inner outer main"
)
LAND = words(
    "field paddock meadow pasture orchard block parcel plot lot farm farmland strip sector hill grassland vineyard "
    "cropland acre garden"
)
PREPOSITIONS = words(
    "near by at beside behind next around round along with without of in on to from between opposite towards beyond "
    "under over across and"
)
NEGATIONS = words(
    "not no non isn never former formerly ex removed cancelled canceled lifted gone demolished without except "
    "excluding outside none nothing closed denied planned proposed maybe perhaps unknown false"
)


MIXING = words("and with plus incl including")
VERBS = words("enter work drive flail mow process go cross touch treat plan use include cover disturb walk pass till")
ACTS = VERBS - {"disturb", "touch"} | words("machine machines vehicle vehicles entry access tracks work working")
UNSURE = words(
    "unconfirmed unverified unchecked uncleared unsurveyed suspected suspect pending tbc tbd mines mined uxo "
    "contaminated dangerous"
)
"""Ground described with one of these words is not bearing ground."""


class Level(IntEnum):
    """HINT: an object among other words. DOUBT: a safety word, negated, mixed or misspelt. SURE: the role is clear."""

    HINT = 0
    DOUBT = 1
    SURE = 2


class Heard(msgspec.Struct, frozen=True):
    """What a text says about a role."""

    role: str
    level: Level
    strong: bool = True
    """True: stated by one of the role's words; False: by the nature of an object."""


def heard(text: str) -> Heard | None:
    """Return what a name or a field says about a role; None if nothing."""
    parts = segments_of(text)
    flat = [token for part in parts for token in part]
    if not flat:
        return None
    safety = found_in(flat, STRONG)
    if safety:
        return _strong(flat, safety)
    leading = _leading(parts, flat)
    if leading is not None and leading.role in BEARING and "?" in text:
        return Heard(leading.role, Level.DOUBT)
    return leading or _thing(parts, flat) or _nearly(parts, flat)


def heard_in_prose(text: str) -> Heard | None:
    """Return what a description says: only words that always mean a keep-out count, such as `keep out`."""
    flat = [token for part in segments_of(text) for token in part]
    for key, _, end in found_in(flat, STRONG):
        if key in ("donot", "mustnot") and not (end < len(flat) and flat[end] in VERBS):
            continue
        if key in ("notallowed", "notpermitted") and not ACTS & set(flat):
            continue
        if key in PLAIN:
            found = heard(text)
            return found if found is not None and found.strong else Heard("keep_out", Level.DOUBT)
    return None


def heard_whole(text: str) -> Heard | None:
    """Return what a text says if it is only a role's word and numbering, or a doubt about a safety word."""
    found = heard(text)
    if found is None or (found.strong and found.role == "keep_out"):
        return found
    keys = STRONG.keys() | THINGS.keys() | OTHERS.keys()
    core = core_of([token for part in segments_of(text) for token in part])
    whole = {"".join(core), "".join(map(singular_of, core)), key_of(text)} & keys
    return found if found.level is Level.SURE and whole else None


def heard_of_a_folder(text: str) -> Heard | None:
    """Return what a folder or layer says of its content; an object with a remark (`Pond: by the road`) is a doubt."""
    whole, found = heard_whole(text), heard(text)
    if whole is not None or found is None or found.strong or found.level is not Level.SURE:
        return whole
    return Heard(found.role, Level.DOUBT, strong=False)


def opens_with_safety_word(text: str) -> bool:
    """Whether a text begins with a keep-out word, like the name of a file that holds only keep-outs."""
    flat = [token for part in segments_of(text) for token in part]
    return any(start == 0 for _, start, _ in found_in(flat, STRONG))


def is_mixed(text: str) -> bool:
    """Whether a text names several things (`Field and keep-outs`)."""
    return any(token in MIXING for part in segments_of(text) for token in part) or "+" in text


def starts_here(text: str) -> bool:
    """Whether a text names a place where a plan should begin or end."""
    return any(
        token in {"start", "begin", "entry", "home", "takeoff", "launch"} for p in segments_of(text) for token in p
    )


def _strong(flat: list[str], found: list[tuple[str, int, int]]) -> Heard:
    used = {k for _, start, end in found for k in range(start, end)}
    rest = [token for k, token in enumerate(flat) if k not in used]
    sentence = len(flat) > LONG_WORDS and min(start for _, start, _ in found) > 0
    doubt = any(token in NEGATIONS for token in rest) or bool(found_in(rest, OTHERS)) or sentence
    return Heard("keep_out", Level.DOUBT if doubt else Level.SURE)


def _leading(parts: list[list[str]], flat: list[str]) -> Heard | None:
    at_front = [row for row in found_in(flat, OTHERS) if row[1] == 0]
    if not at_front:
        return None
    key, _, end = max(at_front, key=lambda row: row[2])
    role, rest = OTHERS[key], flat[end:]
    if _head(parts[0]) in LAND and key in ONE_WORD:
        return None  # `Marker Farm` is a farm
    named = rest if role == "perimeter" else _untied(parts, end)  # a perimeter of a house holds in the house
    doubt = any(token in NEGATIONS for token in rest) or any(_is_thing(token) for token in named)
    doubt = doubt or (role in BEARING and bool(UNSURE & set(named)))
    if not doubt and role != "work_area":
        return Heard(role, Level.SURE)
    if doubt:
        return Heard(role, Level.DOUBT)
    # many names begin with `work` or `survey`: they are the role only if nothing but numbering follows
    whole = key in ("workarea", "workingarea", "workzone", "workingzone", "taskarea") or end == len(parts[0])
    return Heard(role, Level.SURE) if whole or not core_of(rest) else None


def _untied(parts: list[list[str]], end: int) -> list[str]:
    """Return the words after the leading phrase, without prepositional phrases (`to the well`)."""
    first = parts[0][end:]
    at = next((k for k, token in enumerate(first) if token in PREPOSITIONS), len(first))
    return first[:at] + [token for part in parts[1:] for token in part]


def _thing(parts: list[list[str]], flat: list[str]) -> Heard | None:
    if not any(_is_thing(token) for token in flat) and not found_in(flat, THINGS):
        return None
    parts = [_with_pairs(part) for part in parts]
    heads = [_head(part) for part in parts]
    first, others = heads[0], heads[1:]
    if _is_count(flat):
        return Heard("keep_out", Level.HINT, strong=False)
    if any(token in NEGATIONS for token in flat) and first not in LAND:
        return Heard("keep_out", Level.DOUBT, strong=False)
    if first is not None and _is_thing(first):
        return Heard("keep_out", Level.SURE, strong=False)
    if first is None and any(head is not None and _is_thing(head) for head in others):
        return Heard("keep_out", Level.SURE, strong=False)
    if first in LAND and not any(head is not None and _is_thing(head) for head in others):
        return None
    return Heard("keep_out", Level.HINT, strong=False)


def _is_count(flat: list[str]) -> bool:
    """Whether a number is a count: `arable 4 holes` is a field with four holes."""
    counted = (k for k in range(1, len(flat)) if flat[k - 1].isdigit() and singular_of(flat[k]) != flat[k])
    return any(_is_thing(flat[k]) and bool(core_of(flat[: k - 1])) for k in counted)


def _head(part: list[str]) -> str | None:
    """Return the noun of a phrase: the last word before a preposition, without numbering and fillers; None if none."""
    at = next((k for k, token in enumerate(part) if token in PREPOSITIONS), len(part))
    core = core_of(part[:at])
    if not core:
        return None
    return core[-1]


def _with_pairs(part: list[str]) -> list[str]:
    """`power lines` as one word."""
    joined: list[str] = []
    for token in part:
        pair = (joined[-1] + singular_of(token)) if joined else ""
        joined[-1:] = [pair] if pair in THINGS else [*joined[-1:], token]
    return joined


def core_of(tokens: list[str]) -> list[str]:
    """Return the words that are neither numbering nor fillers."""
    return [
        token
        for token in tokens
        if token not in FILLERS and not _is_number(token) and singular_of(token) not in FILLERS
    ]


def _nearly(parts: list[list[str]], flat: list[str]) -> Heard | None:
    """Whether a text may be a misspelt safety word (one or two letters differ), or holds an unclear `not`."""
    if _head(parts[0]) not in LAND and any(token in ("not", "never") for token in flat):
        return Heard("keep_out", Level.DOUBT)
    pairs = [a + b for tokens in (flat, list(map(singular_of, flat))) for a, b in pairwise(tokens)]
    for word in (*flat, *pairs):
        if word.startswith(DOUBTFUL):
            return Heard("keep_out", Level.DOUBT)
        if word in KNOWN or len(word) < 5:
            continue
        long = () if _head(parts[0]) in LAND else LONG  # `Ranger field` is a field
        if any(word[0] == safe[0] and _distance(word, safe, 2) <= 2 for safe in MISSPELT) or any(
            _distance(word, safe, 1) <= 1 for safe in long
        ):
            return Heard("keep_out", Level.DOUBT)
    return None


def found_in(tokens: list[str], table: dict[str, str]) -> list[tuple[str, int, int]]:
    """Return (key, start, end) of every phrase of a table found in a text, in any spelling."""
    rows = []
    for start in range(len(tokens)):
        joined = single = ""
        for end in range(start + 1, min(start + 5, len(tokens) + 1)):
            joined, single = joined + tokens[end - 1], single + singular_of(tokens[end - 1])
            rows += [(key, start, end) for key in {joined, single} & table.keys()]
        if table is STRONG and not any(row[1] == start for row in rows):
            rows += [(key, start, start + 1) for key in WITHIN if key in tokens[start]][:1]
    return rows


def _is_thing(token: str) -> bool:
    return token in THINGS or singular_of(token) in THINGS


def _is_number(token: str) -> bool:
    return len(token) == 1 or token.isdigit() or bool(re.fullmatch(r"[ivx]+", token))


def singular_of(token: str) -> str:
    """Return an English word in the singular."""
    if len(token) < 4 or not token.endswith("s") or token.endswith(("ss", "us", "is")):
        return token
    if token.endswith("ies"):
        return token[:-3] + "y"
    return token[:-2] if re.search(r"(ch|sh|x|ss)es$", token) else token[:-1]


def segments_of(text: str) -> list[list[str]]:
    """Return lists of lower-case words, one for each part between marks; camel case and numbers are split."""
    plain = re.sub(r"<[^>]*>|&\w+;", " ", unicodedata.normalize("NFKC", text))
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain)
    plain = (
        plain.casefold()
        .replace("&", " and ")
        .replace("\u2019", "'")
        .replace("don't", "do not")
        .replace("isn't", "is not")
    )
    plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    parts = re.split(r"[,:;()\[\]{}/|\n\u2013\u2014]| - |\. ", unnumbered(plain))
    return [row for row in (re.findall(r"[^\W\d_]+|\d+", part) for part in parts) if row]


def unnumbered(text: str) -> str:
    """Drop the word before a number: the `no` in `no. 4` denies nothing."""
    return re.sub(r"\b(no|nr|number)[ ._]*(?=\d)", " ", text)


def _distance(one: str, other: str, limit: int) -> int:
    """Edit distance: letters changed, removed, added or swapped; exact only up to the limit."""
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    rows = [list(range(len(other) + 1))]
    for i, a in enumerate(one, start=1):
        row = [i]
        for j, b in enumerate(other, start=1):
            cost = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, rows[-2][j - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1]


def key_of(phrase: str) -> str:
    """Return the look-up key of a phrase: its words joined, in the singular."""
    return "".join(singular_of(token) for part in segments_of(phrase) for token in part)


STRONG = {key_of(word): "keep_out" for role in ROLES if role.name == "keep_out" for word in role.words}
PLAIN = frozenset(key_of(w) for role in ROLES if role.name == "keep_out" for w in role.words if " " in w)
THINGS = {key_of(word): "keep_out" for role in ROLES for word in role.things}
OTHERS = {key_of(word): role.name for role in ROLES if role.name != "keep_out" for word in (role.name, *role.words)}
ONE_WORD = frozenset(key_of(w) for role in ROLES for w in role.words if " " not in w)
WITHIN = tuple(key for key in STRONG if len(key) >= 7)
"""Keys long enough to be searched inside a longer word: `keepoutzone`."""
MISSPELT = ("keepout", "noentry", *(key for key in STRONG if len(key) >= 8))
LONG = tuple(key for key in STRONG if len(key) >= 6) + tuple(key for key in THINGS if len(key) >= 7)
DOUBTFUL = ("obsta", "obsti", "obste", "dangerous", "hazard")
"""Beginnings of words that may mean ground to be worked or ground to be left."""
KNOWN = words("inclusion included include") | STRONG.keys() | THINGS.keys() | OTHERS.keys()
