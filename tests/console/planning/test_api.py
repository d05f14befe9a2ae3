"""The requests of the Plan view, through the application and real worker processes."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.applications import Starlette

from console.client.link import ConsoleLink
from console.server import planning_api
from console.server.planning import processes
from console.server.planning.observing import OTHER_VEHICLE
from console.server.planning.processes import Worker
from console.server.planning.worker import answer as worker_answer
from console.server.planning_api import Planning
from tests.console.planning.asgi import ask, ask_json
from vehicle.contracts.errors import InputError

pytestmark = [pytest.mark.real, pytest.mark.long]
SMALL = Path(__file__).parents[3] / "configs" / "sites" / "small.geojson"
CHOSEN = {"machine": "mematt", "outside": "safe", "tripwires": "none"}
PATIENCE_S = 300.0


class Room:
    """A Planning in an application, and a bell that rings with each change of its jobs."""

    def __init__(self, folder: Path) -> None:
        self.bell = asyncio.Event()
        self.planning = Planning(folder, link=lambda: None, changed=self.bell.set)
        self.app = Starlette(routes=[*self.planning.public_routes(), *self.planning.routes()])

    async def until(self, true: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_S):
            while not (self.planning.jobs() and true(self.planning.jobs()[-1])):
                self.bell.clear()
                await self.bell.wait()
        return self.planning.jobs()[-1]


@contextlib.asynccontextmanager
async def room(folder: Path) -> AsyncIterator[Room]:
    made = Room(folder)
    try:
        yield made
    finally:
        await made.planning.close()


def run(folder: Path, test: Callable[[Room], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with room(folder) as made:
            await test(made)

    asyncio.run(whole())


async def imported(made: Room, name: str = "small.geojson", data: bytes | None = None) -> Any:
    return await ask(made.app, "POST", "/api/sites", data or SMALL.read_bytes(), {"X-Name": name})


def test_from_a_file_to_a_plan(tmp_path: Path) -> None:
    async def test(made: Room) -> None:
        site = await imported(made)
        assert site.status == 200
        assert len(site.json["document"]["shapes"]) == 4
        begun = await ask_json(made.app, "POST", "/api/plans", {**CHOSEN, "site": site.json["id"]})
        assert begun.status == 200, begun.body
        job = begun.json["id"]
        row = await made.until(lambda row: row["done"])
        assert (row["id"], row["error"], row["progress"]) == (job, None, 1.0)
        plan = await ask(made.app, "GET", f"/api/plans/{job}")
        assert plan.json["whole"] is True
        refused = await ask_json(made.app, "POST", f"/api/plans/{job}/hand_over", {"vehicle": "a"})
        assert (refused.status, refused.json["error"]) == (422, "No link to the vehicle: the plan was not handed over")

    run(tmp_path, test)


@pytest.mark.parametrize("said", [{}, {"vehicle": "b"}, {"vehicle": ["a"]}])
def test_a_plan_goes_to_no_other_vehicle_than_the_named_one(tmp_path: Path, said: dict[str, Any]) -> None:
    async def test() -> None:
        link = SimpleNamespace(vehicle_id="a")
        planning = Planning(tmp_path, link=lambda: cast("ConsoleLink", link))
        try:
            told = await ask_json(Starlette(routes=planning.routes()), "POST", "/api/plans/p00000000/hand_over", said)
        finally:
            await planning.close()
        assert (told.status, told.json["error"]) == (422, OTHER_VEHICLE)

    asyncio.run(test())


def test_a_file_that_is_refused_is_kept_and_told_in_one_sentence(tmp_path: Path) -> None:
    async def test(made: Room) -> None:
        answer = await imported(made, "..%2F../evil/field.geojson", b'{"type": "FeatureCollection", "features": []}')
        assert answer.status == 422
        assert answer.json["error"].startswith("field.geojson: ")

    run(tmp_path, test)
    assert [path.name for path in tmp_path.glob("sites/*/*")] == ["field.geojson"]


def test_nothing_is_planned_before_everything_was_chosen(tmp_path: Path) -> None:
    async def test(made: Room) -> None:
        site = (await imported(made)).json["id"]
        for lacking, sentence in (("outside", "outside"), ("tripwires", "trip-wires"), ("machine", "machine")):
            body = {key: value for key, value in CHOSEN.items() if key != lacking}
            answer = await ask_json(made.app, "POST", "/api/plans", {**body, "site": site})
            assert answer.status == 422
            assert sentence in answer.json["error"]
        answer = await ask_json(made.app, "POST", "/api/plans", {**CHOSEN, "site": "../.."})
        assert answer.json["error"] == "Draw or import a site first"
        assert made.planning.jobs() == []

    run(tmp_path, test)


def test_a_drawing_is_planned_as_it_is_when_asked_for(tmp_path: Path) -> None:
    async def test(made: Room) -> None:
        document = (await imported(made)).json["document"]
        draft = (await ask_json(made.app, "POST", "/api/drafts", document)).json
        begun = await ask_json(made.app, "POST", "/api/plans", {**CHOSEN, "draft": draft["id"]})
        job = begun.json["id"]
        moved = {**document, "shapes": []}
        put = await ask_json(made.app, "PUT", f"/api/drafts/{draft['id']}", {"at": 1, "document": moved})
        assert put.json["at"] == 2
        await made.until(lambda row: row["done"])
        plan = (await ask(made.app, "GET", f"/api/plans/{job}")).json
        assert plan["site"]["area_m2"] == pytest.approx(59.6, abs=0.1)  # 12 m x 5 m less the post
        back = await ask_json(made.app, "POST", f"/api/drafts/{draft['id']}/at", {"at": 1})
        assert len(back.json["document"]["shapes"]) == 4
        assert (await ask(made.app, "GET", f"/api/drafts/{draft['id']}")).json["at"] == 1
        assert [row["id"] for row in (await ask(made.app, "GET", "/api/drafts")).json] == [draft["id"]]

    run(tmp_path, test)


def test_a_plan_can_be_cancelled_and_its_process_ends(tmp_path: Path) -> None:
    async def test(made: Room) -> None:
        # small.geojson may be planned before a busy computer looks
        site = (await imported(made, "example.geojson", SMALL.with_name("example.geojson").read_bytes())).json["id"]
        job = (await ask_json(made.app, "POST", "/api/plans", {**CHOSEN, "site": site})).json["id"]
        await made.until(lambda row: row["text"] != "job.waiting")
        running = await ask(made.app, "GET", f"/api/plans/{job}")
        assert running.status == 202
        assert (await ask(made.app, "DELETE", f"/api/plans/{job}")).json == {"cancelled": True}
        assert made.planning.jobs()[-1]["text"] == "job.cancelled"
        assert (await ask(made.app, "DELETE", f"/api/plans/{job}")).json == {"cancelled": False}
        again = await ask(made.app, "GET", f"/api/plans/{job}")
        assert again.status == 422

    run(tmp_path, test)


def test_the_planners_refusal_is_the_jobs_sentence(tmp_path: Path) -> None:
    async def test(made: Room) -> None:
        site = (await imported(made)).json["id"]
        await ask_json(made.app, "POST", "/api/plans", {**CHOSEN, "site": site, "overlap_m": 0.05})
        row = await made.until(lambda row: row["done"])
        assert "cannot be proven" in row["error"]
        assert "Traceback" not in row["error"]

    run(tmp_path, test)


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"machine": 1e999}', b"{" * 100_000])
def test_a_request_that_is_none_is_one_sentence(tmp_path: Path, body: bytes) -> None:
    async def test(made: Room) -> None:
        answer = await ask(made.app, "POST", "/api/plans", body)
        assert answer.status == 422
        assert "\n" not in json.loads(answer.body)["error"]

    run(tmp_path, test)


def test_the_palette_is_served_byte_for_byte(tmp_path: Path) -> None:
    leaf = Path(__file__).parents[3] / "vehicle" / "reports" / "palette.json"

    async def test(made: Room) -> None:
        assert (await ask(made.app, "GET", "/static/palette.json")).body == leaf.read_bytes()

    run(tmp_path, test)


def test_a_worker_that_dies_is_told_and_the_next_question_is_answered() -> None:
    async def test() -> None:
        worker = Worker()
        try:
            assert b"mematt" in await worker.ask("machines", {})
            process = worker._process
            assert process is not None
            process.kill()
            await process.wait()
            assert b"mematt" in await worker.ask("machines", {})
            with pytest.raises(InputError, match="the program failed"):
                await worker.ask("nothing", {})
        finally:
            await worker.end()

    asyncio.run(test())


def test_an_answer_longer_than_a_line_may_be_meets_no_other_question(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        worker = Worker()
        try:
            monkeypatch.setattr(processes, "LINE_MAX", 64)
            with pytest.raises(InputError, match="try again"):
                await worker.ask("machines", {})
            monkeypatch.setattr(processes, "LINE_MAX", 2**20)
            with pytest.raises(InputError, match="no drawing"):
                await worker.ask("draft_shown", {"folder": ".", "name": "x"})
        finally:
            await worker.end()

    asyncio.run(test())


def test_an_answer_to_another_question_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    stranger = (sys.executable, "-c", 'input(); print(\'{"n": 7, "done": 1}\', flush=True); input()')
    monkeypatch.setattr(processes, "WORKER", stranger)

    async def test() -> None:
        worker = Worker()
        with pytest.raises(InputError, match="try again"):
            await worker.ask("machines", {})
        assert worker._process is None

    asyncio.run(test())


def test_a_body_without_end_is_refused_and_nothing_of_it_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning_api, "UPLOAD_MAX", 2**20)
    monkeypatch.setattr(planning_api, "JSON_MAX", 2**20)

    async def test(made: Room) -> None:
        large = b" " * (2**20 + 1)
        told = "larger than 1 MiB, no site is so large; choose another file"
        assert (await imported(made, data=large)).json["error"] == told
        for method, path in (("POST", "/api/drafts"), ("PUT", "/api/drafts/00000000"), ("POST", "/api/plans")):
            assert (await ask(made.app, method, path, large)).status == 422

    run(tmp_path, test)
    assert list(tmp_path.glob("sites/*")) == []


def test_a_file_with_more_corners_than_a_page_can_show_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.server.planning.document.CORNERS_MAX", 10)
    answer = worker_answer(json.dumps({"op": "site", "n": 1, "path": str(SMALL), "name": "s.geojson"}).encode(), nobody)
    assert answer["done"]["error"].startswith("s.geojson: 4 shapes with ")
    assert answer["done"]["document"] is None


def nobody(_: float, __: str) -> None:
    """No progress is shown."""


def test_an_answer_that_nobody_waits_for_meets_no_other_question() -> None:
    async def test() -> None:
        worker = Worker()
        try:
            await worker.ask("machines", {})
            begun = asyncio.Event()
            asked = asyncio.create_task(worker.ask("machines", {}))
            asyncio.get_running_loop().call_soon(begun.set)
            await begun.wait()
            asked.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asked
            with pytest.raises(InputError, match="no drawing"):
                await worker.ask("draft_shown", {"folder": ".", "name": "x"})
        finally:
            await worker.end()

    asyncio.run(test())


@pytest.mark.parametrize(
    "body", [b"\xff", b'{"machine": "\xff"}', b"", b"[]", b"1", b'{"a": ' * 100_000, b'{"a": 1e999}']
)
@pytest.mark.parametrize("place", ["/api/plans", "/api/drafts", "/api/replans", "/api/ways", "/api/observations"])
def test_a_request_that_cannot_be_read_is_one_sentence(tmp_path: Path, place: str, body: bytes) -> None:
    async def test(made: Room) -> None:
        found = await ask(made.app, "POST", place, body)
        assert (found.status, "reload the page" in found.json["error"]) == (422, True)

    run(tmp_path, test)


def test_an_import_whose_file_is_gone_is_one_sentence(tmp_path: Path) -> None:
    async def test(made: Room) -> None:
        (tmp_path / "sites" / "0123").mkdir(parents=True)
        found = await ask_json(made.app, "POST", "/api/plans", {**CHOSEN, "site": "0123"})
        assert (found.status, "Import the site again" in found.json["error"]) == (422, True)

    run(tmp_path, test)
