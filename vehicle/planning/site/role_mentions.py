"""Tells a name that speaks of keep-outs (`field with keep-outs`) from the name of a keep-out (`Keep-out 3`).

It is asked only about a shape whose role field says something else. In doubt a text is taken as a name, and the file
is refused.
"""

import re
from enum import Enum

from vehicle.planning.site.role_words import (
    FILLERS,
    NEGATIONS,
    PREPOSITIONS,
    STRONG,
    VERBS,
    Level,
    core_of,
    found_in,
    heard,
    segments_of,
    singular_of,
)
from vehicle.planning.site.roles import words

NOUNS = words("keepout nogo exclusion obstacle obstruction keepoutzone keepoutarea exclusionzone exclusionarea")
"""Keys of words that can be spoken of; the others give an order (`do not enter`, `keep off`)."""
QUALITIES = words("excluded forbidden prohibited restricted unworkable impassable blocked unsafe")
"""Words that can be spoken of before a noun in the plural (`restricted areas`)."""
PLURALS = words("areas zones regions parts places polygons")
BESIDE = words("near by beside behind around round along between next opposite")
HOLDING = words("with incl including containing")
ARTICLES = words("a an the my its new copy for")
SMALL = FILLERS | words("to one two three four five six seven eight nine ten some several many few its")
"""Words that may stand between a preposition and a word in the singular; others make an order of it."""
NOT_OWN = SMALL | PREPOSITIONS - {"round"} | words("ha m km sqm hectare hectares acre acres")
"""Words that name no ground: `two keep-outs 3 ha` is a name of keep-outs, `round keep-outs` speaks of a round field."""
ABBREVIATION = re.compile(r"\bincl\. ", re.IGNORECASE)


class Mention(Enum):
    """BESIDE: keep-outs elsewhere. HOLDING: keep-outs in the shape. PLURAL: several, after a word of its own."""

    BESIDE = "beside"
    HOLDING = "holding"
    PLURAL = "plural"


def mention_of(text: str) -> Mention | None:
    """Return how a text speaks of keep-outs; None if it may name the shape itself a keep-out, or gives an order."""
    parts = segments_of(ABBREVIATION.sub("incl ", text))
    within = [_places(part) for part in parts]
    if sum(map(len, within)) != len(_places([token for part in parts for token in part])):
        return None  # a mark cuts the word in two
    found = set[Mention | None]()
    for k, part in enumerate(parts):
        earlier = [token for row in parts[:k] for token in row]
        found |= {_mention(earlier, part, *place) for place in within[k]}
    if not found or None in found or _names_otherwise(parts, within):
        return None
    return next(kind for kind in (Mention.PLURAL, Mention.HOLDING, Mention.BESIDE) if kind in found)


def _places(tokens: list[str]) -> list[tuple[int, int]]:
    """Return (start, end) of each keep-out word, the longest one where several begin at one place."""
    longest: dict[int, int] = {}
    for _, start, end in found_in(tokens, STRONG):
        longest[start] = max(end, longest.get(start, 0))
    return sorted(longest.items())


def _mention(earlier: list[str], part: list[str], start: int, end: int) -> Mention | None:
    """Return how one part of a text speaks of keep-outs; `earlier`: the words of the parts before it."""
    before, word, after = part[:start], "".join(part[start:end]), part[end:]
    plural = singular_of(word) != word or after[:1] in [[noun] for noun in PLURALS]
    noun = singular_of(word) in NOUNS or (plural and word in QUALITIES)
    if not noun or (VERBS | NEGATIONS) & {*before, *after}:
        return None
    tie = next((token for token in _ties(before, plural=plural) if token in BESIDE | HOLDING), None)
    ground = [token for token in (*earlier, *before) if token not in PREPOSITIONS | HOLDING | ARTICLES]
    if tie is not None and (earlier or before[0] != tie) and ground:
        return Mention.HOLDING if tie in HOLDING else Mention.BESIDE
    own = [token for token in core_of(before) if token not in NOT_OWN]
    return Mention.PLURAL if plural and own else None


def _ties(before: list[str], *, plural: bool) -> list[str]:
    """Return the words of which one may tie a keep-out word to what stands before.

    In the singular only small words may stand between them: `by the road keep out` gives an order.
    """
    small = [word in SMALL or word.isdigit() for word in before]
    return [token for at, token in enumerate(before) if plural or all(small[at + 1 :])]


def _names_otherwise(parts: list[list[str]], within: list[list[tuple[int, int]]]) -> bool:
    """Whether the text, without what it says of the keep-outs, still names one (`house with keep-outs`)."""
    rest = []
    for part, places in zip(parts, within, strict=True):
        end = places[0][0] if places else len(part)
        tied = (k for k, token in enumerate(part[:end]) if token in PREPOSITIONS | HOLDING)
        rest.append(" ".join(part[: next(tied, end)] if places else part))
    said = heard(", ".join(rest))
    return said is not None and said.role == "keep_out" and said.level is not Level.HINT
