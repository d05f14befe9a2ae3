"""Each mode's buttons in a real browser, STOP beside any other act, and a page that stood still."""

from typing import Any

import pytest

from tests.console.page.browser import Page
from tests.console.page.fake_server import FakeServer
from tests.console.page.opening import HOLD, held, opened
from tests.console.page.scenes import SCENES, scene

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.needs("chromium", "chromedriver")]
ACTS = (
    "TAKE", "RELEASE", "ARM", "DISARM", "RESET", "ACKNOWLEDGE", "START", "PAUSE", "ATTENTION", "RECOVERY",
    "RELEASE_ESTOP", "ENGINE_START",
)  # fmt: skip
STANDS: dict[str, dict[str, Any]] = {"pose": {"speed_mps": 0.0}, "due": {"arm_unused_s": None}}
MODES = {
    "watching": (SCENES["watching"], "AUTO_WORK", ""),
    "BOOT": (scene(vehicle={"mode": "BOOT"}, **STANDS), "BOOT", ""),
    "DISARMED": (SCENES["disarmed"], "DISARMED", "ARM Give up control"),
    "READY": (SCENES["ready"], "READY", "ARM DISARM RECOVERY"),
    "MANUAL": (SCENES["manual"], "MANUAL", "DISARM START"),
    "AUTO_MOVE": (scene(vehicle={"mode": "AUTO_MOVE", "standing": False}), "AUTO_MOVE", "ATTENTION PAUSE"),
    "AUTO_WORK": (SCENES["mission"], "AUTO_WORK", "ATTENTION 0:14 PAUSE"),
    "WAIT": (SCENES["wait"], "WAIT", "DISARM"),
    "STOPPING": (scene(vehicle={"mode": "STOPPING", "standing": False}), "STOPPING", ""),
    "HOLD": (SCENES["hold"], "HOLD", "RESET"),
    "HOLD, to acknowledge": (SCENES["detonation"], "HOLD", "ACKNOWLEDGE"),
    "ESTOP": (SCENES["estop"], "ESTOP", "ACKNOWLEDGE RELEASE_ESTOP"),
    "FAULT": (scene(vehicle={"mode": "FAULT", "reset_due": True}, tool={"rotor_rpm": 0.0}, **STANDS), "FAULT", "RESET"),
    "RECOVERY": (scene(vehicle={"mode": "RECOVERY"}, **STANDS), "RECOVERY", "DISARM"),
    "link lost": (SCENES["lost"], "AUTO_WORK", ""),
}
ENABLED = """
// what can be pressed on the screen, once hands are clean and what has to be read was read long enough
const [scene] = arguments;
flail.store.heard({ type: "snapshot", seq: 0, ...scene });
flail.acts.facts();
if (flail.acts._ready_ms !== null) flail.acts._ready_ms = -1e6;
flail.stopped.shown_ms = () => 5000;
flail.paint();
return Array.from(document.querySelectorAll('#hands .act, #steps [data-act]'))
  .filter((one) => one.getAttribute('aria-disabled') === 'false' && one.checkVisibility())
  .map((one) => one.dataset.act ?? one.firstElementChild.innerText).sort().join(' ');
"""


def test_in_each_mode_exactly_the_offered_acts_can_be_pressed(browser: Page, server: FakeServer) -> None:
    """The buttons that stand on the screen in all modes, stopped and not, watched and steered."""
    opened(browser, server, "disarmed").until("return flail.hands.view?.waits === null || flail.hands.view?.latch")
    server.quiet = True
    found = {name: browser.js(ENABLED, state) for name, (state, _, _) in MODES.items()}
    assert found == {name: wanted for name, (_, _, wanted) in MODES.items()}


def test_no_act_that_follows_at_once_takes_stop_away(browser: Page, server: FakeServer) -> None:
    """Each act of the wire in the same moment: STOP goes out again and again until the vehicle is seen stopped."""
    opened(browser, server, "manual").until("return flail.drive.ready && flail.state.ready")
    for act in ACTS:
        server.stops.clear()
        browser.js("flail.acts.stop(); flail.acts._send(arguments[0])", act)
        browser.when(lambda: len(server.stops) >= 4)
        assert set(server.stops) == {0}, act
        browser.js("flail.store.set('stop', null); flail.store.set('answer', null)")


def test_a_page_that_stood_still_for_300_ms_holds_nothing_after_it(browser: Page, server: FakeServer) -> None:
    """Hold-to-run and an arrow down, then a busy loop: no reading was taken meanwhile, none holds after."""
    opened(browser, server, "manual", steady=False)
    browser.js("flail.store.serverAge_ms = () => 0")
    for _ in range(12):
        browser.until("return flail.hands.view?.latch")
        browser.key("keyDown", "KeyF")
        browser.when(lambda: held(server) or not browser.js("return flail.hands.view?.latch"))
        if held(server):
            break
        browser.key("keyUp", "KeyF")  # this machine stood still by itself meanwhile
    began_ms, ended_ms = browser.js(
        "const now = () => flail.hands.now_ms(), began = now(); while (now() - began < 300); return [began, now()]"
    )
    browser.when(lambda: server.readings and server.readings[-1][4] > ended_ms + 100)
    taken = [reading for reading in server.readings if began_ms + 20 < reading[4] < ended_ms - 20]
    after = [reading for reading in server.readings if reading[4] >= ended_ms]
    assert taken == []
    assert not any(int(reading[2]) & HOLD for reading in after)
    browser.key("keyUp", "KeyF")
