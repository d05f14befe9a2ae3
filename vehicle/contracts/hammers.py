"""What a count of hammers means: which hammer tracks it names, what the record loses by it, and that in words."""

import re
from typing import Final

import msgspec


class Hammers(msgspec.Struct, frozen=True, kw_only=True):
    """The hammers of a machine's tool, as its profile has them. 0: the tool has none.

    `stripe_m`: what a missing one leaves unstruck [m]; 0 where it leaves nothing, None where nobody measured it.
    """

    count: int = 0
    per_track: int = 0
    stripe_m: float | None = None

    @property
    def tracks(self) -> int:
        """Number of hammer tracks: lines of the ground, each struck by `per_track` hammers in turn."""
        return self.count // max(1, self.per_track)


def named_tracks(text: str) -> tuple[int, ...]:
    """Tracks of missing hammers, each once: all that follows the word `missing`. With any other word there, none is."""
    told = re.fullmatch(r".*?\bmissing\b((?:[\s,;:]|\band\b|[0-9])*)", text.lower(), re.ASCII | re.DOTALL)
    return tuple(dict.fromkeys(int(word) for word in re.findall(r"[0-9]+", told[1]))) if told else ()


def all_named(hammers: Hammers, missing: int, tracks: tuple[int, ...]) -> bool:
    """Whether these tracks can hold all that is missing; else no track is excluded, and all ground is in doubt."""
    return len(tracks) >= -(-missing // max(1, hammers.per_track))


NOTHING_MORE: Final = "nothing more is credited, and no mission starts, until a count is full"


def meaning(hammers: Hammers, told: int, tracks: tuple[int, ...]) -> str:
    """What the vehicle's record makes of a count with these tracks named; "" where no hammer is missing."""
    missing = hammers.count - told
    if hammers.count == 0 or missing <= 0:
        return ""
    said = f"{missing} of {hammers.count} missing: "
    if hammers.stripe_m == 0.0:
        return f"{said}by the profile this leaves nothing unstruck; credit stays"
    if all_named(hammers, missing, tracks):
        which = f"hammer track{'s' if len(tracks) > 1 else ''} {', '.join(map(str, tracks))}"
        stripe = "the stripe of each" if len(tracks) > 1 else "its stripe"
        return f"{said}{which}; {stripe} worked since the last count loses its credit; {NOTHING_MORE}"
    why = "too few hammer tracks are named" if tracks else "nobody says which hammer track"
    return f"{said}{why} (--missing N), so all ground worked since the last count loses its credit; {NOTHING_MORE}"
