"""A plan is handed over only at rest, by who holds control, and both sides have to name it alike."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from console.client.link import ConsoleLink
from console.server.planning.processes import Worker
from console.server.planning.sending import hand_over
from vehicle.contracts.errors import InputError
from vehicle.contracts.messages import Mode


class Reader:
    """Stages a plan whose hash is `abc`."""

    async def ask(self, op: str, asked: dict[str, Any]) -> bytes:
        assert op == "stage"
        (Path(asked["folder"]) / "stage.z").write_bytes(b"packed")
        return b'"abc"'


class Link:
    """A vehicle in a mode that takes a file and names it."""

    def __init__(self, mode: Mode | None, says: str | Exception = "abc") -> None:
        self.view = SimpleNamespace(vehicle=None if mode is None else SimpleNamespace(mode=mode))
        self.taken: list[tuple[str, bytes]] = []
        self._says = says

    async def store(self, path: str, data: bytes) -> str:
        self.taken.append((path, data))
        if isinstance(self._says, Exception):
            raise self._says
        return self._says


def handed(folder: Path, link: Any, *, mine: bool = True) -> dict[str, Any]:
    return asyncio.run(hand_over(folder, cast("Worker", Reader()), cast("ConsoleLink", link), mine=mine))


def test_both_hashes_are_told(tmp_path: Path) -> None:
    link = Link(Mode.DISARMED)
    assert handed(tmp_path, link) == {"hash_here": "abc", "hash_vehicle": "abc", "same": True}
    assert link.taken == [("@PLAN/stage.z", b"packed")]


def test_a_vehicle_that_names_another_plan_does_not_have_this_one(tmp_path: Path) -> None:
    assert handed(tmp_path, Link(Mode.DISARMED, "abd"))["same"] is False


@pytest.mark.parametrize("mode", [mode for mode in Mode if mode is not Mode.DISARMED])
def test_never_but_at_rest(mode: Mode, tmp_path: Path) -> None:
    link = Link(mode)
    with pytest.raises(InputError, match=f"is {mode.name}"):
        handed(tmp_path, link)
    assert not link.taken


def test_never_by_a_watcher_and_never_without_a_link(tmp_path: Path) -> None:
    link = Link(Mode.DISARMED)
    with pytest.raises(InputError, match="take it first"):
        handed(tmp_path, link, mine=False)
    with pytest.raises(InputError, match="No link"):
        handed(tmp_path, Link(None))
    assert not link.taken
    with pytest.raises(InputError, match="takes no plans"):
        handed(tmp_path, SimpleNamespace(view=link.view))


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        (TimeoutError(), "is unknown whether it has the plan"),
        (ValueError("no room"), "refused the plan: no room"),
        (OSError("gone"), "gone"),
    ],
)
def test_what_went_wrong_is_told(problem: Exception, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=sentence):
        handed(tmp_path, Link(Mode.DISARMED, problem))
