"""START on the page in a real browser: its card, what it asks for first, and one press out of a WAIT."""

import pytest

from tests.console.page.browser import Page
from tests.console.page.fake_server import FakeServer
from tests.console.page.opening import held, opened

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.needs("chromium", "chromedriver")]
START = 7


def card_open(browser: Page) -> bool:
    """The card of START is on the screen."""
    browser.js("flail.paint()")
    return not browser.js("return document.getElementById('start-card').hidden")


def test_the_card_of_start_ends_with_what_interrupts_it(browser: Page, server: FakeServer) -> None:
    """Another mode, a lost focus, a page hidden: START begins anew."""
    opened(browser, server, "manual").until("return flail.hands.view?.latch")
    to = "flail.store.set('vehicle', {...flail.store.get('vehicle'), mode: '%s'}); flail.paint();"
    for interruption in (
        "window.dispatchEvent(new Event('blur')); window.dispatchEvent(new Event('focus'))",
        "document.dispatchEvent(new Event('visibilitychange'))",
        to % "READY" + to % "MANUAL",
    ):
        browser.tap("KeyN")
        assert card_open(browser)
        browser.js(interruption)
        assert not card_open(browser), interruption
    assert server.acts == []


def test_start_from_a_point_that_is_far_or_unknown_wants_the_team_leaders_name(
    browser: Page, server: FakeServer
) -> None:
    """The name is given in Setup, and is good for one START."""
    opened(browser, server, "manual")
    server.state["mission"]["start_m"] = 200.0
    browser.until("return flail.hands.view?.latch && flail.store.value('mission', 'start_m') === 200")
    browser.tap("KeyN")
    browser.key("keyDown", "KeyF")
    browser.when(lambda: held(server))
    browser.tap("KeyN")
    browser.until("return flail.store.get('answer')?.why?.key === 'act.why.far'")
    server.state["mission"]["start_m"] = None
    browser.until("return flail.store.value('mission', 'start_m') === null")
    browser.tap("KeyN")
    browser.until("return flail.store.get('answer')?.why?.key === 'act.why.far_unknown'")
    assert server.acts == []
    browser.js("flail.store.set('leader', 'A. Leader')")
    browser.tap("KeyN")
    browser.when(lambda: server.acts == [START])
    assert browser.js("return flail.store.get('leader')") == ""
    browser.key("keyUp", "KeyF")


def test_in_a_task_of_shifts_the_card_asks_for_the_ring_and_start_waits_for_the_record(
    browser: Page, server: FakeServer
) -> None:
    """One press says it, in the sentry's name; START goes out once the vehicle has recorded it and all else is told."""
    opened(browser, server, "manual")
    server.state["checks"] |= {"shift_used": True, "shift_due": True}
    browser.until("return flail.hands.view?.latch && flail.store.value('checks', 'shift_due') === true")
    server.told["/api/observations"] = {"recorded": True, "text": ""}
    browser.js("flail.store.set('sentry', 'Sentry 1')")
    browser.tap("KeyN")
    assert card_open(browser)
    browser.key("keyDown", "KeyF")
    browser.when(lambda: held(server))
    browser.tap("KeyN")
    browser.until("return flail.store.get('answer')?.why?.key === 'start.ring_first'")
    assert "Ring clear, sentry on post: Sentry 1" in browser.text("#start-card")
    browser.tap("KeyG")
    browser.until("return flail.ring.told()")
    browser.tap("KeyG")
    browser.tap("KeyN")
    browser.until("return flail.store.get('answer')?.why?.key === 'act.why.shift_due'")
    assert server.acts == []
    server.state["checks"] |= {"shift_due": False}
    browser.until("return flail.store.value('checks', 'shift_due') === false")
    browser.tap("KeyN")
    browser.when(lambda: server.acts == [START])
    (sent,) = (body for path, body in server.posts if path == "/api/observations")
    assert (sent["kind"], sent["note"], sent["who"]) == ("shift_done", "ring", "Sentry 1")
    browser.key("keyUp", "KeyF")


def test_in_a_wait_one_press_of_start_with_hold_goes_on_once_the_cause_is_gone(
    browser: Page, server: FakeServer
) -> None:
    """Amber, with the cause, the seconds left and what to do; no card in between."""
    opened(browser, server, "wait").until("return flail.hands.view?.latch")
    strip = "return document.getElementById('hands').innerText"
    browser.until("return document.getElementById('mode').classList.contains('amber')")
    browser.until("return document.querySelector('#hands .state.amber')?.textContent === 'WAIT 0:14'")
    assert "Position not RTK fixed" in browser.js(strip)
    assert "Wait for the cause to end" in browser.js(strip)
    browser.key("keyDown", "KeyF")
    browser.when(lambda: held(server))
    browser.tap("KeyN")
    browser.until("return flail.store.get('answer')?.why?.key === 'act.why.wait_cause'")
    server.state["gnss"]["fix"] = "rtk_fixed"
    browser.until("return flail.store.value('gnss', 'fix') === 'rtk_fixed'")
    browser.tap("KeyN")
    browser.until("return flail.store.get('answer')?.why?.key === 'act.why.wait_moment'")
    assert server.acts == []
    server.state["vehicle"].update(worst=71, reasons=[71])
    browser.until("return flail.acts.offers().find((one) => one.act === 'START').next")
    browser.tap("KeyN")
    browser.when(lambda: server.acts == [START])
    assert browser.js("return flail.acts.start_open") is False
    browser.key("keyUp", "KeyF")
