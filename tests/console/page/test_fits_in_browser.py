"""Nothing on the page is cut off, at any size of screen and text, in any language, and STOP is never covered."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.page.browser import SIZES, Page, browsing
from tests.console.page.fake_server import FakeServer, serving
from tests.console.page.scenes import SCENES
from tests.console.page.test_texts import ENGLISH, OTHERS

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.needs("chromium", "chromedriver")]
SHOWN = [
    "manual",
    "ready",
    "mission",
    "wait",
    "shock",
    "warned",
    "hold",
    "detonation",
    "estop",
    "lost",
    "disarmed",
    "engine_off",
    "engine_barred",
    "starting",
]
VIEWS = ["drive", "mission", "plan", "record", "setup"]
LOOK = """
const [scenes, texts, views] = arguments, found = {};
flail.store.serverAge_ms = () => 0;
for (const text of texts) {
  document.documentElement.dataset.text = text;
  for (const [name, scene] of Object.entries(scenes)) {
    flail.store.heard({ type: "snapshot", seq: 0, ...scene });
    flail.acts.facts();
    if (flail.acts._ready_ms !== null) flail.acts._ready_ms = -1e6;  // the moment before the second ARM is over
    for (const view of views) {
      flail.turn(view);
      flail.paint();
      const problems = check();
      if (problems.length) found[`${text} ${name} ${view}`] = [...new Set(problems)];
    }
  }
}
return found;
"""
"""Every scene and view at each size of text in one go: nothing comes between, and nothing ages."""
FONTS = """
const done = arguments[arguments.length - 1];
Promise.all(Array.from(document.fonts, (font) => font.load())).then(() => done([]), (error) => done([String(error)]));
"""
"""Every face is there before anything is measured, not only those that were asked for so far."""
CHECK = (Path(__file__).parent / "clipped.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def browser() -> Iterator[Page]:
    """One browser for the module."""
    with browsing() as page:
        yield page


@pytest.fixture(scope="module")
def server() -> Iterator[FakeServer]:
    """One server for the module."""
    with serving(FakeServer()) as server:
        server.state = SCENES["manual"]
        yield server


@pytest.mark.parametrize("language", ["en", *(pytest.param(one, marks=pytest.mark.slow) for one in OTHERS)])
def test_nothing_is_cut_and_stop_is_never_covered(browser: Page, server: FakeServer, language: str) -> None:
    """In each scene and view, at three sizes of screen and three of text."""
    browser.size("laptop")
    browser.open(server.url, language=language)
    browser.until("return flail.store.get('link') !== null")
    assert browser.driver.execute_async_script(FONTS) == []
    scenes = {name: SCENES[name] for name in SHOWN}
    problems = {}
    for size in SIZES:
        browser.size(size)
        found = browser.js(f"const check = () => {{ {CHECK} }};{LOOK}", scenes, ["100", "125", "150"], VIEWS)
        problems |= {f"{size} {where}": what for where, what in found.items()}
    assert problems == {}


ANSWERS = """
const [scene, texts] = arguments, found = {};
const keys = Object.keys(english()).filter((key) => key.startsWith("act.why."));
const params = { metres: 123.4, distance: "123 m", angle: 170, side: "right", rule: "tilt_disagrees", rpm: 1140 };
flail.store.serverAge_ms = () => 0;
flail.turn("drive");
for (const text of texts) {
  document.documentElement.dataset.text = text;
  flail.store.heard({ type: "snapshot", seq: 0, ...scene });
  for (const key of keys) {
    const answer = { act: "RELEASE_ESTOP", result: "refused", why: { key, params }, reason: null };
    flail.store.set("answer", { ...answer, at_ms: flail.now_ms() });
    flail.paint();
    const shown = document.querySelector(".warnings .answer") ?? document.querySelector("#hands .text");
    const strip = document.getElementById("strip").getBoundingClientRect(), box = shown.getBoundingClientRect();
    const seen = shown.innerText.includes("refused") && box.bottom <= strip.bottom;
    const whole = shown.scrollHeight <= shown.clientHeight + 1 && shown.scrollWidth <= shown.clientWidth + 1;
    if (!seen || !whole) found[`${text} ${key}`] = shown.innerText;
  }
}
return found;
"""
"""Every refusal at each size of text: those of which something is cut off."""


def test_every_refusal_can_be_read_whole(browser: Page, server: FakeServer) -> None:
    """In the strip, beside the buttons of the acts, with the longest name of an act."""
    browser.size("laptop")
    browser.open(server.url)
    browser.until("return flail.store.get('link') !== null")
    texts = json.dumps(ENGLISH)
    problems = {}
    for size in SIZES:
        browser.size(size)
        script = f"const english = () => ({texts});{ANSWERS}"
        found = browser.js(script, SCENES["manual"], ["100", "125", "150"])
        problems |= {f"{size} {where}": what for where, what in found.items()}
    assert problems == {}


FIGURES = {"oil_c": 104.0, "coolant_c": 104.0, "fuel_ratio": 1.0}


def test_oil_water_and_fuel_stand_in_the_top_bar_whatever_the_rest_says(browser: Page, server: FakeServer) -> None:
    """At the first size of text: the widest figures, a mission, a picture with its age."""
    browser.size("laptop")
    browser.open(server.url)
    browser.until("return flail.store.get('link') !== null")
    scene = {**SCENES["mission"], "engine": {**SCENES["mission"]["engine"], **FIGURES}}
    for size in SIZES:
        browser.size(size)
        shown = browser.js(
            "flail.store.serverAge_ms = () => 0; flail.picture.age_ms = () => 130;"
            "flail.store.heard({type: 'snapshot', seq: 0, ...arguments[0]}); flail.turn('mission'); flail.paint();"
            "const box = document.querySelector('.cell.engine').getBoundingClientRect(); return [box.top, box.width]",
            scene,
        )
        assert shown[0] < 1.0, size
        assert shown[1] > 100.0, size


CUT = """
flail.store.serverAge_ms = () => 0;
flail.store.heard({type: 'snapshot', seq: 0, ...arguments[0]});
flail.turn('mission');
flail.paint();
const all = [...document.querySelectorAll('.warnings li')];
return all.map((one) => [one.innerText, one.scrollWidth > one.clientWidth + 1]);
"""


def test_three_warnings_are_read_whole_or_by_their_first_clause(browser: Page, server: FakeServer) -> None:
    """The worst one in whole on each screen; none of the others ends in the middle of a word."""
    browser.size("laptop")
    browser.open(server.url)
    browser.until("return flail.store.get('link') !== null")
    shown = {}
    for size in ("laptop", "screen"):
        browser.size(size)
        shown[size] = browser.js(CUT, SCENES["mission"])
    whole = [text for text, _ in shown["screen"]]
    short = [text for text, _ in shown["laptop"]]
    assert [text for one in shown.values() for text, cut in one if cut] == []
    assert short[0] == whole[0]
    assert short != whole, "there is room for all of it: this test shows nothing"
    assert all(text.startswith(part) for part, text in zip(short, whole, strict=True))


def test_the_check_of_the_base_stands_on_every_screen(browser: Page, server: FakeServer) -> None:
    """Its age, and in amber that it is due."""
    browser.size("laptop")
    browser.open(server.url)
    browser.until("return flail.store.get('link') !== null")
    for due in ([], ["base"]):
        scene = {**SCENES["mission"], "checks": {**SCENES["mission"]["checks"], "base_age_s": 11_880.0, "due": due}}
        for size in SIZES:
            browser.size(size)
            shown = browser.js(
                "flail.store.serverAge_ms = () => 0;"
                "flail.store.heard({type: 'snapshot', seq: 0, ...arguments[0]}); flail.turn('drive'); flail.paint();"
                "return [...document.querySelectorAll('#cells .cell')].filter((one) => one.checkVisibility()"
                " && one.getBoundingClientRect().top < 1 && /base/i.test(one.innerText))"
                ".map((one) => [one.innerText, one.matches('.amber') || one.querySelector('.amber') !== null])",
                scene,
            )
            assert len(shown) == 1, size
            assert ("3.3 h" in shown[0][0] or "3 h 18 min" in shown[0][0], shown[0][1]) == (True, due == ["base"]), size


def test_fuel_takes_no_row_of_the_mission_where_nobody_measures_it(browser: Page, server: FakeServer) -> None:
    browser.size("laptop")
    browser.open(server.url)
    browser.until("return flail.store.get('link') !== null")
    for minutes, parking in ((None, None), (90.0, None), (90.0, 4.0)):
        scene = {**SCENES["mission"], "engine": {"fuel_min": minutes, "parking_min": parking}}
        shown = browser.js(
            "flail.store.serverAge_ms = () => 0;"
            "flail.store.heard({type: 'snapshot', seq: 0, ...arguments[0]}); flail.turn('mission'); flail.paint();"
            "return document.getElementById('progress').innerText",
            scene,
        )
        assert ("Fuel lasts at work" in shown, "Way to the parking" in shown) == (
            minutes is not None,
            parking is not None,
        )
