"""Exercises on the Setup view: listed, begun, watched and left with a simulator; never beside a real vehicle."""

from typing import Any

import pytest

from tests.console.page.browser import Page
from tests.console.page.fake_server import FakeServer
from tests.console.page.opening import opened

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.needs("chromium", "chromedriver")]
PATH = "/api/training"
NONE: dict[str, Any] = {
    "exercises": ["first-day", "link-loss"], "running": "", "changing": False, "goal": "", "hint": "", "hints": True,
    "steps_done": 0, "steps": 0, "time_s": 0, "reached": False, "result_of": "", "result": [],
}  # fmt: skip
RUNS = {
    **NONE, "running": "link-loss", "goal": "the link is lost while you drive", "hint": "take the machine", "steps": 4,
    "time_s": 12,
}  # fmt: skip
PANEL = "[...document.querySelectorAll('#view-setup .panel')].find((one) => one.innerText.startsWith('Training'))"


def shown(browser: Page, server: FakeServer, training: dict[str, Any] | None, scene: str = "disarmed") -> None:
    opened(browser, server, scene)
    if training is not None:
        server.state["training"] = training
        browser.until("return (flail.store.get('training') ?? null) !== null")
    browser.js("flail.turn('setup'); flail.paint()")


def press(browser: Page, words: str) -> None:
    """A button by the keyboard."""
    browser.js(f"[...{PANEL}.querySelectorAll('button')].find((one) => one.ariaLabel === arguments[0]"
               " || one.textContent === arguments[0]).focus()", words)  # fmt: skip
    browser.tap("Enter")


def words(browser: Page) -> str:
    return str(browser.js(f"flail.paint(); return {PANEL}.innerText"))


def test_beside_a_real_vehicle_nothing_is_offered(browser: Page, server: FakeServer) -> None:
    shown(browser, server, None)
    assert (
        browser.js(
            f"return [...{PANEL}.querySelectorAll('button, input')].filter((one) => one.checkVisibility()).length"
        )
        == 0
    )
    assert "Exercises are for the simulator alone" in words(browser)


def test_an_exercise_is_begun_watched_and_left(browser: Page, server: FakeServer) -> None:
    shown(browser, server, NONE)
    assert "No exercise runs." in words(browser)
    press(browser, "Begin: Link loss: back with a deflected stick")
    browser.when(lambda: server.posts == [(PATH, {"begin": "link-loss", "hints": True})])
    server.state["training"] = RUNS
    browser.until("return flail.store.value('training', 'running') === 'link-loss'")
    told = words(browser)
    assert "Link loss: back with a deflected stick. Step 1 of 4, 12 s." in told
    assert "the link is lost while you drive" in told
    assert "take the machine" in told
    server.posts.clear()
    press(browser, "Leave the exercise")
    browser.when(lambda: server.posts == [(PATH, {"leave": True})])
    result = ["link-loss: broken off after 12 s, 1 of 4 steps", "stops: none"]
    server.state["training"] = {**NONE, "result_of": "link-loss", "result": result}
    browser.until("return flail.store.value('training', 'result_of') === 'link-loss'")
    assert all(line in words(browser) for line in result)


def test_hints_stand_in_the_strip_of_each_view(browser: Page, server: FakeServer) -> None:
    shown(browser, server, RUNS, "manual")
    for view in ("drive", "mission"):
        browser.js("flail.turn(arguments[0]); flail.paint()", view)
        hint = browser.js("return document.querySelector('.warnings .hint')?.innerText ?? ''")
        assert hint == "the link is lost while you drive: take the machine"
    server.state["training"] = {**RUNS, "steps_done": 2, "hint": ""}
    browser.until("return flail.store.value('training', 'steps_done') === 2")
    assert browser.js("flail.paint(); return document.querySelector('.warnings .hint')") is None


def test_without_hints_it_is_begun_without(browser: Page, server: FakeServer) -> None:
    shown(browser, server, NONE)
    browser.js(f"{PANEL}.querySelector('input').click()")
    press(browser, "Begin: First day: every view")
    browser.when(lambda: server.posts == [(PATH, {"begin": "first-day", "hints": False})])


def test_armed_nothing_is_begun_or_left_and_the_words_say_why(browser: Page, server: FakeServer) -> None:
    shown(browser, server, RUNS, "manual")
    press(browser, "Leave the exercise")
    press(browser, "Begin: First day: every view")
    assert "The machine is armed: DISARM or STOP first." in words(browser)
    assert server.posts == []


def test_a_refusal_is_said(browser: Page, server: FakeServer) -> None:
    shown(browser, server, NONE)
    server.status[PATH], server.told[PATH] = 409, {"error": "training.why.real"}
    press(browser, "Begin: First day: every view")
    browser.when(lambda: "This vehicle is no simulator" in words(browser))
