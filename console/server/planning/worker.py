"""A process that reads sites and makes plans for the server: `python -m console.server.planning.worker`.

One JSON object a line on standard input, `{"op": ..., "n": number, ...}`; for each, lines `{"n": ..., "progress": 0..1,
"text": ...}` and at the end `{"n": ..., "done": ...}` or `{"n": ..., "error": "one sentence"}` on standard output. It
ends when its input ends.
"""

import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from console.server.planning.adopting import AdoptAsked, adopted
from console.server.planning.document import Document, decoded
from console.server.planning.drafts import Drafts
from console.server.planning.handing_over import staged
from console.server.planning.making import PlanRequest, Tell, machines, planned
from console.server.planning.recording import RecordRequest, shown, written
from console.server.planning.replanning import ReplanAsked, replanned
from console.server.planning.sites import SiteRequest, told
from console.server.planning.ways import WayAsked, way_made
from vehicle.contracts.errors import InputError

NICE: Final = 12
"""Lower priority than the server's loop, which carries the operator's stick readings."""
BROKEN: Final = "the program failed while working on this (see its log); your data is not lost"


def _site(asked: dict[str, Any], _: Tell) -> Any:
    return told(msgspec.convert(asked, SiteRequest))


def _plan(asked: dict[str, Any], tell: Tell) -> Any:
    return planned(msgspec.convert(asked, PlanRequest), tell)


def _drawn(asked: dict[str, Any]) -> Document:
    return decoded(msgspec.json.encode(asked["document"]))


def _draft_new(asked: dict[str, Any], _: Tell) -> Any:
    return Drafts(Path(asked["folder"])).new(_drawn(asked))


def _draft_put(asked: dict[str, Any], _: Tell) -> Any:
    return Drafts(Path(asked["folder"])).put(asked["name"], asked["at"], _drawn(asked))


def _draft_move(asked: dict[str, Any], _: Tell) -> Any:
    return Drafts(Path(asked["folder"])).move(asked["name"], asked["at"])


def _draft_shown(asked: dict[str, Any], _: Tell) -> Any:
    return Drafts(Path(asked["folder"])).shown(asked["name"])


def _drafts(asked: dict[str, Any], _: Tell) -> Any:
    return Drafts(Path(asked["folder"])).listed()


def _draft_site(asked: dict[str, Any], _: Tell) -> Any:
    return Drafts(Path(asked["folder"])).site(asked["name"])


def _stage(asked: dict[str, Any], _: Tell) -> Any:
    return staged(Path(asked["folder"]))


def _record(asked: dict[str, Any], _: Tell) -> Any:
    return shown(msgspec.convert(asked, RecordRequest))


def _export(asked: dict[str, Any], _: Tell) -> Any:
    folder = Path(asked.pop("folder"))
    return written(msgspec.convert(asked, RecordRequest), folder)


def _replan(asked: dict[str, Any], tell: Tell) -> Any:
    return replanned(msgspec.convert(asked, ReplanAsked), tell)


def _way(asked: dict[str, Any], tell: Tell) -> Any:
    return way_made(msgspec.convert(asked, WayAsked), tell)


def _adopt(asked: dict[str, Any], _: Tell) -> Any:
    return adopted(msgspec.convert(asked, AdoptAsked))


def _machines(_: dict[str, Any], __: Tell) -> Any:
    return machines()


OPERATIONS: Final[dict[str, Callable[[dict[str, Any], Tell], Any]]] = {
    "site": _site,
    "plan": _plan,
    "machines": _machines,
    "stage": _stage,
    "record": _record,
    "export": _export,
    "adopt": _adopt,
    "replan": _replan,
    "way": _way,
    "draft_new": _draft_new,
    "draft_put": _draft_put,
    "draft_move": _draft_move,
    "draft_shown": _draft_shown,
    "draft_site": _draft_site,
    "drafts": _drafts,
}


def answer(line: bytes, tell: Tell) -> dict[str, Any]:
    """Return the answer to one request; never raises because of the request."""
    try:
        asked = msgspec.json.decode(line, type=dict[str, Any])
        asked.pop("n", None)
        return {"done": OPERATIONS[asked.pop("op")](asked, tell)}
    except (InputError, msgspec.ValidationError) as refusal:
        return {"error": str(refusal)}
    except OSError as refusal:
        where = f"{refusal.filename}: " if refusal.filename else ""
        return {"error": f"not saved: {where}{(refusal.strerror or str(refusal)).lower()}"}
    except Exception:  # noqa: BLE001  # the server must go on after any error
        traceback.print_exc(file=sys.stderr)
        return {"error": BROKEN}


class _Numbered(msgspec.Struct, frozen=True):
    """The number of any request."""

    n: int = 0


def number_of(line: bytes) -> int:
    """Return the number of a request; its answer carries it."""
    try:
        return msgspec.json.decode(line, type=_Numbered).n
    except (msgspec.DecodeError, RecursionError):
        return 0


def progress_of(number: int, say: Callable[[dict[str, Any]], None]) -> Tell:
    """Return a progress line for a request."""

    def tell(share: float, text: str) -> None:
        say({"n": number, "progress": share, "text": text})

    return tell


def main() -> None:
    """Answer requests line by line until the input ends."""
    if hasattr(os, "nice"):
        os.nice(NICE)
    out = sys.stdout.buffer
    sys.stdout = sys.stderr  # a library's output must not appear between the answers

    def say(told: dict[str, Any]) -> None:
        out.write(msgspec.json.encode(told) + b"\n")
        out.flush()

    for line in sys.stdin.buffer:
        number = number_of(line)
        say({"n": number, **answer(line, progress_of(number, say))})


if __name__ == "__main__":
    main()
