"""How fast the map is on this machine: ten hectares painted, a stroke ten times a second; what was measured is kept.

Judges milliseconds of a real browser: `make trials`.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.console.map.plan_server import PlanServer
from tests.console.map.test_plan_in_browser import opened
from tests.console.page.browser import Page, browsing
from tests.console.page.fake_server import serving

pytestmark = [pytest.mark.trials, pytest.mark.real, pytest.mark.needs("chromium", "chromedriver")]
PATIENCE_S = 300.0
FRAMES_LEAST = 30.0
DRAWN_MS = 8.0
"""Nineteen of twenty drawings of the ground; what the browser calls long tasks is told."""
FILL = """
const [count, done] = [arguments[0], arguments[arguments.length - 1]];
const header = (x, y, stroke, packed) => {
  const bytes = new Uint8Array(16 + packed.length), view = new DataView(bytes.buffer);
  view.setUint8(0, 16); view.setUint16(2, 128, true); view.setInt32(4, x, true); view.setInt32(8, y, true);
  view.setUint32(12, stroke, true); bytes.set(packed, 16);
  return bytes.buffer;
};
const classes = Uint8Array.from({length: 16384}, (_, n) => (n % 997 === 0 ? 2 : n % 613 === 0 ? 3 : 1));
const stream = new Blob([classes]).stream().pipeThrough(new CompressionStream("deflate"));
new Response(stream).arrayBuffer().then((packed) => {
  window.tile = (x, y, stroke) => flail.map.putTile(header(x, y, stroke, new Uint8Array(packed)));
  const side = Math.ceil(Math.sqrt(count));
  for (let n = 0; n < count; n += 1) tile(n % side, Math.floor(n / side), 1);
  const wait = () => (flail.map.ground.slices.work.length || flail.map.ground.tiles.size < count
    || flail.map.ground.coarse[1].size < count / 4 ? setTimeout(wait, 100) : done(true));
  wait();
});
"""
RUN = """
const [east, north, ppm, done] = [...arguments];
const map = flail.map;
if (ppm) map.camera.hold({...map.view(), east, north, ppm, turn: 0}, 1e15);
else { map.camera.mode = "north-up"; map.camera.field = map.ground.box; map.camera.home(); }
const frames = [], long = [];
new PerformanceObserver((list) => long.push(...list.getEntries().map((one) => one.duration)))
  .observe({entryTypes: ["longtask"]});
let stroke = 2;
const painting = setInterval(() => tile(Math.floor(east / 6.4), Math.floor(north / 6.4), stroke++), 100);
setTimeout(() => {
  map.longest = map.ground.slices.longest = 0;
  let last = performance.now();
  const begun = last, drawn = [];
  const original = map.drawGround.bind(map);
  map.drawGround = (view) => {
    const start = performance.now();
    original(view);
    drawn.push(performance.now() - start);
  };
  const tick = (now) => {
    frames.push(now - last);
    last = now;
    if (now - begun < 5000) return requestAnimationFrame(tick);
    clearInterval(painting);
    delete map.drawGround;
    drawn.sort((a, b) => a - b);
    done({
      fps: 1000 * frames.length / (last - begun), longest: map.longest, slice: map.ground.slices.longest,
      drawn: drawn[Math.floor(0.95 * drawn.length)] ?? 0, count: drawn.length, long: Math.max(0, ...long),
    });
  };
  requestAnimationFrame(tick);
}, 1500);
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Page]:
    """One browser of the large screen."""
    with browsing() as page:
        page.size("screen")
        yield page


@pytest.mark.parametrize(("name", "east", "north", "ppm"), [("overview", 10, 10, 0), ("24 px/m", 150, 150, 24)])
@pytest.mark.parametrize("tiles", [62, 2_441], ids=["a million cells", "ten hectares"])
def test_frames(
    browser: Page, tmp_path: Path, tiles: int, name: str, east: float, north: float, ppm: float,
    record_property: Callable[[str, object], None],
) -> None:  # fmt: skip
    with serving(PlanServer(tmp_path)) as server:
        opened(browser, server, "mission")  # type: ignore[arg-type]  # the server that was given
        browser.driver.set_script_timeout(PATIENCE_S)
        browser.driver.execute_async_script(FILL, tiles)
        found = browser.driver.execute_async_script(RUN, east, north, ppm)
    told = ", ".join(f"{key} {value:.1f}" for key, value in found.items())
    record_property("map", f"{tiles} tiles, {name}: {told}")
    assert found["fps"] >= FRAMES_LEAST, told
    assert found["drawn"] <= DRAWN_MS, told
