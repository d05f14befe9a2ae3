"""What the parts of `make proof` are made of, and what one of them found."""

from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).resolve().parents[1]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One unit of a part's work: what it showed, and the processor time that it took."""

    unit: str
    cpu_s: float
    facts: Any


class Line(Found, frozen=True, kw_only=True):
    """As it is kept."""

    at: str
    commit: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """`text`: the figures. `wrong`: what must not be, empty where everything held."""

    text: str
    wrong: str = ""


Run = Callable[[Sequence[str], Path, int], Generator[Found, None, None]]
"""From the units that are missing, the file of what is done, and how many processes at once."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """`modules`: what is run; `data`: patterns below the root of what it reads besides. `judged`: of all facts.

    `never_called`: packages that are imported on the way but of which no unit calls a function, so that a change there
    changes no result; a test watches the calls of a unit for it.
    """

    name: str
    modules: tuple[str, ...]
    data: tuple[str, ...]
    never_called: tuple[str, ...] = ()
    units: Callable[[], Sequence[str]]
    run: Run
    judged: Callable[[list[Line]], Verdict]
