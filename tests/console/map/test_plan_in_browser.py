"""Map and Plan view in a real browser: what is drawn is what was sent; plans are made by keys; nothing is lost."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from selenium.webdriver.common.by import By

from tests.console.map.plan_server import SIZE, PlanServer, tile_frame
from tests.console.page.browser import Page, browsing
from tests.console.page.fake_server import serving
from tests.console.page.scenes import SCENES
from vehicle.reports.palette_leaf import PALETTE

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.needs("chromium", "chromedriver")]
VIEW = "flail.others.plan.view"
HOUSE = """{"type": "FeatureCollection", "features": [
 {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [[[47.0, 40.0], [47.0004, 40.0],
   [47.0004, 40.0003], [47.0, 40.0003], [47.0, 40.0]]]}},
 {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [[[47.0002, 40.0001],
   [47.00026, 40.0001], [47.00026, 40.00015], [47.0002, 40.00015], [47.0002, 40.0001]]]}}]}"""
CLASSES = {1: "processed", 2: "passed", 3: "below", 4: "provisional", 255: "unknown"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Page]:
    with browsing() as page:
        page.size("laptop")
        yield page


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlanServer]:
    with serving(PlanServer(tmp_path_factory.mktemp("console"))) as served:
        yield served  # type: ignore[misc]  # the server that was given


def opened(browser: Page, server: PlanServer, view: str, scene: str = "disarmed") -> Page:
    server.state = copy.deepcopy(SCENES[scene])
    server.stops.clear()
    browser.open(server.url)
    browser.until("return flail.map?.theme !== null && flail.store.get('link') !== null")
    browser.js("flail.turn(arguments[0])", view)
    return browser


def click(browser: Page, east: float, north: float) -> None:
    """A real click on a place of the Plan view's map."""
    x, y = browser.js(
        f"""const map = {VIEW}.map, view = map.view(), box = map.canvasTop.getBoundingClientRect();
        const x = arguments[0] - view.east, y = arguments[1] - view.north;
        return [box.left + view.width / 2 + view.ppm * x, box.top + view.height * view.anchorY - view.ppm * y];""",
        east,
        north,
    )
    for kind in ("mousePressed", "mouseReleased"):
        browser.cdp("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)


def saved(browser: Page) -> dict[str, Any]:
    """The drawing as the server has it, once nothing is on its way."""
    browser.until(f"return {VIEW}.steps.unsaved === 0 && {VIEW}.answer !== null")
    found: dict[str, Any] = browser.js(f"return {VIEW}.steps.document")
    return found


def chord(browser: Page, code: str) -> None:
    """Ctrl and a letter."""
    for kind in ("keyDown", "keyUp"):
        browser.cdp("Input.dispatchKeyEvent", type=kind, code=code, key=code[-1].lower(), modifiers=2)


def typed(browser: Page, label: str, text: str) -> None:
    """A field of the Plan view is filled in and left."""
    browser.js(
        "const [label, text] = arguments, one = [...document.querySelectorAll('#view-plan label.field')]"
        ".find((one) => one.innerText.startsWith(label)).querySelector('input');"
        "one.value = text; one.dispatchEvent(new Event('change'));",
        label,
        text,
    )


PAINTED = """(({waiting, unpacking, slices}) =>
  !waiting.length && !unpacking && !slices.work.length && !slices.running)(flail.map.ground)"""
"""Nothing waits to be painted, or to be painted anew in other colours."""


# --- the map ---------------------------------------------------------------------------------------------------------
def painted(browser: Page, x: int, y: int) -> list[str]:
    """Colours of a fine tile's pixels as the page painted them, row 0 first."""
    key = f"{x},{y}"
    browser.js("flail.map.camera.hold({...flail.map.view(), east: 3.2, north: 3.2, ppm: 24, turn: 0}, 1e12)")
    browser.until(f"return flail.map.ground.fine.get(arguments[0]) !== undefined && {PAINTED}", key)
    return list(
        browser.js(
            """const data = flail.map.ground.fine.get(arguments[0]).getImageData(0, 0, 128, 128).data, found = [];
            for (let n = 0; n < data.length; n += 4) {
              const hex = [...data.slice(n, n + 3)].map((one) => one.toString(16).padStart(2, "0")).join("");
              found.push(data[n + 3] === 0 ? "" : "#" + hex.toUpperCase());
            }
            return found;""",
            key,
        )
    )


@pytest.mark.parametrize("theme", ["day", "sunlight", "night"])
def test_every_cell_is_painted_as_its_class_and_nothing_else(browser: Page, server: PlanServer, theme: str) -> None:
    opened(browser, server, "drive")
    classes = np.random.default_rng(7).choice(np.array([0, 1, 2, 3, 4, 255], np.uint8), (SIZE, SIZE))
    browser.js("document.documentElement.dataset.theme = arguments[0]", theme)
    server.tiles.append(tile_frame(0, 0, classes))
    browser.until("return flail.map.ground.tiles.size === 1")
    browser.until("return flail.map.theme.map.below === arguments[0]", PALETTE.themes[theme].map["below"])
    colours = painted(browser, 0, 0)
    for kind, seen in zip(classes.ravel().tolist(), colours, strict=True):
        name = CLASSES.get(kind)
        allowed = {""} if name is None else {PALETTE.themes[theme].map[name], PALETTE.marks.get(name)}
        assert seen in allowed, (kind, seen)


def test_what_is_withdrawn_vanishes_from_every_level(browser: Page, server: PlanServer) -> None:
    opened(browser, server, "drive")
    whole, gone = np.ones((SIZE, SIZE), np.uint8), np.ones((SIZE, SIZE), np.uint8)
    gone[60:70, :] = 0
    server.tiles.append(tile_frame(0, 0, whole, 1))
    browser.until("return flail.map.ground.tiles.get('0,0')?.stroke === 1")
    assert set(painted(browser, 0, 0)) == {PALETTE.themes["day"].map["processed"]}
    server.tiles.append(tile_frame(0, 0, gone, 2))
    browser.until("return flail.map.ground.tiles.get('0,0').stroke === 2 && flail.map.ground.slices.work.length === 0")
    browser.until(
        "return flail.map.ground.fine.get('0,0').getImageData(5, 65, 1, 1).data[3] === 0"
        " && flail.map.ground.coarse[4].get('0,0').getImageData(0, 4, 1, 1).data[3] === 0"
    )


def test_ground_that_was_not_heard_of_is_not_shown_as_to_do(browser: Page, server: PlanServer) -> None:
    opened(browser, server, "mission")
    site = """flail.map.setSite({hash: "x", cell_m: 0.05, swaths: [], areas: [{role: "work_area",
      rings: [[[0, 0], [30, 0], [30, 30], [0, 30], [0, 0]]]}]})"""
    middle = """const at = flail.map.canvasGround.getContext("2d").getImageData(
      flail.map.canvasGround.width / 2, flail.map.canvasGround.height / 2, 8, 8).data;
      return [...Array(64).keys()].map((n) => [at[4 * n], at[4 * n + 1], at[4 * n + 2]].join());"""
    to_do = ",".join(str(int(PALETTE.themes["day"].map["to_do"][at : at + 2], 16)) for at in (1, 3, 5))
    server.state["ground"] = {"complete": False}
    browser.until("return flail.store.value('ground', 'complete') === false && flail.store.get('site') !== null")
    browser.js("flail._site = () => {}")  # the site of the server is not asked for again
    browser.js(site)
    browser.until("return flail.map.groundChanged === false")
    assert to_do not in browser.js(middle)
    server.state["ground"] = {"complete": True}
    browser.until("return flail.store.value('ground', 'complete') === true")
    browser.when(lambda: set(browser.js(middle)) == {to_do})


# --- the Plan view ---------------------------------------------------------------------------------------------------
def test_a_refused_file_is_mended_by_keys_planned_and_walked(browser: Page, server: PlanServer, tmp_path: Path) -> None:
    opened(browser, server, "plan")
    path = tmp_path / "house.geojson"
    path.write_text(HOUSE)
    browser.driver.find_element(By.CSS_SELECTOR, "#view-plan input[type=file]").send_keys(str(path))
    browser.until(f"return {VIEW}.answer?.error?.includes('lies inside or across')")
    assert "house.geojson: feature 1" in browser.text("#view-plan .problem")
    assert browser.js(f"return {VIEW}.problem().where !== null")
    click(browser, 5.5, 1.0)
    browser.tap("Digit2", "2")
    click(browser, -10.0, -10.0)
    browser.tap("Digit1", "1")
    browser.until(f"return {VIEW}.answer?.site !== null && {VIEW}.steps.unsaved === 0 && {VIEW}.steps.at === 3")
    assert [shape["role"] for shape in saved(browser)["shapes"]] == ["work_area", "keep_out"]
    assert browser.js("return document.body.dataset.view") == "plan"  # the digits chose roles, no view
    assert saved(browser)["outside"] is None
    browser.js(f"{VIEW}.shelf.wish({{machine: 'mematt'}}); {VIEW}.shelf.plan()")
    browser.until(f"return {VIEW}.shelf.planError?.includes('outside the work area')")
    for value in ("safe", "none"):
        browser.js("document.querySelector(`#view-plan input[type=radio][value=${arguments[0]}]`).click()", value)
    saved(browser)
    assert "Not stated: planned as level ground. The machine's limit is" in browser.text("#view-plan")
    typed(browser, "Steepest slope", "steep")
    assert '"steep" is no slope' in browser.text("#view-plan .told")
    typed(browser, "Steepest slope", "4,5")
    assert saved(browser)["slope_deg"] == 4.5
    assert "Not stated" not in browser.text("#view-plan")
    browser.js(f"{VIEW}.shelf.plan()")
    browser.until(f"return {VIEW}.shelf.shown !== null")
    assert browser.js(f"return {VIEW}.shelf.shown.whole") is True
    browser.js(f"{VIEW}.shelf.walk(0)")
    begin = browser.js(f"return {VIEW}.shelf.pose")
    browser.js(f"{VIEW}.shelf.walkBy(+9)")
    assert browser.js(f"return {VIEW}.shelf.pose") != begin
    assert "No vehicle" not in browser.text("#view-plan")  # one is connected, disarmed, and this console's
    chord(browser, "KeyZ")
    browser.until(f"return {VIEW}.steps.document.slope_deg === null && {VIEW}.shelf.isStale")
    chord(browser, "KeyY")
    browser.until(f"return {VIEW}.steps.document.slope_deg === 4.5 && !{VIEW}.shelf.isStale")


def test_a_polygon_is_drawn_by_clicks_and_keys_and_is_there_after_a_reload(browser: Page, server: PlanServer) -> None:
    opened(browser, server, "plan")
    browser.js(f"{VIEW}.typed = {{lat_deg: 40, lon_deg: 47, alt_m: 0}}; {VIEW}.fresh()")
    saved(browser)
    browser.tap("KeyB", "b")
    for east, north in ((-8, -6), (8, -6), (8, 6), (0, 0)):
        click(browser, east, north)
    browser.tap("Space")
    browser.when(lambda: bool(server.stops))  # STOP is STOP while somebody draws
    browser.tap("Backspace", "Backspace")
    click(browser, -8, 6)
    browser.tap("Enter", "Enter")
    browser.tap("Digit1", "1")
    browser.until(f"return {VIEW}.steps.document.shapes[0]?.role === 'work_area'")
    (shape,) = saved(browser)["shapes"]
    assert np.array(shape["rings"][0]) == pytest.approx(np.array([[-8, -6], [8, -6], [8, 6], [-8, 6]]), abs=0.2)
    assert browser.js(f"return {VIEW}.answer.site.area_m2") == pytest.approx(192.0, abs=6.0)
    opened(browser, server, "plan")
    browser.until(f"return {VIEW}.steps.document?.shapes.length === 1")
    assert saved(browser)["shapes"][0]["rings"] == shape["rings"]


DRIVEN = """
// the machine as /state tells it, along corners in metres of the vehicle's datum; turns where it stands
const [corners, fix, scene] = arguments, [lat, lon] = scene.site.datum, store = flail.store;
store.serverAge_ms = () => 0;
const degrees = [1 / 111_032.0, 1 / 85_393.0]; // a degree of latitude and longitude at 40.1 degrees, in metres
const tell = (x, y, heading_deg, speed_mps) => store.heard({type: "delta", seq: 0, link: {...scene.link},
  gnss: {...scene.gnss, fix}, pose: {...scene.pose, e: x, n: y, lat: lat + y * degrees[0], lon: lon + x * degrees[1],
  heading_deg, speed_mps, sigma_m: 0.01}});
let before = null;
for (let n = 1; n < corners.length; n += 1) {
  const [[x0, y0], [x1, y1]] = [corners[n - 1], corners[n]], long = Math.hypot(x1 - x0, y1 - y0);
  const heading = Math.atan2(x1 - x0, y1 - y0) * 180 / Math.PI;
  const turn = before === null ? 0 : ((heading - before + 540) % 360) - 180;
  for (let part = 0; part < 1; part += 0.05) tell(x0, y0, heading - turn * (1 - part), 0);
  before = heading;
  for (let at = 0; at <= long; at += 0.05) tell(x0 + (x1 - x0) * at / long, y0 + (y1 - y0) * at / long, heading, 0.5);
}
flail.paint();
"""
"""Drive so, told at once; nothing comes from the server meanwhile."""


def pressed(browser: Page, words: str) -> None:
    browser.until(
        "const one = [...document.querySelectorAll('#view-plan button')].find((one) => one.checkVisibility()"
        " && one.firstChild.textContent === arguments[0]); one?.click(); return Boolean(one)",
        words,
    )


def test_an_outline_is_driven_with_rtk_fixed_alone_and_closed_into_the_drawing(
    browser: Page, server: PlanServer
) -> None:
    """Begun in Plan, driven while Drive is shown, the fix lost between: said on the strip; the gap is bridged."""
    opened(browser, server, "plan", "manual")
    browser.until("return flail.store.get('site')?.datum !== undefined")
    scene = copy.deepcopy(SCENES["manual"])
    server.quiet = True
    browser.js(f"{VIEW}.steps.document = null; {VIEW}.answer = null; {VIEW}.render()")
    browser.js("document.querySelector('#view-plan details').open = true")
    pressed(browser, "Begin to record")
    assert "Choose which part" in browser.text("#view-plan .told")
    browser.js("document.querySelector('#view-plan input[type=radio][value=middle]').click()")
    pressed(browser, "Begin to record")
    browser.js("flail.turn('drive')")
    browser.js(DRIVEN, [[0, 0], [20, 0]], "rtk_fixed", scene)
    assert "Outline: 20 m recorded" in browser.text("#instruments .warnings")
    browser.js(DRIVEN, [[20, 0], [20, 4]], "rtk_float", scene)
    assert "no RTK fixed" in browser.text("#instruments .warnings li:not(.hint)")
    browser.js(DRIVEN, [[20, 4], [20, 5]], "rtk_fixed", scene)
    assert "drive back 5 m" in browser.text("#instruments .warnings li:not(.hint)")
    browser.js("flail.turn('plan')")
    pressed(browser, "Straight line to the machine")
    browser.js(DRIVEN, [[20, 5], [20, 10], [0, 10], [0, 1]], "rtk_fixed", scene)
    server.state["pose"]["lat"], server.quiet = None, False
    browser.open(server.url)  # loaded anew: the record is still there, and waits for the machine
    browser.until("return flail.store.get('link') !== null")
    browser.js("flail.turn('plan')")
    server.quiet = True
    assert "Outline not recorded" in browser.text("#view-plan details")
    browser.js(DRIVEN, [[0, 1], [0, 0.5]], "rtk_fixed", scene)
    server.quiet = False
    pressed(browser, "Close the outline")
    (shape,) = saved(browser)["shapes"]
    assert shape["role"] is None
    assert shape["kept"]["bridged_m"] == [5]
    assert browser.js(f"return {VIEW}.answer.site.area_m2") == pytest.approx(200.0, abs=3.0)
    assert "straight lines over gaps: 1, longest 5.0 m" in browser.text("#view-plan .told")
    assert browser.js("return flail.store.get('perimeter')") is None


def test_nothing_is_asked_of_another_host_and_no_error_is_logged(browser: Page, server: PlanServer) -> None:
    opened(browser, server, "plan")
    browser.js("flail.turn('record')")
    browser.until("return flail.others.record.view.error !== null")
    browser.when(lambda: "not known yet" in browser.text("#view-record"))
    asked = browser.js("return performance.getEntriesByType('resource').map(({name}) => name)")
    home = browser.js("return location.origin")
    assert [name for name in asked if not name.startswith(home)] == []
