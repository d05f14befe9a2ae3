"""The page opened in a browser on a scene, and what its newest reading of the hands says."""

import copy

from tests.console.page.browser import Page
from tests.console.page.fake_server import FakeServer
from tests.console.page.scenes import SCENES

HOLD = 1
"""The flag of a reading: hold-to-run is held."""
STEADY = """
let now = performance.now();
const look = flail.hands.sample.bind(flail.hands);
flail.hands.now_ms = () => now;
flail.hands.sample = () => { now += 20; look(); };
flail.store.serverAge_ms = () => 0;
"""
"""However busy this machine is: the hands' clock goes by looks, and what the server says is never late."""


def opened(browser: Page, server: FakeServer, scene: str, *, steady: bool = True, **settings: str) -> Page:
    """The page, shown this scene; what the page of the test before sent is forgotten."""
    server.state = copy.deepcopy(SCENES[scene])
    browser.open(server.url, **settings)
    server.forget()
    browser.until("return flail.store.get('link') !== null")
    if steady:
        browser.js(STEADY)
    return browser


def held(server: FakeServer) -> bool:
    """The newest reading holds."""
    return bool(server.readings) and bool(int(server.readings[-1][2]) & HOLD)
