"""The real server on loopback: who is heard, one page that drives, and a vehicle that obeys its hands."""

import asyncio
import contextlib
import http.client
import json
from pathlib import Path
from typing import Any

import pytest
import websockets
from msgspec.structs import replace

from console.client.protocol import Credentials
from console.server.drive_frames import PageStop, Verdict, decoded_echo, encoded_stop
from console.server.ground import CLEAR_FRAME
from console.server.settings import VehicleSettings
from firmware_bridge.types import OperatorEdge
from sim.virtual_time import Phase
from tests.console.server.support import PATIENCE_S, Page, connect, page, served
from tests.operator_link.live_vehicle import Live, live_vehicle
from vehicle.contracts.messages import Mode
from vehicle.operator_link.keystore import KeyStore

pytestmark = [pytest.mark.real, pytest.mark.long]
NOBODY = VehicleSettings(id="one", name="One", host="127.0.0.1", port=9, credentials=Credentials(system_id=250))


def page_folder(folder: Path) -> Path:
    (folder / "page/text").mkdir(parents=True)
    (folder / "page/index.html").write_text("<!doctype html><title>console</title>")
    (folder / "page/text/en.json").write_text('{"act.arm": "ARM"}')
    (folder / "secret.txt").write_text("not for pages")
    return folder / "page"


async def asked_of(port: int, path: str, headers: dict[str, str], method: str = "GET", body: str = "") -> Any:
    """Status, headers, body of one request."""

    def ask() -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            connection.putheader(name, value)
        connection.endheaders(body.encode())
        with contextlib.closing(connection):
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()

    return await asyncio.to_thread(ask)


def test_who_is_heard(tmp_path: Path) -> None:
    async def main() -> None:
        async with served((NOBODY,), tmp_path, page=page_folder(tmp_path)) as (_, address):
            port, token = address.port, {"X-Flail-Token": address.token}
            status, headers, body = await asked_of(port, "/", {})
            assert (status, body) == (200, b"<!doctype html><title>console</title>")
            assert headers["content-security-policy"].startswith("default-src 'self'")
            assert address.token not in headers["content-security-policy"] + body.decode()
            for path, given, wanted in [
                ("/static/text/en.json", {}, 200),
                ("/static/../secret.txt", {}, 404),
                ("/static/%2e%2e/secret.txt", {}, 404),
                ("/", {"Host": "evil.example"}, 403),
                ("/", {"Host": f"evil.example:{port}"}, 403),
                ("/", {"Host": "127.0.0.1:1"}, 403),
                ("/", {"Host": f"localhost:{port}"}, 200),
                ("/api/reasons", {}, 403),
                ("/api/reasons", {"X-Flail-Token": "wrong"}, 403),
                ("/api/reasons", {"X-Flail-Token": ""}, 403),
                ("/api/reasons", token, 200),
                ("/api/reasons", {**token, "Origin": "http://evil.example"}, 403),
                ("/api/reasons", {**token, "Origin": "null"}, 403),
                ("/api/reasons", {**token, "Origin": f"https://127.0.0.1:{port}"}, 403),
                ("/api/reasons", {**token, "Origin": f"http://127.0.0.1:{port}"}, 200),
                ("/api/catalogue/en", token, 200),
                ("/api/catalogue/xx", token, 404),
            ]:
                assert (await asked_of(port, path, given))[0] == wanted, (path, given)
            _, _, body = await asked_of(port, "/api/catalogue/en", token)
            assert json.loads(body)["act.arm"] == "ARM"
            status, _, body = await asked_of(port, "/api/vehicle", token, "POST", '{"id": "two"}')
            assert (status, json.loads(body)) == (409, {"error": "vehicle.why.unknown"})

    asyncio.run(main())


@pytest.mark.parametrize("path", ["/drive", "/state"])
@pytest.mark.parametrize(
    "given",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"subprotocols": ["flail1"]},
        {"subprotocols": ["flail1", "wrong"]},
        {"subprotocols": None},
        {"subprotocols": ["t" * 32]},
        {"name": "evil.example"},
    ],
)
def test_a_socket_of_a_stranger_is_refused(given: dict[str, Any], path: str, tmp_path: Path) -> None:
    async def main() -> None:
        async with served((NOBODY,), tmp_path) as (app, address):
            with pytest.raises(websockets.InvalidStatus) as refused:
                await connect(address, path, **given)
            assert refused.value.response.status_code == 403
            assert app.state.desk.seat is None

    asyncio.run(main())


def test_a_second_page_that_wants_to_drive_is_told(tmp_path: Path) -> None:
    async def main() -> None:
        async with served((NOBODY,), tmp_path) as (_, address), page(address, "first") as first:
            await first.until(lambda: first.known.get("server", {}).get("steering") == "this")
            second = await connect(address, "/drive?page=second")
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await second.recv()
            assert closed.value.rcvd is not None
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4001, "Already steered in another window")
            async with connect(address, "/state?page=second") as state:
                assert await state.recv() == CLEAR_FRAME
                assert json.loads(await state.recv())["server"]["steering"] == "other"

    asyncio.run(main())


def test_a_frame_that_cannot_be_ends_the_driving(tmp_path: Path) -> None:
    async def main() -> None:
        async with served((NOBODY,), tmp_path) as (app, address):
            drive = await connect(address, "/drive")
            await drive.send(b"\x01rubbish")
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await drive.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4400
            async with connect(address, "/drive") as again:
                await again.send("text")
                with pytest.raises(websockets.ConnectionClosed):
                    await again.recv()
            assert app.state.desk.seat is None

    asyncio.run(main())


def test_what_is_set_up_on_the_page(tmp_path: Path) -> None:
    async def main() -> None:
        async with served((NOBODY,), tmp_path) as (app, address):
            token = {"X-Flail-Token": address.token}

            async def posted(**asked: Any) -> tuple[int, Any]:
                status, _, body = await asked_of(address.port, "/api/setup", token, "POST", json.dumps(asked))
                return status, json.loads(body)

            assert (await posted(by_sight=True, console_name="Awning"))[0] == 200
            assert await posted(bysight=True) == (422, {"error": "setup.why.bad"})
            long = await asked_of(address.port, "/api/setup", token, "POST", " " * 300_000 + "{}")
            assert (long[0], json.loads(long[2])) == (413, {"error": "setup.why.bad"})
            deep = "[" * 100_000
            assert (await asked_of(address.port, "/api/setup", token, "POST", '{"by_sight": true, "x": ' + deep))[
                0
            ] == 422
            assert (await asked_of(address.port, "/api/vehicle", token, "POST", '{"id": ' + deep))[0] == 409
            assert await posted(address="here", vehicle=NOBODY.id) == (422, {"error": "setup.why.address"})
            assert await posted(address="no such name:14555", vehicle=NOBODY.id) == (
                422,
                {"error": "setup.why.address"},
            )
            async with page(address) as one:
                await one.until(lambda: one.known.get("server", {}).get("console_name") == "Awning")
                assert one.known["server"]["by_sight"]
                assert one.known["server"]["checklist_due"]
                checklist = {"operator": "A", "items": [{"name": "radio_estop", "done": True}]}
                assert await posted(checklist=checklist) == (409, {"error": "vehicle.why.other"})
                assert (await posted(checklist=checklist, vehicle=NOBODY.id))[0] == 200
                await one.until(lambda: not one.known["server"]["checklist_due"])
                for stray in ({}, {"vehicle": "another"}):
                    assert await posted(address="127.0.0.1:10", **stray) == (409, {"error": "vehicle.why.other"})
                told = await posted(address="127.0.0.1:10", vehicle=NOBODY.id)
                assert told[1]["address"] == "127.0.0.1:10"
                await one.until(lambda: one.known["link"]["address"] == "127.0.0.1:10")
                await one.until(lambda: one.closed == 4002)
            assert app.state.desk.steered.settings.port == 10
        async with served((NOBODY,), tmp_path) as (app, _):
            assert app.state.desk.steered.settings.port == 10

    asyncio.run(main())


NEXT = {"DISARMED": OperatorEdge.ARM, "READY": OperatorEdge.ARM, "HOLD": OperatorEdge.RESET}
"""The act that leads on; a link that a busy computer lost is one more stop to be reset."""


async def drive(one: Page) -> None:
    """From wherever it stands until it moves forward, by stick."""
    await one.until(lambda: one.known.get("vehicle") is not None)
    while (one.known["pose"]["speed_mps"] or 0.0) < 0.1:
        mode = one.known["vehicle"]["mode"]
        held = mode == "MANUAL"
        one.hands = replace(one.hands, hold=held, drive=0.4 if held else 0.0)
        if not one.known["vehicle"]["mine"]:
            await one.act(OperatorEdge.TAKE)
        elif mode in NEXT:
            await one.act(NEXT[mode])
        await one.later(one.tick + 40)


def reasons_of(live: Live) -> set[str]:
    """Every reason that the vehicle ever has from now on."""
    seen: set[str] = set()

    def look(_: int) -> None:
        report = live.vehicle.state.report
        seen.update(report.reasons if report is not None else ())

    live.barrier.subscribe(Phase.OBSERVE, look)
    return seen


def test_hands_drive_a_vehicle_and_what_ends_them_stops_it(tmp_path: Path) -> None:
    store = KeyStore(tmp_path / "keys.json")
    key = store.create("console", 250)
    held = Credentials(system_id=250, secret=key.secret, machine_id=store.load().machine_id)

    async def main() -> None:
        async with live_vehicle(store.path) as live:
            vehicle = VehicleSettings(id="one", name="One", host="127.0.0.1", port=live.port, credentials=held)
            async with served((vehicle,), tmp_path) as (_, address):
                seen = reasons_of(live)
                async with page(address) as one, connect(address, "/state?page=watcher") as watcher:
                    await live.until(lambda: live.vehicle.state.estimate.ready)
                    await drive(one)
                    assert Verdict.SENT in {decoded_echo(echo)[1] for echo in one.echoes}
                    await watcher.send(encoded_stop(PageStop(False, 1)))
                    # on a busy computer the link may be lost at this very moment, which stops it too
                    await live.until(lambda: bool(seen & {"operator_stop", "link_lost"}))
                    one.hands = replace(one.hands, hold=False, drive=0.0)
                    await one.until(lambda: (one.known["pose"]["speed_mps"] or 0.0) < 0.01)
                    await drive(one)
                await live.until(lambda: live.mode is Mode.HOLD)  # the page is gone
                assert "link_lost" in seen

    asyncio.run(main())


def test_what_is_said_of_a_vehicle_that_is_not_steered_is_not_sent(tmp_path: Path) -> None:
    """And the site says whose it is."""

    async def main() -> None:
        other = replace(NOBODY, id="two", port=11)
        async with served((NOBODY, other), tmp_path) as (_, address):
            token = {"X-Flail-Token": address.token}

            async def said_of(vehicle: str) -> str:
                body = json.dumps({"vehicle": vehicle, "number": 1, "kind": "note", "who": "A", "note": "peg 2"})
                status, _, told = await asked_of(address.port, "/api/observations", token, "POST", body)
                assert status == 422
                return str(json.loads(told)["error"])

            async def site_of() -> Any:
                return json.loads((await asked_of(address.port, "/api/site", token))[2])

            assert "another vehicle" in await said_of("two")
            assert "No link" in await said_of("one")
            assert await site_of() == {"hash": None, "vehicle": "one", "marks": []}
            assert (await asked_of(address.port, "/api/vehicle", token, "POST", '{"id": "two"}'))[0] == 200
            assert "another vehicle" in await said_of("one")
            assert await site_of() == {"hash": None, "vehicle": "two", "marks": []}

    asyncio.run(main())
