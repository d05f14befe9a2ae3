"""How fast a machine that is driven from the console's page stops when something of the chain breaks, in real time.

`make console-trials`: real browser, server, operator link, vehicle program, simulated controller. Each trial drives by
gamepad, breaks one thing and looks when the controller's set-point is zero. It is counted from before the command that
breaks it is given to the browser, so the last true reading is younger and each figure too long rather than too short.
A page that freezes notes when it sent its last reading, by its own clock, and is counted from there. The set-point is
looked at once a tick of 20 ms. It must be 500 ms or less on an idle computer. No part of CI.
"""

import argparse
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.console.browser.operator import NEUTRAL, Operator
from tests.console.browser.stack import Server, Vehicle
from tests.console.page.browser import GAMEPAD, Page, browsing
from vehicle.host.clock import SystemClock

CLOCK = SystemClock()
LIMIT_MS = 500.0
KINDS = (
    "trigger released",
    "page frozen",
    "page hidden",
    "page reloaded",
    "page closed",
    "server killed",
    "gamepad unplugged",
    "radio cut",
)
FREEZE = """
setTimeout(() => {
  window.froze_ms = window.sent_ms;
  const end = Date.now() + 2000;
  while (Date.now() < end);
});
"""
NOTE_READINGS = """
const drive = flail.drive, send = drive.reading.bind(drive);
drive.reading = (reading) => { window.sent_ms = performance.now(); send(reading); };
"""


class Trials:
    """Stack and browser of all trials; each break leaves a page that drives again after `open`."""

    def __init__(self, page: Page, server: Server, vehicle: Vehicle) -> None:
        self.operator = Operator(page, server, vehicle)

    def breaks(self) -> dict[str, Callable[[], None]]:
        """Name to what breaks it."""
        page, driver = self.operator.page, self.operator.page.driver
        return {
            "trigger released": lambda: page.js("pad({axes: [0, -1, 0, 0], buttons: {7: 0}})"),
            "page frozen": lambda: page.js(FREEZE),
            "page hidden": lambda: driver.switch_to.new_window("tab"),
            "page reloaded": driver.refresh,
            "page closed": self._close,
            "server killed": self._kill,
            "gamepad unplugged": lambda: page.js("window.pads = []"),
            "radio cut": lambda: self._loss(1.0),
        }

    def _close(self) -> None:
        self.operator.page.driver.close()

    def _kill(self) -> None:
        self.operator.server.kill()

    def _loss(self, ratio: float) -> None:
        self.operator.vehicle.ask("loss", ratio=ratio)

    def one(self, kind: str) -> float:
        """Milliseconds until the last set-point that was not zero had ended."""
        operator = self.operator
        driver = operator.page.driver
        first = driver.current_window_handle
        if kind == "page closed":
            driver.get("about:blank")  # the page of the trial before steers as long as it is open
            driver.switch_to.new_window("window")
            driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": GAMEPAD})
            operator.page.size("laptop")
        operator.open()
        operator.page.js(NEUTRAL)
        operator.page.js(NOTE_READINGS)
        operator.drive_by_pad()
        offset_ns = operator.page.clock_offset_ns(CLOCK)
        began_ns = CLOCK.now_ns()
        self.breaks()[kind]()
        operator.page.when(lambda: not operator.vehicle.driven())
        operator.ticks(25)
        changes = operator.vehicle.setpoints(began_ns)
        assert changes, f"{kind}: nothing changed"
        assert changes[-1][1:] == (0.0, 0.0), f"{kind}: it drove on: {changes[-3:]}"
        if kind == "page frozen":
            began_ns = int(float(operator.page.js("return window.froze_ms")) * 1e6 + offset_ns)
        self._mend(kind, first)
        return (changes[-1][0] - began_ns) / 1e6

    def _mend(self, kind: str, first: str) -> None:
        operator, driver = self.operator, self.operator.page.driver
        if kind == "page hidden":
            driver.close()
        if kind in ("page hidden", "page closed"):
            driver.switch_to.window(first)
        if kind == "radio cut":
            self._loss(0.0)
        if kind == "server killed":
            operator.server.close()
            operator.server = operator.server.again()


def main() -> None:
    """Print a line for each kind; the worst of all last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=28, help="of each kind")
    parser.add_argument("--kinds", nargs="*", default=KINDS, choices=KINDS, help="those alone")
    asked = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; limit {LIMIT_MS:.0f} ms")
    worst = 0.0
    with tempfile.TemporaryDirectory() as name, Vehicle(Path(name)) as vehicle, browsing() as page:
        page.size("laptop")
        trials = Trials(page, Server(Path(name) / "server", vehicle), vehicle)
        try:
            for kind in asked.kinds:
                took = sorted(trials.one(kind) for _ in range(asked.trials))
                worst = max(worst, took[-1])
                late = sum(one > LIMIT_MS for one in took)
                middle = took[len(took) // 2]
                print(f"{kind:<18} {len(took)} trials, middle {middle:.0f} ms, worst {took[-1]:.0f} ms, {late} late")
        finally:
            trials.operator.server.close()
    print(f"worst of all {worst:.0f} ms; load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
