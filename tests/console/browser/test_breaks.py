"""Server, radio and vehicle that fail below the page, and strangers who knock."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from benchmarks.ports import free_port
from tests.console.browser.operator import NEUTRAL, Operator
from tests.console.browser.stack import Server, Vehicle
from tests.console.page.browser import Page

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.needs("chromium", "chromedriver")]


def test_a_drive_socket_that_dies_stops(operator: Operator) -> None:
    """The page opens it anew by itself; the hands begin anew."""
    began_ns = operator.break_off(operator.drive_by_pad, "flail.drive._socket.socket.close();")
    operator.until_still()
    operator.page.until("return flail.drive.ready")
    stopped_ns = operator.vehicle.look()["now_ns"]
    operator.ticks(50)
    assert [one for one in operator.vehicle.setpoints(stopped_ns) if one[1:] != (0.0, 0.0)] == []
    assert operator.vehicle.setpoints(began_ns)[-1][1:] == (0.0, 0.0)
    assert operator.page.js("return flail.hands.view.latch") is False


def test_a_server_that_is_killed_stops_and_the_next_one_drives_nothing_by_itself(
    operator: Operator, folder: Path
) -> None:
    """The page says that its server is gone; the stick is held all the time."""
    operator.give_up()
    with Server(folder / "killed", operator.vehicle, 8) as server:
        other = Operator(operator.page, server, operator.vehicle)
        other.open()
        other.drive_by_pad()
        server.kill()
        other.until_still()
        other.page.when(lambda: "link_lost" in other.vehicle.look()["reasons"])
        other.page.when(lambda: "Console server gone" in other.text("#why h1"))
        with server.again():
            other.page.until("return flail.store.open() && flail.drive.ready")
            other.ticks(50)
            assert not other.vehicle.driven()
            assert other.page.js("return flail.hands.view.latch") is False
            other.page.js(NEUTRAL)
            other.give_up()


def test_stop_is_repeated_until_it_arrives_over_a_radio_that_loses_most(operator: Operator) -> None:
    """Three of five datagrams are lost, both ways."""

    def drive() -> None:
        operator.vehicle.ask("loss", ratio=0.0)
        operator.drive_by_pad()

    def stop() -> None:
        operator.vehicle.ask("loss", ratio=0.6)
        operator.page.tap("Space")

    try:
        operator.stops(drive, stop)  # such a radio may also lose all of half a second, which is a lost link
    finally:
        operator.vehicle.ask("loss", ratio=0.0)


def test_a_radio_that_is_cut_stops_and_the_page_says_it_sees_nothing(operator: Operator) -> None:
    """STOP then reads that there is no link."""
    operator.drive_by_pad()
    operator.vehicle.ask("loss", ratio=1.0)
    try:
        operator.until_still()
        operator.page.when(lambda: "No link" in operator.text("#mode"))
        operator.page.when(lambda: "no link" in operator.text("#stop"))
    finally:
        operator.vehicle.ask("loss", ratio=0.0)
    operator.page.until("return flail.store.open()")
    operator.ticks(50)
    assert not operator.vehicle.driven()


SHOWN_OR_OVER = """
if (document.querySelector('#hands .text').innerText.includes(arguments[0])) return 'shown';
return flail.now_ms() - arguments[1] > 8000 ? 'over' : null;
"""
"""Whether these words stand there; an answer does for eight seconds from the moment of the argument [ms]."""


REFUSED_HERE = """
const why = flail.acts.offers().find((one) => one.act === 'ARM')?.why;
return why?.key === 'act.why.only_recovery' ? why.params.rule : null;
"""
"""The cause for which the page itself offers no ARM."""


def test_arm_that_is_refused_says_why(operator: Operator) -> None:
    """Too steep to arm: the page names the cause; the vehicle, asked all the same, refuses, and its reason is shown."""
    operator.disarm()
    operator.arm_until("READY")
    operator.vehicle.ask("tilt", rad=0.9)
    try:
        operator.page.when(lambda: "slope" in operator.vehicle.look()["reasons"])
        assert operator.page.until(REFUSED_HERE) in operator.vehicle.look()["reasons"]
        answer, shown = {}, None
        for _ in range(12):
            operator.page.until("flail.store.set('answer', null); return !flail.acts.pending")
            operator.page.js("flail.acts._send('ARM')")
            answer = operator.page.until(
                "const a = flail.store.get('answer'); return a?.act === 'ARM' && a.result !== 'pending' ? a : null"
            )
            if not answer["why"] or answer["why"]["key"] != "act.why.reason":
                continue
            rows = operator.page.js("return flail.store.get('reasons')")
            row = next(row for row in rows if row["code"] == answer["reason"])
            shown = operator.page.until(SHOWN_OR_OVER, row["text"].split(". ")[0], answer["at_ms"])
            if shown == "shown":
                break
        assert shown == "shown", answer
        assert (answer["result"], answer["why"]["key"]) == ("refused", "act.why.reason")
        assert row["name"] in operator.vehicle.look()["reasons"]
        assert operator.vehicle.look()["mode"] != "MANUAL"
    finally:
        operator.vehicle.ask("tilt", rad=0.0)


def test_a_vehicle_that_falls_silent_makes_every_value_old(operator: Operator) -> None:
    """Nothing of it runs; no value may look live, and they do again when it is back."""
    operator.page.until("return document.querySelectorAll('.instrument.old').length === 0")
    with operator.vehicle.stopped():
        operator.page.until("return document.querySelectorAll('.instrument.old').length === 5")
        operator.page.when(lambda: "No link" in operator.text("#mode"))
    operator.page.until("return document.querySelectorAll('.instrument.old').length === 0")


def test_a_vehicle_that_is_not_there_is_said_with_the_next_step(browser: Page, vehicle: Vehicle, folder: Path) -> None:
    """Nothing answers at that port."""
    with Server(folder / "unreachable", vehicle, port=free_port()) as server:
        browser.open(server.url)
        browser.until("return flail.store.value('link', 'state') === 'unreachable'")
        browser.when(lambda: "no vehicle program listens at this port" in browser.text("body"))


STRANGER = """
const done = arguments[arguments.length - 1];
const socket = new WebSocket(arguments[0], ['flail1', arguments[1]]);
socket.onopen = () => done('open'); socket.onerror = () => done('refused');
"""


def test_strangers_get_no_socket_and_no_answer(browser: Page, server: Server, second: Server) -> None:
    """A page of another origin, with the token or without it; a request without one."""
    browser.driver.get(f"http://127.0.0.1:{second.port}/static/icon.svg")
    for path in ("/drive", "/state", "/video"):
        for token in (server.token, "x"):
            address = f"ws://127.0.0.1:{server.port}{path}?page=a"
            assert browser.driver.execute_async_script(STRANGER, address, token) == "refused", path
    for headers in ({}, {"X-Flail-Token": "x"}, {"X-Flail-Token": server.token, "Origin": "http://example.org"}):
        with pytest.raises(HTTPError):
            urlopen(Request(f"http://127.0.0.1:{server.port}/api/reasons", headers=headers), timeout=60)
    with urlopen(
        Request(f"http://127.0.0.1:{server.port}/api/reasons", headers={"X-Flail-Token": server.token}), timeout=60
    ) as found:
        assert len(json.load(found)) > 70


@pytest.fixture(scope="module")
def second(folder: Path, vehicle: Vehicle) -> Iterator[Server]:
    """Another origin."""
    with Server(folder / "second", vehicle, 8) as running:
        yield running
