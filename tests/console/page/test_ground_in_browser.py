"""Ground on the page in a real browser: what is not painted yet is unknown, not to do. The server is one in name."""

import base64
import copy
import struct
import zlib

import pytest

from console.server.drive_frames import TILE
from tests.console.page.browser import browsing
from tests.console.page.fake_server import FakeServer, serving
from tests.console.page.scenes import SCENES

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.needs("chromium", "chromedriver")]
SIDE, TILES = 128, 12
PUT = """
const map = flail.map, seen = [];
map.clear();
seen.push(map.complete);
map.clear();
for (const frame of arguments[0]) map.putTile(Uint8Array.from(atob(frame), (one) => one.charCodeAt(0)).buffer);
seen.push(map.complete);
return seen;
"""
"""Whether the map takes all ground for known: where there is none, and where tiles came that are not painted yet."""


LATER = """
flail.map.putTile(Uint8Array.from(atob(arguments[0]), (one) => one.charCodeAt(0)).buffer);
return flail.map.complete;
"""


def test_ground_is_known_when_its_tiles_are_painted() -> None:
    """The server says that it was all; what a later tile adds changes nothing of it, and a forgotten record does."""
    packed = zlib.compress(bytes([1]) * SIDE * SIDE)
    frames = [struct.pack("<BBHiiI", TILE, 0, SIDE, n, 0, 1) + packed for n in range(TILES)]
    told = [base64.b64encode(frame).decode() for frame in frames]
    with browsing() as browser, serving(FakeServer()) as server:
        browser.size("laptop")
        server.state = copy.deepcopy(SCENES["manual"])
        browser.open(server.url)
        browser.until("return flail.store.value('ground', 'complete') === true && flail.map.theme !== null")
        assert browser.js(PUT, told[:-1]) == [True, False]
        browser.until("return flail.map.complete")
        assert browser.js("return flail.map.ground.painted.size") == TILES - 1
        assert browser.js(LATER, told[-1]) is True
        told_less = (
            "flail.store.set('ground', {...flail.store.get('ground'), complete: false}); return flail.map.complete"
        )
        assert browser.js(told_less) is False
