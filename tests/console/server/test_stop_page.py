"""The page of a stop-only station: who is heard, the two frames that are, and that nothing else of its server acts."""

import asyncio
import contextlib
import json
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import websockets
from starlette.routing import Mount, Route, WebSocketRoute

from console.client.stop_station import StopLink, StopState, StopView
from console.server.app import serving
from console.server.drive_frames import STOP
from console.server.guard import SUBPROTOCOL, refusal
from console.server.settings import ServerSettings
from console.server.stop_page import QUESTION, Button, Place, decoded, make_stop_app, told
from console.server.stop_text import link_words, mode_words, stop_words
from tests.console.server.support import PATIENCE_S
from tests.console.server.test_app import asked_of
from vehicle.contracts.errors import InputError
from vehicle.contracts.messages import Mode
from vehicle.host.clock import SystemClock

PLACE = Place(name="MEMATT", address="192.0.2.10:14555")
SETTINGS = ServerSettings(console_name="sentry", state_folder=Path(), token="t" * 32)
SEEN = StopView(link=StopLink.CONNECTED, age_ms=120.0, heard_ms=10.0, mode=Mode.MANUAL)


class Station:
    """In place of a `StopStation`."""

    def __init__(self) -> None:
        self.presses = 0
        self.view = SEEN
        self.problem = ""

    def press(self) -> None:
        self.presses += 1


def app_of(station: Station, names: tuple[str, ...] = ("127.0.0.1", "localhost")) -> Any:
    return make_stop_app(station, PLACE, SETTINGS, SystemClock(), names)  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def page_of(port: int, token: str = SETTINGS.token) -> AsyncIterator[websockets.ClientConnection]:
    address = f"ws://127.0.0.1:{port}/stop"
    async with websockets.connect(address, subprotocols=[SUBPROTOCOL, token]) as socket:  # type: ignore[list-item]
        yield socket


def frame(kind: int, number: float) -> bytes:
    return struct.pack("<Bd", kind, number)


async def until(socket: websockets.ClientConnection, **wanted: object) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found: dict[str, Any] = json.loads(await socket.recv())
            if {name: found[name] for name in wanted} == wanted:
                return found


def test_its_server_has_one_socket_that_acts() -> None:
    """A route that is added has to be looked at here."""
    made = app_of(Station()).routes
    routes = {(type(one), one.path, tuple(sorted(getattr(one, "methods", None) or ()))) for one in made}
    assert routes == {
        (WebSocketRoute, "/stop", ()),
        (Route, "/", ("GET", "HEAD")),
        (Route, "/api/catalogue/{language}", ("GET", "HEAD")),
        (Mount, "/static", ()),
    }


@pytest.mark.parametrize(
    "data",
    [b"", b"\x03", b"\x03" + bytes(9), frame(0, 1.0), frame(2, 1.0), frame(4, 1.0), frame(3, float("nan"))],
)
def test_what_is_neither_a_question_nor_stop_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"kind|bytes"):
        decoded(data)


def test_the_two_frames() -> None:
    assert decoded(frame(1, 2.5)) == (QUESTION, 2.5)
    assert decoded(frame(3, 2.5)) == (STOP, 2.5)


def test_a_press_that_a_page_repeats_is_one() -> None:
    station = Station()
    button = Button(station)  # type: ignore[arg-type]
    for number in (5.0, 5.0, 6.0, 5.0):
        button.press(number)
    assert station.presses == 2


@pytest.mark.real
@pytest.mark.long
def test_a_page_stops_and_is_told_what_is_known() -> None:
    async def main() -> None:
        station = Station()
        async with serving(app_of(station), 0) as address, page_of(address.port) as one, page_of(address.port) as two:
            first = json.loads(await one.recv())
            assert first == told(SEEN, PLACE, None, None)
            await one.send(frame(QUESTION, 77.5))
            found = await until(one, page_ms=77.5)
            assert (found["link"], found["mode"], found["age_ms"]) == ("connected", "MANUAL", 120.0)
            assert station.presses == 0
            for _ in range(3):
                await two.send(frame(STOP, 9.0))
            await until(two, press=9.0)
            assert station.presses == 1
            station.view = StopView(link=StopLink.LOST, why="nobody", stop=StopState.SENDING, stop_ms=10.0)
            assert (await until(one, stop="sending"))["mode"] is None
            await one.send(b"arm")
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await until(one, link="never")
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4400
            assert station.presses == 1

    asyncio.run(main())


@pytest.mark.real
@pytest.mark.long
def test_who_is_heard() -> None:
    async def main() -> None:
        station = Station()
        async with serving(app_of(station), 0) as address:
            port, token = address.port, {"X-Flail-Token": address.token}
            for path, given, wanted in [
                ("/", {}, 200),
                ("/", {"Host": f"evil.example:{port}"}, 403),
                ("/static/js/stop_page.js", {}, 200),
                ("/api/catalogue/en", {}, 403),
                ("/api/catalogue/en", token, 200),
                ("/api/catalogue/en", {**token, "Origin": "http://evil.example"}, 403),
                ("/api/vehicle", token, 404),
                ("/api/setup", token, 404),
                ("/drive", token, 404),
            ]:
                assert (await asked_of(port, path, given))[0] == wanted, (path, given)
            for method in ("POST", "PUT", "DELETE", "PATCH"):
                for path in ("/", "/stop", "/api/catalogue/en", "/static/stop.html"):
                    assert (await asked_of(port, path, token, method))[0] in (404, 405)
            with pytest.raises(websockets.InvalidStatus):
                async with page_of(port, "wrong"):
                    pass
            with pytest.raises(websockets.InvalidStatus):
                async with websockets.connect(f"ws://127.0.0.1:{port}/drive", subprotocols=["flail1", address.token]):  # type: ignore[list-item]
                    pass
            assert station.presses == 0

    asyncio.run(main())


def scope_of(host: str, *protocols: str) -> dict[str, Any]:
    return {
        "type": "websocket",
        "path": "/stop",
        "server": ("10.0.0.5", 8090),
        "headers": [(b"host", host.encode())],
        "subprotocols": list(protocols),
    }


def test_another_host_is_heard_only_under_its_own_name_and_with_the_token() -> None:
    names = ("10.0.0.5",)
    assert refusal(scope_of("10.0.0.5:8090", SUBPROTOCOL, "t"), "t", names) == ""
    assert refusal(scope_of("10.0.0.5:8090", SUBPROTOCOL, "wrong"), "t", names) == "token"
    assert refusal(scope_of("10.0.0.5:8090"), "t", names) == "token"
    assert refusal(scope_of("127.0.0.1:8090", SUBPROTOCOL, "t"), "t", names) == "host"
    assert refusal(scope_of("10.0.0.5:8090", SUBPROTOCOL, "t"), "t") == "host", "the console stays on this computer"


@pytest.mark.real
def test_an_address_that_this_computer_does_not_have_is_one_line() -> None:
    async def main() -> None:
        async with serving(app_of(Station()), 0, "192.0.2.1"):
            pass

    with pytest.raises(InputError, match=r"192\.0\.2\.1:0: "):
        asyncio.run(main())


@pytest.mark.parametrize(
    ("view", "link", "mode", "stop"),
    [
        (SEEN, "Connected · 0.1 s", "Stick", ""),
        (StopView(), "NOT CONNECTED", "Mode unknown", ""),
        (
            StopView(link=StopLink.LATE, age_ms=1400.0, why="unheard", mode=Mode.MANUAL),
            "Late answer · 1.4 s",
            "Mode unknown",
            "",
        ),
        (
            StopView(link=StopLink.LOST, age_ms=2400.0, why="nobody", stop=StopState.SENDING, stop_ms=1.0),
            "NOT CONNECTED · 2.4 s",
            "Mode unknown",
            "STOP is being sent. Use the radio e-stop",
        ),
        (
            StopView(link=StopLink.CONNECTED, age_ms=0.0, mode=Mode.HOLD, stop=StopState.TAKEN, stop_ms=61.0),
            "Connected · 0.0 s",
            "Stopped",
            "The vehicle acknowledged STOP after 0.06 s",
        ),
    ],
)
def test_the_terminal_says_it_in_the_words_of_the_page(view: StopView, link: str, mode: str, stop: str) -> None:
    words = link_words(view if view.why or view.link is StopLink.CONNECTED else StopView(why="nobody"), PLACE)
    assert words.split("\n")[0] == link
    assert ("radio e-stop" in words) == (view.link is StopLink.LOST)
    assert mode_words(view).startswith(mode)
    assert stop_words(view) == stop
