"""Figures of the console's page in a real browser: `make console-bench`. They are printed, nothing is judged.

Time from the stick to the controller's set-point, time to load, age of a picture when it is painted, growth of the
page's memory, time from `flailpilot demo` to the first motion. Frames a second with ten hectares painted come from
`tests/console/map/test_map_speed.py`, which the command runs besides. No part of CI.
"""

import argparse
import itertools
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.page_heap import Held, look
from tests.console.browser.operator import LATCHED, NEUTRAL, Operator
from tests.console.browser.stack import ROOT, Server, Vehicle
from tests.console.page.browser import Page, browsing
from vehicle.host.clock import SystemClock

CLOCK = SystemClock()
PARTS = ("stick", "load", "picture", "memory", "demo")
MOVE = "pad({axes: [0, arguments[0], 0, 0], buttons: {7: 1}}); return performance.now()"
AGES = """
const done = arguments[arguments.length - 1], ages = [];
let painted = null;
const frame = () => {
  const drawn = flail.picture.drawn;
  if (drawn !== null && drawn !== painted) {
    painted = drawn;
    ages.push(performance.now() - drawn.captured_ms);
  }
  if (ages.length === arguments[0]) return done(ages);
  requestAnimationFrame(frame);
};
frame();
"""
"""Age of each picture [ms] at the first frame of the page that shows it, for so many pictures."""


def percentile(values: list[float], share: float) -> float:
    """The value below which this share lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def stick(operator: Operator, samples: int) -> None:
    """From the moment at which the stick has moved to the first other set-point at the controller."""
    took = []
    while len(took) < samples:
        operator.drive_by_pad()
        # to and fro about one place: it is slower backwards, so it goes there longer
        for level, count in itertools.cycle(((0.4, 50), (-0.4, 60))):
            operator.ticks(count)
            if not operator.page.js(LATCHED) or len(took) >= samples:
                break
            offset_ns = operator.page.clock_offset_ns(CLOCK)
            began_ns = float(operator.page.js(MOVE, level)) * 1e6 + offset_ns
            operator.ticks(25)
            if operator.page.js(LATCHED) and (changes := operator.vehicle.setpoints(int(began_ns))):
                took.append((changes[0][0] - began_ns) / 1e6)
    middle, high = percentile(took, 0.5), percentile(took, 0.99)
    print(f"stick to set-point: {len(took)} moves, p50 {middle:.0f} ms, p99 {high:.0f} ms (wanted 60, 120)")


def load(operator: Operator) -> None:
    """From the navigation's begin until the page runs, three times."""
    took = []
    for _ in range(3):
        operator.open()
        took.append(float(operator.page.js("return performance.now()")) / 1000.0)
    print(f"load: {', '.join(f'{one:.1f}' for one in took)} s (wanted 2)")


def picture(page: Page, samples: int) -> None:
    """From the simulated camera's capture to the page's paint, while the machine drives."""
    with (
        tempfile.TemporaryDirectory() as name,
        Vehicle(Path(name), 1.0, "cameras") as vehicle,
        Server(Path(name) / "server", vehicle) as server,
    ):
        operator = Operator(page, server, vehicle)
        operator.open()
        operator.page.js(NEUTRAL)
        operator.drive_by_pad()
        ages_ms = operator.page.driver.execute_async_script(AGES, samples)
    middle, high = percentile(ages_ms, 0.5), percentile(ages_ms, 0.99)
    print(f"picture, capture to paint: {len(ages_ms)} painted, p50 {middle:.0f} ms, p99 {high:.0f} ms (wanted p50 150)")


CANVASES = """
const {fine, coarse} = flail.map.ground, levels = [fine.rows, ...coarse];
const held = levels.flatMap((level) => [...level.values()]).map((one) => one.canvas ?? one);
return [...document.querySelectorAll('canvas'), ...held].reduce((sum, {width, height}) => sum + 4 * width * height, 0);
"""
"""Bytes of the canvases on the page and of those that the map keeps for its tiles."""


WARM_MIN = 10.0
"""So long after the load the first reading is made that counts: the browser compiles most of what it runs by then."""
READ_MIN = 10.0


def memory(operator: Operator, minutes: float) -> None:
    """What the page holds over so many minutes after its warm-up: `page_heap.py`, canvases, the server's sockets.

    Every reading is printed, a first one a minute after the load too. Growth is that since the end of the warm-up.
    """
    operator.open()
    began_ns = CLOCK.now_ns()

    def read(minute: float) -> tuple[Held, float, int]:
        while CLOCK.now_ns() < began_ns + int(minute * 60e9):
            operator.ticks(50)
        held, canvas, sockets = look(operator.page), float(operator.page.js(CANVASES)), operator.server.sockets()
        print(f"memory, minute {minute:g}: {held}; canvases {canvas / 1e6:.1f} MB, {sockets} sockets", flush=True)
        return held, canvas, sockets

    warm = min(WARM_MIN, minutes / 6.0)
    read(min(1.0, warm / 2.0))
    first, canvas, sockets = read(warm)
    ends = [warm + READ_MIN * count for count in range(1, math.ceil(minutes / READ_MIN))]
    last, canvas_last, sockets_last = [read(minute) for minute in (*ends, warm + minutes)][-1]
    for name, before, after in (
        ("the page's own (wanted < 5 %)", first.kept, last.kept),
        ("compiled code", first.compiled, last.compiled),
        ("whole heap (wanted < 5 %)", first.heap, last.heap),
    ):
        grown = (after / before - 1.0) * 100.0
        print(f"memory: {name} {before / 1e6:.3f} -> {after / 1e6:.3f} MB in {minutes:g} min, {grown:+.1f} %")
    print(f"memory: canvases {canvas / 1e6:.1f} -> {canvas_last / 1e6:.1f} MB, sockets {sockets} -> {sockets_last}")


def demo(page: Page) -> None:
    """From the command to a speed that the page shows, by keys alone."""
    began_ns = CLOCK.now_ns()
    command = [sys.executable, "-m", "flailpilot", "demo", "--no-browser", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        url = next(line.split("open ")[1].strip() for line in process.stdout if "open http" in line)
        page.open(url.replace("localhost", "127.0.0.1"))
        hands = Operator.__new__(Operator)
        hands.page, hands.down = page, []
        hands.arm()
        page.until(LATCHED)
        hands.forward()
        page.until("return Math.abs(flail.store.value('pose', 'speed_mps') ?? 0) > 0.05")
        print(f"demo to first motion by keyboard: {(CLOCK.now_ns() - began_ns) / 1e9:.0f} s (wanted 60)")
        hands.hands_off()
        process.terminate()


def main() -> None:
    """Print a line for each part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", nargs="*", default=PARTS, choices=PARTS)
    parser.add_argument("--samples", type=int, default=200, help="moves of the stick")
    parser.add_argument("--minutes", type=float, default=60.0, help="of the memory, after ten of warm-up")
    asked = parser.parse_args()
    print(f"load of the computer {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with browsing() as page:
        page.size("screen")
        if "demo" in asked.parts:
            demo(page)
        if "picture" in asked.parts:
            picture(page, asked.samples)
        with (
            tempfile.TemporaryDirectory() as name,
            Vehicle(Path(name)) as vehicle,
            Server(Path(name) / "server", vehicle) as server,
        ):
            operator = Operator(page, server, vehicle)
            operator.open()
            operator.page.js(NEUTRAL)
            if "load" in asked.parts:
                load(operator)
            if "stick" in asked.parts:
                stick(operator, asked.samples)
            if "memory" in asked.parts:
                memory(operator, asked.minutes)
    print(f"load of the computer {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
