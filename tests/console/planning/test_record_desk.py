"""The record that is asked for is that of the steered vehicle's present plan, and of nobody else."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from console.client.view import ConsoleView, LinkState
from console.server.planning import ledger_file
from console.server.planning.record_desk import RecordDesk
from tests.console.server.support import FakeLink, frame, header
from tests.console.server.tiles import known
from vehicle.contracts.errors import InputError
from vehicle.contracts.messages import Mode
from vehicle.operator_link.ground_codec import packed_record
from vehicle.operator_link.staging import HELD

SITE = {"hash": "q", "datum": [39.99, 46.93, 350.0]}


class Reader:
    """A worker that keeps what it is asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.adopts: Callable[[dict[str, Any]], None] = lambda _: None

    async def ask(self, op: str, asked: dict[str, Any]) -> bytes:
        self.asked.append({"op": op, **asked})
        if op == "adopt":
            self.adopts(asked)
        return b"{}"


class Room:
    """A desk; `link`, `site` and the plan of the record are what a test makes of them."""

    def __init__(self, folder: Path) -> None:
        self.link, self.site, self.mirror = link_of("a"), dict(SITE), known()
        self.reader = Reader()
        self.desk = RecordDesk(
            folder,
            self.reader,  # type: ignore[arg-type]
            link=lambda: self.link,  # type: ignore[arg-type, return-value]
            mirror=lambda: self.mirror,
            site=lambda: self.site,
            simulated=True,
        )

    def record_of(self, plan_hash: str) -> None:
        self.mirror.fetched(
            self.mirror.missing or "@LEDGER/masks.z",
            packed_record(header(plan_hash=plan_hash, vehicle_id="memat-1"), iter(())),
        )


def link_of(vehicle_id: str, mode: Mode = Mode.AUTO_WORK) -> FakeLink:
    link = FakeLink(ConsoleView(state=LinkState.OPEN, session=True, vehicle=frame(mode=int(mode))))
    link.vehicle_id = vehicle_id
    return link


def test_after_a_hand_over_the_record_is_that_of_the_new_plan_or_none(tmp_path: Path) -> None:
    room = Room(tmp_path)
    for name in "pq":
        (tmp_path / "plans" / name).mkdir(parents=True)
        (tmp_path / "plans" / name / "plan.json").write_text(json.dumps({"plan_hash": name}, separators=(",", ":")))
    room.record_of("p")
    with pytest.raises(InputError, match="not known yet"):
        asyncio.run(room.desk.replan({}))
    room.record_of("q")
    asked = asyncio.run(room.desk.replan({}))
    assert asked["made"] == str(tmp_path / "plans" / "q")
    _, head = ledger_file.read(Path(asked["ledger"]))
    assert (head.plan_hash, head.vehicle_id) == ("q", "memat-1")


def test_a_plan_that_was_not_made_here_is_fetched_from_the_vehicle_once(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.record_of("q")
    with pytest.raises(InputError, match="does not give it out"):
        asyncio.run(room.desk.replan({}))
    made = tmp_path / "plans" / "p1"

    def write(asked: dict[str, Any]) -> None:
        assert Path(asked["data"]).read_bytes() == b"a plan"
        assert asked["wanted"] == "q"
        made.mkdir(parents=True)
        (made / "plan.json").write_text('{"plan_hash":"q"}')

    room.link.files = lambda path: b"a plan" if path == HELD else None
    room.reader.adopts = write
    for _ in range(2):
        assert asyncio.run(room.desk.replan({}))["made"] == str(made)
    assert asyncio.run(room.desk.way({"to": "parking"}))["work"]["made"] == str(made)
    assert room.link.fetched == [HELD, HELD]  # the first in vain
    assert not list(tmp_path.glob("held*"))


def test_each_vehicle_has_hours_way_and_events_of_its_own(tmp_path: Path) -> None:
    """Also where both work on the same plan, and while one of them is not looked at."""
    room = Room(tmp_path)
    for now_s in (0.0, 1.0, 2.0):
        room.desk.look(now_s)
    room.link = link_of("b", Mode.HOLD)
    for now_s in (3.0, 4.0):
        room.desk.look(now_s)
    room.desk.watch.note("detonation: near", kind="detonation")
    assert room.desk.watch.seen()["hours"] == {"stopped": 1.0}
    assert [row["kind"] for row in room.desk.watch.seen()["events"]] == ["detonation"]
    room.link = link_of("a", Mode.AUTO_WORK)  # at another address, as it may be
    for now_s in (100.0, 101.0):
        room.desk.look(now_s)
    assert room.desk.watch.seen()["hours"] == {"work": 3.0}
    assert room.desk.watch.seen()["events"] == []
