"""The five views by finger and by mouse: a tablet has no keys 1 to 5."""

import itertools

import pytest

from tests.console.page.browser import SIZES, Page
from tests.console.page.fake_server import FakeServer
from tests.console.page.opening import held, opened

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.needs("chromium", "chromedriver")]
VIEWS = ["drive", "mission", "plan", "record", "setup"]
MIDDLE = """
const box = document.querySelector(arguments[0]).getBoundingClientRect();
return [box.left + box.width / 2, box.top + box.height / 2];
"""
BOXES = """
return [...document.querySelectorAll('#views button')].map((one) => {
  const box = one.getBoundingClientRect();
  const seen = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  return [box.left, box.right, box.height, one.scrollWidth <= one.clientWidth + 1 && one.contains(seen)];
});
"""
OPENER = """
const one = document.querySelector('#cells .view'), box = one.getBoundingClientRect();
return one.contains(document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2)) && box.height >= 56;
"""
TOUCHED = 56.0
"""The least height of a target on a touch screen, for gloves [CSS px]."""


def touch(browser: Page, selector: str) -> None:
    """A finger, down and up."""
    x, y = browser.js(MIDDLE, selector)
    browser.cdp("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
    browser.cdp("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])


def test_every_view_is_two_touches_away_on_a_tablet(browser: Page, server: FakeServer) -> None:
    """From each view to the next one and back to the first."""
    browser.size("tablet")
    try:
        opened(browser, server, "disarmed")
        for view in [*VIEWS[1:], VIEWS[0]]:
            touch(browser, "#cells .view")
            browser.until("return !document.getElementById('views').hidden")
            touch(browser, f"#views [data-view={view}]")
            browser.until("return document.body.dataset.view === arguments[0]", view)
            browser.until("return document.getElementById('views').hidden")
    finally:
        browser.size("laptop")


@pytest.mark.parametrize("language", ["en", "az", "tr", "uk"])
def test_the_choice_of_views_fits_at_each_size(browser: Page, server: FakeServer, language: str) -> None:
    """High enough for a glove, beside each other, nothing cut, and neither mode nor STOP is covered."""
    try:
        opened(browser, server, "mission", language=language)
        wrong = {}
        for size in SIZES:
            browser.size(size)
            for text in ("100", "125", "150"):
                browser.js("document.documentElement.dataset.text = arguments[0]; flail.bar.closeViews()", text)
                assert browser.js(OPENER), f"at {size} and {text} % the button that opens the choice is out of sight"
                browser.js("flail.bar.openViews()")
                boxes = browser.js(BOXES)
                apart = all(one[1] <= other[0] for one, other in itertools.pairwise(boxes))
                if len(boxes) != len(VIEWS) or not apart or not all(b[2] >= TOUCHED and b[3] for b in boxes):
                    wrong[size, text] = boxes
                assert browser.js(
                    "const middle = (one) => { const box = one.getBoundingClientRect();"
                    " return document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2); };"
                    "return ['mode', 'stop'].every((id) => document.getElementById(id).contains("
                    "middle(document.getElementById(id))))"
                )
        assert wrong == {}
    finally:
        browser.size("laptop")


def test_the_choice_of_views_ends_by_itself_and_touches_no_hands(browser: Page, server: FakeServer) -> None:
    """Hold-to-run stays held while a view is chosen by mouse; a choice that nobody makes gives the figures back."""
    opened(browser, server, "manual").until("return flail.hands.view?.latch")
    browser.key("keyDown", "KeyF")
    browser.when(lambda: held(server))
    server.readings.clear()
    for selector in ("#cells .view", "#views [data-view=mission]"):
        x, y = browser.js(MIDDLE, selector)
        for kind in ("mousePressed", "mouseReleased"):
            browser.cdp("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
    browser.until("return document.body.dataset.view === 'mission'")
    browser.when(lambda: len(server.readings) > 10)
    assert all(int(reading[2]) & 1 for reading in server.readings)
    browser.key("keyUp", "KeyF")
    browser.js("flail.bar.openViews()")
    browser.until("return document.getElementById('views').hidden")
    assert browser.js("return document.querySelector('#cells .view').getAttribute('aria-expanded')") == "false"


def test_the_choice_of_views_gives_the_focus_back(browser: Page, server: FakeServer) -> None:
    """Whoever goes through it by the keyboard has the time they need, and is at its button afterwards."""
    opened(browser, server, "disarmed")
    opener = "document.querySelector('#cells .view')"
    browser.js(f"{opener}.focus()")
    for ends in ("Escape", "Enter", ""):
        browser.tap("Enter")
        browser.until("return !document.getElementById('views').hidden")
        browser.js("document.querySelector('#views [data-view=drive]').focus()")
        if ends:
            before = browser.js("return flail.bar.opened_ms")
            browser.tap("Tab")
            assert browser.js("return flail.bar.opened_ms") > before
            browser.tap(ends)
        else:
            browser.js("flail.bar.opened_ms = -1e9")
        browser.until("return document.getElementById('views').hidden")
        assert browser.js(f"return document.activeElement === {opener}"), ends


OUTSIDE = """
const [inner, outer] = arguments, box = document.querySelector(outer).getBoundingClientRect();
return [...document.querySelectorAll(inner)].filter((one) => {
  const at = one.getBoundingClientRect();
  return at.left < box.left || at.top < box.top || at.right > box.right || at.bottom > box.bottom;
}).map((one) => one.textContent);
"""


def test_large_text_and_long_names_push_nothing_out_of_sight(browser: Page, server: FakeServer) -> None:
    """The link beside a long name in the top bar; all buttons of a map that a stop made small."""
    browser.size("tablet")
    try:
        opened(browser, server, "hold", text="150")
        name = "Мінофлот <b>" * 12
        server.state["server"] = {**server.state["server"], "vehicles": [{"id": "memat-1", "name": name}]}
        browser.until("return document.querySelector('#mode .label').textContent.startsWith('Мінофлот <b>')")
        assert browser.js(OUTSIDE, "#cells .cell:nth-of-type(-n + 1)", "#cells") == []
        assert browser.js(OUTSIDE, ".map-side button", "#map") == []
    finally:
        browser.size("laptop")


RECORD = {
    "plan_hash": "a1b2c3d4e5f60718", "required_depth_m": 0.15, "gaps": [], "hours": {}, "events": [], "pieces": [],
    "totals": {"area_m2": 10.0}, "depths": [{"depth_cm": 16, "area_m2": 10.0}],
}  # fmt: skip


def test_nothing_of_the_record_of_another_vehicle_stays(browser: Page, server: FakeServer) -> None:
    """The chart of its depths neither."""
    opened(browser, server, "disarmed")
    browser.until("return flail.store.value('ground', 'stroke') !== null")
    browser.js(
        "const view = flail.others.record.view; view.server.get = async () => arguments[0]; flail.turn('record');",
        RECORD,
    )
    chart = "document.querySelector('#view-record .chart')"
    browser.until(f"return {chart}.querySelector('canvas') !== null && {chart}.getClientRects().length > 0")
    server.state["server"] = {**server.state["server"], "vehicle": "memat-2"}
    browser.until("return flail.others.record.view.record === null")
    assert browser.js(f"return {chart}.getClientRects().length") == 0


FLOOD = """
window.spoken = 0;
const live = [...document.querySelectorAll('[role=status], [role=alert], [aria-live], output')];
for (const one of live.filter((one) => one.ariaLive !== 'off')) {
  const seen = new MutationObserver(() => { window.spoken += 1; });
  seen.observe(one, {childList: true, characterData: true, subtree: true});
}
"""


def test_values_that_change_all_the_time_are_not_spoken(browser: Page, server: FakeServer) -> None:
    """Numbers of the instruments, the seconds of an old picture, the metres of an outline: read when asked for."""
    opened(browser, server, "manual")
    browser.js("flail.perimeter.begin(0); flail.turn('plan'); flail.turn('drive')")
    browser.js("flail.picture.drawn = {bitmap: {close() {}}, camera: 0, captured_ms: performance.now() - 9e4}")
    browser.until("return flail.picture.element.dataset.age === 'old'")
    browser.js(FLOOD)
    browser.js("flail.others.plan.view.shown_here = true")
    for step in range(8):
        server.state["pose"].update(speed_mps=0.1 + step / 100, lat=40.1 + step * 3e-6, roll_deg=float(step))
        server.state["tool"].update(rotor_rpm=500.0 + step, depth_m=0.15 + step / 100)
        browser.until("return flail.store.get('tool').rotor_rpm === arguments[0]", 500 + step)
        browser.js("flail.picture.drawn.captured_ms -= 1000")
    browser.until("return flail.store.get('perimeter').length_m > 1")
    assert browser.js("return window.spoken") == 0


NOTHING_KEPT = """
for (const name of ['localStorage', 'sessionStorage']) {
  Object.defineProperty(window, name, {get() { throw new DOMException('no', 'SecurityError'); }});
}
"""


def test_a_browser_that_keeps_nothing_has_a_stop_that_works(browser: Page, server: FakeServer) -> None:
    opened(browser, server, "manual")
    added = browser.cdp("Page.addScriptToEvaluateOnNewDocument", source=NOTHING_KEPT)
    try:
        browser.driver.get("about:blank")
        browser.driver.get(server.url)
        browser.until("return window.flail?.ready === true && flail.store.get('vehicle') !== null")
        browser.tap("Space")
        browser.when(lambda: bool(server.stops))
    finally:
        browser.cdp("Page.removeScriptToEvaluateOnNewDocument", identifier=added["identifier"])


def test_whoever_acts_by_the_keyboard_stays_where_the_act_was(browser: Page, server: FakeServer) -> None:
    """Where its button is gone the focus is on its region, and on no other act."""
    opened(browser, server, "detonation")
    browser.until("return document.querySelector('#steps [data-act=ACKNOWLEDGE]') !== null")
    browser.js("document.querySelector('#steps [data-act=ACKNOWLEDGE]').focus()")
    server.state["vehicle"]["acknowledge_due"] = False
    browser.until("return document.querySelector('#steps [data-act=ACKNOWLEDGE]') === null")
    assert browser.js("return document.activeElement.id") == "steps"
    opened(browser, server, "ready")
    browser.until("return document.querySelector('#hands .act') !== null")
    acts = "[...document.querySelectorAll('#hands .act')]"
    browser.js(f"{acts}.find((one) => one.innerText.includes('RECOVERY')).focus()")
    server.state["vehicle"]["mode"] = "MANUAL"
    browser.until("return flail.store.value('vehicle', 'mode') === 'MANUAL'")
    browser.until("return document.activeElement.id === 'hands'")


def test_stop_says_that_it_does_nothing_before_it_does(browser: Page, server: FakeServer) -> None:
    """A page without its texts has no STOP yet."""
    opened(browser, server, "manual")
    assert browser.text("#stop") == "STOP\nSpace · B · any view"
    server.forbidden = True
    try:
        browser.driver.get("about:blank")
        browser.driver.get(server.url)
        browser.until("return document.body.dataset.state === 'failed'")
        assert browser.text("#stop") == "STOP\nno link: use the radio e-stop"
    finally:
        server.forbidden = False
