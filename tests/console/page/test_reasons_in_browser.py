"""Each reason of the vehicle's table on the screen, in each language: its words and its colour."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from console.server.catalogue import reason_rows
from tests.console.page.browser import Page
from tests.console.page.fake_server import FakeServer, serving
from tests.console.page.scenes import SCENES
from tests.console.page.test_texts import OTHERS

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.needs("chromium", "chromedriver")]
ROWS: list[dict[str, Any]] = reason_rows()
STOPS_LEVEL = 3
ENGINE_LEVEL = 4
SHOWN = """
// one reason in one mode, as it stands on the screen; however busy this computer is, nothing is old
flail.store.serverAge_ms = () => 0;
const of = (element) => (element && element.checkVisibility() ? element.innerText : null);
const colour = (element) => (element && element.checkVisibility() ? getComputedStyle(element).backgroundColor : null);
const probe = document.createElement("i");
document.body.append(probe);
const token = (name) => { probe.style.background = `var(${name})`; return getComputedStyle(probe).backgroundColor; };
const tokens = { red: token("--stop"), amber: token("--amber") };
probe.remove();
const vehicle = flail.store.get("vehicle");
const found = arguments[0].map(([code, mode]) => {
  flail.store.set("vehicle", { ...vehicle, mode, worst: code, reasons: [code] });
  flail.paint();
  const warning = document.querySelector("#instruments .warnings li:not(.hint)");
  return {
    code, mode, cell: colour(document.getElementById("mode")), title: of(document.querySelector("#why h1")),
    body: of(document.querySelector("#why > p:not(.small):not(.now)")), head: of(document.querySelector("#why .label")),
    warning: of(warning), amber: colour(warning), spoken: document.getElementById("said").innerText,
    small: of(document.querySelector("#why > .small")),
  };
});
flail.store.set("vehicle", vehicle);
return [tokens, found];
"""


@pytest.fixture(scope="module")
def server() -> Iterator[FakeServer]:
    """One server for the module; it tells nothing after the page has begun."""
    with serving(FakeServer()) as server:
        server.state = copy.deepcopy(SCENES["hold"])
        yield server


def modes(row: dict[str, Any]) -> list[str]:
    """Where the reason shows: stopped by it, and as a warning where it may stand beside motion by stick."""
    if row["level"] >= ENGINE_LEVEL:
        return ["ESTOP", "FAULT"]
    return ["HOLD", "MANUAL"] if row["level"] < STOPS_LEVEL else ["HOLD"]


@pytest.mark.parametrize(
    ("language", "theme"),
    [("en", "day"), *(pytest.param("en", theme, marks=pytest.mark.slow) for theme in ("sunlight", "night"))]
    + [pytest.param(language, "day", marks=pytest.mark.slow) for language in OTHERS],
)
def test_each_reason_has_its_words_and_its_colour(browser: Page, server: FakeServer, language: str, theme: str) -> None:
    """English stands first where nobody reviewed a translation; a stop is red, a warning ink on amber, nothing else."""
    browser.open(server.url, language=language, theme=theme)
    browser.until("return flail.store.value('vehicle', 'mode') === 'HOLD'")
    asked = [(row["code"], mode) for row in ROWS for mode in modes(row)]
    tokens, found = browser.js(SHOWN, asked)
    assert tokens["red"] != tokens["amber"]
    table = {row["code"]: row for row in ROWS}
    wrong = [problem for shown in found for problem in problems(shown, table[shown["code"]], tokens)]
    assert wrong == []
    assert len(found) >= len(ROWS) > 80


def problems(shown: dict[str, Any], row: dict[str, Any], tokens: dict[str, str]) -> Iterator[str]:
    """What is wrong with a reason on the screen."""
    name = f"{row['code']} {row['name']} in {shown['mode']}"
    cause = cause_of(row)
    if cause not in shown["spoken"]:
        yield f"{name}: not spoken: {shown['spoken']}"
    if shown["mode"] == "MANUAL":
        if shown["cell"] == tokens["red"] or shown["title"] is not None:
            yield f"{name}: a warning looks like a stop"
        if shown["warning"] != cause or shown["amber"] != tokens["amber"]:
            yield f"{name}: {shown['warning']!r} in {shown['amber']}"
        return
    if shown["cell"] != tokens["red"] or shown["warning"] is not None:
        yield f"{name}: a stop in {shown['cell']}"
    if shown["title"] != cause.removesuffix("."):
        yield f"{name}: the title is {shown['title']!r}, not {cause!r}"
    if (row["level"] >= STOPS_LEVEL and not shown["body"]) or "reason." in (shown["body"] or ""):
        yield f"{name}: no steps"
    if str(row["code"]) not in shown["head"] or row["name"] not in shown["head"]:
        yield f"{name}: {shown['head']!r} does not say which"


def cause_of(row: dict[str, Any]) -> str:
    """The first sentence of the vehicle's own words for it."""
    return str(row["text"]).split(". ")[0].removesuffix(".") + "."
