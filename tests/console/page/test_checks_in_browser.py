"""The panel "Checks": what is due and why, a form for each measurement, and what became of what was sent."""

import copy
from typing import Any

import pytest

from tests.console.page.browser import Page
from tests.console.page.fake_server import FakeServer
from tests.console.page.opening import opened
from tests.console.page.scenes import SCENES
from vehicle.control.checks.judge import UNSHOWN

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.needs("chromium", "chromedriver")]
PATH = "/api/measurements"
GROUPS = ["base", "mark", "depth", "hammers", "machine"]
PANEL = "document.querySelector('#view-record .plan-panel')"
OPEN = "document.querySelector('#view-record details[open]')"
RECORDED = {"recorded": True, "text": "", "value": 0.008, "sigma": 0.01, "utc_us": 1}
MARK = ["mark 1", "40.1000900, 48.9004000", "0.004", "0", "0.01", "leader"]
BASE = ["point 1", "0.008", "0.01", "0.01", "", "leader"]


def shown(browser: Page, server: FakeServer, group: str, *, scene: str = "disarmed", **checks: Any) -> None:
    """The Record view with the form of this group open, as a person opens it: focus on it, Enter."""
    opened(browser, server, scene)
    if checks:
        server.state["checks"].update(checks)
        browser.until(
            "return JSON.stringify(flail.store.get('checks').due) === JSON.stringify(arguments[0])", checks["due"]
        )
    browser.js("flail.turn('record')")
    browser.js(f"{PANEL}.querySelectorAll('summary')[arguments[0]].focus()", GROUPS.index(group))
    browser.tap("Enter")
    browser.until(f"return {OPEN} !== null")


def written(browser: Page, texts: list[str]) -> None:
    """Each line of the open form, from above."""
    browser.js(
        f"const lines = [...{OPEN}.querySelectorAll('input[type=text]')];"
        "arguments[0].forEach((text, n) => { lines[n].value = text;"
        " lines[n].dispatchEvent(new Event('input', {bubbles: true})); });",
        texts,
    )


def press(browser: Page, words: str) -> None:
    """A button by the keyboard."""
    browser.js(f"[...{OPEN}.querySelectorAll('button')].find((one) => one.textContent === arguments[0]).focus()", words)
    browser.tap("Enter")


def posts(server: FakeServer) -> list[dict[str, Any]]:
    return [body for path, body in server.posts if path == PATH]


def status(browser: Page) -> str:
    return str(browser.js(f"return {OPEN}.querySelector('[role=status]').textContent"))


def test_what_is_due_is_listed_with_its_reason(browser: Page, server: FakeServer) -> None:
    shown(browser, server, "depth", due=["base", "depth_contradicts"])
    words = browser.js(f"return {PANEL}.innerText")
    assert "Due now: Base, Depth." in words
    assert "Depth and tool height contradict each other: nothing is credited." in browser.js(f"return {OPEN}.innerText")
    assert "proves what was worked until it was made" in words
    marks = browser.js(f"return [...{PANEL}.querySelectorAll('summary .due')].map((one) => one.className)")
    assert ["amber" in one for one in marks] == [True, False, True, False, False]


def test_without_a_vehicle_nothing_counts_as_not_due(browser: Page, server: FakeServer) -> None:
    opened(browser, server, "searching")
    browser.js("flail.turn('record')")
    words = browser.js(f"return {PANEL}.innerText")
    assert "what is due is not known" in words
    assert "Nothing is due" not in words
    assert "Not due." not in words


def test_a_check_goes_out_once_with_the_time_of_its_first_figure(browser: Page, server: FakeServer) -> None:
    shown(browser, server, "base")
    server.told[PATH] = RECORDED
    browser.js("flail.others.record.view.checks.now_ms = () => 1_790_000_000_000")
    written(browser, BASE[:2])
    browser.js("flail.others.record.view.checks.now_ms = () => 1_790_000_300_000")
    written(browser, BASE)
    press(browser, "Send the check of the base")
    browser.when(lambda: "Recorded: base 0.008 m off" in status(browser))
    (sent,) = posts(server)
    assert {name: sent[name] for name in ("kind", "text", "value", "height", "sigma", "who", "vehicle")} == {
        "kind": "base", "text": "point 1", "value": "0.008", "height": "0.01", "sigma": "0.01", "who": "leader",
        "vehicle": "memat-1",
    }  # fmt: skip
    assert sent["measured_ms"] == 1_790_000_000_000
    left = browser.js(f"return [...{OPEN}.querySelectorAll('input[type=text]')].map((one) => one.value)")
    assert left == ["", "", "", "", "", "leader"], "a second press cannot send the same figures again"


def test_a_time_set_back_is_told_and_no_time_is_one_line_at_its_field(browser: Page, server: FakeServer) -> None:
    shown(browser, server, "base")
    server.told[PATH] = RECORDED
    noon = "new Date(2026, 5, 1, 12, 0).getTime()"
    browser.js(f"flail.others.record.view.checks.now_ms = () => {noon}")
    written(browser, [*BASE[:4], "noon", "leader"])
    press(browser, "Send the check of the base")
    assert browser.js("return document.activeElement.closest('.line').innerText").endswith("leave it empty for now")
    assert posts(server) == []
    written(browser, [*BASE[:4], "11:35", "leader"])
    assert "25 min ago" in browser.js(f"return {OPEN}.innerText")
    press(browser, "Send the check of the base")
    browser.when(lambda: posts(server))
    assert posts(server)[0]["measured_ms"] == browser.js(f"return {noon}") - 25 * 60_000


def test_what_the_server_refuses_stands_at_its_field(browser: Page, server: FakeServer) -> None:
    shown(browser, server, "depth")
    server.status[PATH] = 422
    server.told[PATH] = {"error": "no_where", "field": "where", "why": "no_where", "words": ""}
    press(browser, "Send the depth reading")
    browser.until("return document.activeElement.type === 'radio'")
    assert "Choose from where it was read" in browser.js("return document.activeElement.closest('fieldset').innerText")
    server.told[PATH] = {"error": "x", "field": "value", "why": "impossible", "words": "value: 0 to 1 for this kind"}
    press(browser, "Send the depth reading")
    browser.until("return document.activeElement.closest('fieldset')?.innerText.includes('value: 0 to 1')")
    assert browser.js("return document.activeElement.getAttribute('aria-invalid')") == "true"


def test_a_refusal_of_the_vehicle_is_shown_and_the_figures_stay(browser: Page, server: FakeServer) -> None:
    shown(browser, server, "base")
    server.told[PATH] = {**RECORDED, "recorded": False, "text": "sigma above 0.02 m: measure the point again"}
    written(browser, BASE)
    press(browser, "Send the check of the base")
    browser.when(lambda: status(browser) == "Refused by the vehicle: sigma above 0.02 m: measure the point again")
    assert browser.js(f"return {OPEN}.querySelectorAll('input')[1].value") == "0.008"


def test_a_closing_check_before_the_place_was_shown_is_refused_in_the_vehicles_words(
    browser: Page, server: FakeServer
) -> None:
    shown(browser, server, "base", due=["check"])
    server.told[PATH] = {**RECORDED, "recorded": False, "text": UNSHOWN}
    written(browser, BASE)
    press(browser, "Send the check of the base")
    browser.when(lambda: status(browser) == f"Refused by the vehicle: {UNSHOWN}")
    words = browser.js(f"return {PANEL}.innerText")
    assert "Due now: Machine on a mark, Machine: daily check, bay, full check." in words


def test_both_causes_of_a_check_that_is_due_are_said(browser: Page, server: FakeServer) -> None:
    shown(browser, server, "mark", due=["check"])
    words = browser.js(f"return {OPEN}.innerText")
    assert "the place has not been shown since the start" in words
    assert "Or the full check is due" in words
    assert "never the place that the machine shows" in words


def test_a_mark_of_the_machine_goes_out_with_the_place_that_was_written(browser: Page, server: FakeServer) -> None:
    shown(browser, server, "mark")
    server.told[PATH] = {**RECORDED, "value": 0.004}
    fields = browser.js(f"return [...{OPEN}.querySelectorAll('input[type=text]')].map((one) => one.value)")
    assert fields[:5] == [""] * 5
    assert "Middle of the tool" not in browser.js(f"return {OPEN}.innerText"), "its own place proves nothing"
    assert "The site names no mark" in browser.js(f"return {OPEN}.innerText")
    browser.js("flail.others.record.view.checks.now_ms = () => 1_790_000_000_000")
    written(browser, MARK)
    browser.js("flail.others.record.view.checks.now_ms = () => 1_790_000_300_000")
    press(browser, "Send the machine's mark")
    browser.when(lambda: "Recorded: machine on a mark, 0.004 m off" in status(browser))
    (sent,) = posts(server)
    names = ("kind", "text", "place", "value", "height", "sigma", "who")
    assert [sent[name] for name in names] == ["mark", *MARK]
    assert sent["measured_ms"] == 1_790_000_300_000, "the vehicle compares places at the moment of the button"


def test_a_mark_of_the_site_is_chosen_by_its_button_or_on_the_map(
    browser: Page, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = copy.deepcopy(SCENES["disarmed"])
    scene["site"]["marks"] = [{"name": "BM 7", "point": [30.0, 20.0], "place": [40.10018, 48.90035]}]
    monkeypatch.setitem(SCENES, "disarmed", scene)
    shown(browser, server, "mark")
    browser.until(f"return [...{OPEN}.querySelectorAll('button')].some((one) => one.textContent === 'Mark BM 7')")
    chosen = f"{OPEN}.querySelector('[role=group] button')"
    browser.js(f"window.chosen = {chosen}; window.chosen.focus()")
    ticks = server.ticks
    browser.until("return flail.store.get('vehicle').tick > arguments[0]", ticks + 10)
    assert browser.js(f"return document.activeElement === window.chosen && {chosen} === window.chosen"), (
        "it is drawn once"
    )
    browser.tap("Enter")
    browser.until(f"return {OPEN}.querySelector('input[type=text]').value !== ''")
    name, place = browser.js(f"return [...{OPEN}.querySelectorAll('input[type=text]')].map((one) => one.value)")[:2]
    assert (name, place) == ("BM 7", "40.1001800, 48.9003500")
    for point, found in (([33.0, 20.0], "BM 7"), ([60.0, 20.0], "")):
        written(browser, ["", ""])
        press(browser, "Choose on the map")
        browser.until(f"return {OPEN}.querySelector('[aria-pressed]').getAttribute('aria-pressed') === 'true'")
        browser.js("flail.others.record.view.checks.pointed(arguments[0], { lat_deg: 40.1, lon_deg: 48.9 })", point)
        assert browser.js(f"return {OPEN}.querySelector('input[type=text]').value") == found
    assert "No mark of the site is there" in browser.js(f"return {OPEN}.innerText")


def test_a_short_count_is_sent_only_after_its_cost_was_read(browser: Page, server: FakeServer) -> None:
    shown(browser, server, "hammers")
    server.told[PATH] = {"asks": "1 of 40 missing: all ground loses its credit"}
    written(browser, ["39", "", "", "leader"])
    press(browser, "Send the count")
    browser.until("return document.activeElement.textContent === 'Do not send'")
    assert "1 of 40 missing: all ground loses its credit" in browser.js(f"return {OPEN}.innerText")
    browser.tap("Enter")
    browser.until(f"return {OPEN}.querySelector('[role=alert]').hidden")
    assert [body.get("meant") for body in posts(server)] == [None]
    press(browser, "Send the count")
    browser.until(f"return !{OPEN}.querySelector('[role=alert]').hidden")
    server.told[PATH] = {**RECORDED, "value": 39.0}
    press(browser, "Send it: it is meant")
    browser.when(lambda: "Recorded: 39 hammers" in status(browser))
    assert posts(server)[-1]["meant"] is True


def test_a_place_is_chosen_on_the_map(browser: Page, server: FakeServer) -> None:
    shown(browser, server, "depth")
    press(browser, "Choose on the map")
    where = browser.js(
        "const box = document.querySelector('#view-record canvas:nth-of-type(2)').getBoundingClientRect();"
        "return [box.left + box.width / 2, box.top + box.height / 2]"
    )
    for kind in ("mousePressed", "mouseReleased"):
        browser.cdp("Input.dispatchMouseEvent", type=kind, x=where[0], y=where[1], button="left", clickCount=1)
    text = browser.until(f"return {OPEN}.querySelector('.line input').value")
    lat, lon = (float(word) for word in text.split(","))
    site = server.state["site"]["datum"]
    assert 0.0 < lat - site[0] < 0.002
    assert 0.0 < lon - site[1] < 0.002
    assert browser.js(f"return {OPEN}.querySelector('[aria-pressed]').getAttribute('aria-pressed')") == "false"


def test_the_checks_of_the_machine_are_buttons_of_now(browser: Page, server: FakeServer) -> None:
    shown(browser, server, "machine")
    server.told[PATH] = RECORDED
    written(browser, ["leader"])
    for n, words in enumerate(("Daily check", "Store the bay", "Full check begins", "Full check ends"), start=1):
        press(browser, words)
        browser.until(f"return {OPEN}.querySelector('[role=status]').textContent.startsWith('Recorded: ')")
        assert len(posts(server)) == n
    assert [body["kind"] for body in posts(server)] == ["daily", "bay", "full_begins", "full_ends"]
    assert all(body["who"] == "leader" for body in posts(server))


def test_armed_the_fields_are_locked_and_space_is_stop(browser: Page, server: FakeServer) -> None:
    shown(browser, server, "base", scene="manual")
    assert browser.js(f"return [...{OPEN}.querySelectorAll('input[type=text]')].every((one) => one.readOnly)")
    press(browser, "Send the check of the base")
    browser.js(f"{OPEN}.querySelector('input').focus()")
    browser.tap("Space")
    browser.when(lambda: server.stops)
    assert posts(server) == []
    assert "Locked while armed" in browser.js(f"return {OPEN}.innerText")


def test_what_was_written_for_one_vehicle_goes_to_no_other(browser: Page, server: FakeServer) -> None:
    """Another vehicle may be chosen while a form is open: it is kept, and says whose it is."""
    shown(browser, server, "base")
    server.told[PATH] = RECORDED
    two = [{"id": "memat-1", "name": "MEMATT 1"}, {"id": "memat-2", "name": "MEMATT 2"}]
    written(browser, BASE)
    server.state["server"] = {**server.state["server"], "vehicles": two, "vehicle": "memat-2"}
    browser.until(f"return {OPEN}.innerText.includes('Written while MEMATT 1 was steered')")
    press(browser, "Send the check of the base")
    server.state["server"] = {**server.state["server"], "vehicle": "memat-1"}
    browser.until(f"return !{OPEN}.innerText.includes('Written while')")
    assert posts(server) == []
    press(browser, "Send the check of the base")
    browser.when(lambda: "Recorded: base 0.008 m off" in status(browser))
    assert [sent["vehicle"] for sent in posts(server)] == ["memat-1"]
