"""A mission from the page: what it may do meanwhile, and that the ground on the screen is the vehicle's own record."""

import base64
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from console.server.ground_classes import NOTHING, PROCESSED, PROVISIONAL
from tests.console.browser.operator import ARMED, AUTO, Operator
from tests.console.browser.stack import Vehicle

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.needs("chromium", "chromedriver")]
Ground = dict[tuple[int, int], npt.NDArray[np.uint8]]
STROKES = 8
"""A metre of a swath."""
SHOWN = """
const done = arguments[arguments.length - 1];
const read = async (tile) => {
  const stream = new Blob([tile.packed]).stream().pipeThrough(new DecompressionStream('deflate'));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
};
(async () => {
  const tiles = {};
  for (const [key, tile] of flail.map.ground.tiles) tiles[key] = await read(tile);
  done({stroke: flail.store.value('ground', 'stroke'), complete: flail.map.complete, tiles});
})();
"""
"""What the page holds of the ground."""
DRAWN = """
const done = arguments[arguments.length - 1], ground = flail.map.ground, [x, y, cells] = arguments;
const held = ground.fineAt(x, y);
if (!held) return done(null);
const seen = held.getImageData(0, 0, 128, 128).data;
const wanted = ground.imageOf(Uint8Array.from(atob(cells), (one) => one.charCodeAt(0)), 128).data;
done(seen.every((value, at) => value === wanted[at]));
"""
"""Whether a tile's canvas has the pixels of these classes; null while it is not painted yet."""
OBSERVED = """
const done = arguments[arguments.length - 1];
flail.api('/api/observations', {method: 'POST', body: JSON.stringify(arguments[0])})
  .then((answer) => answer.json()).then(done);
"""
"""Send an observation; what the server says of it."""


def shown(operator: Operator) -> tuple[int | None, bool, Ground]:
    """Stroke, whether all of it is known, classes of each tile: of the page."""
    told: dict[str, Any] = operator.page.driver.execute_async_script(SHOWN)
    found = {}
    for name, cells in told["tiles"].items():
        x, y = map(int, name.split(","))
        found[x, y] = np.frombuffer(base64.b64decode(cells), np.uint8).reshape(128, 128)
    return told["stroke"], bool(told["complete"]), found


def same(page: Ground, vehicle: Ground) -> bool:
    """Every cell; a tile that only one of them has holds nothing."""
    return all(
        np.array_equal(page.get(key, nothing), vehicle.get(key, nothing))
        for key in page.keys() | vehicle.keys()
        for nothing in [np.full((128, 128), NOTHING, np.uint8)]
    )


def until_same(operator: Operator, vehicle: Vehicle) -> Ground:
    """The page's ground, once it is complete and equal to the vehicle's record."""
    found: list[Ground] = []

    def equal() -> bool:
        stroke, complete, ground = shown(operator)
        newest, record = vehicle.ground()
        found[:] = [ground]
        return complete and stroke == newest and same(ground, record)

    operator.page.when(equal)
    return found[0]


def credited(ground: Ground) -> int:
    """Cells that the page shows as processed."""
    return sum(int(np.isin(cells, (PROCESSED, PROVISIONAL)).sum()) for cells in ground.values())


def test_a_mission_paints_the_record_and_a_reload_stops_it(
    operator: Operator, vehicle: Vehicle, record_property: Any
) -> None:
    """Started by keys; reloaded while it works; then hammers are missing, and what rests on them vanishes."""

    def drive() -> None:
        operator.until_mission(operator.press_start)
        operator.hands_off()

    def left() -> bool:
        return vehicle.look()["mode"] not in AUTO

    assert operator.offered_in(AUTO, "ATTENTION", drive) == "ATTENTION PAUSE"
    for _ in range(6):
        operator.page.when(lambda: vehicle.look()["stroke"] >= STROKES or left())
        if not left():
            break
        drive()  # the link of a busy computer broke
    assert vehicle.look()["stroke"] >= STROKES
    operator.page.driver.refresh()
    operator.until_still()
    operator.page.when(lambda: "link_lost" in vehicle.look()["reasons"])
    operator.page.until("return window.flail?.ready === true && flail.store.open()")
    began_ms = operator.page.js("return performance.now()")
    ground = until_same(operator, vehicle)
    record_property("ms_to_the_same_picture", operator.page.js("return performance.now()") - began_ms)
    operator.page.when(lambda: vehicle.look()["mode"] not in ("STOPPING", *ARMED))
    assert vehicle.look()["mode"] == "HOLD", "a reload begins nothing anew"
    assert credited(ground) > 100
    for (x, y), cells in ground.items():
        packed = base64.b64encode(cells.tobytes()).decode()
        until_painted_so(operator, x, y, packed)
    steered = operator.page.js("return flail.store.value('server', 'vehicle')")
    missing = {"vehicle": steered, "number": 1, "kind": "hammers", "who": "A. Operator", "value": 0}
    for _ in range(8):
        told = operator.page.driver.execute_async_script(OBSERVED, missing)
        if "error" not in told:
            break  # else the link of a busy computer broke: the same once more, which the vehicle records once
    assert told == {"recorded": True, "text": ""}, told
    operator.page.when(lambda: credited(vehicle.ground()[1]) == 0)
    assert credited(until_same(operator, vehicle)) == 0, "what was withdrawn is still shown"


def until_painted_so(operator: Operator, x: int, y: int, cells: str) -> None:
    """This tile is painted as these classes are; a canvas is painted some time after its tile came."""
    operator.page.when(lambda: operator.page.driver.execute_async_script(DRAWN, x, y, cells))
