"""The picture in a real browser: how old it is, however its stream died, and whose it is. The server is one in name."""

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import simplejpeg

from console.server.video import ACK, FRAME_TYPE, HEAD
from tests.console.page.browser import Page
from tests.console.page.fake_server import FakeServer, serving
from tests.console.page.scenes import SCENES

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.needs("chromium", "chromedriver")]
MACHINE, OTHER = bytes(range(8)), bytes(range(8, 16))
JPEG = simplejpeg.encode_jpeg(np.full((90, 160, 3), 90, np.uint8))
FILM = {
    "state": "open",
    "told": "",
    "machine_id": MACHINE.hex(),
    "cameras": [{"id": 0, "name": "front", "backward": False, "width": 160, "height": 90, "tool_width_m": 0}],
}
VIDEO_AGE = 8
"""Place of the picture's age in a reading."""
NO_PICTURE = 65_535
READ = "return [flail.picture.drawn?.number ?? 0, flail.picture.gate.dropped, flail.picture.dropped.innerText]"
AGES = (0, 299, 300, 499, 500, 3_700_000)
LOOK_AT_AGES = """
const picture = flail.picture, captured_ms = picture.drawn.captured_ms, now = picture.now;
const seen = arguments[0].map((age_ms) => {
  picture.now = () => captured_ms + age_ms;
  picture.look();
  const cross = getComputedStyle(picture.cross).display, words = picture.old.innerText.split("\\n")[0];
  return [picture.element.dataset.age, cross, words, picture.age_ms()];
});
picture.now = now;
return seen;
"""


class Camera:
    """Answers each question with the next of `others`, else with a newer frame; with nothing while `dead`."""

    def __init__(self) -> None:
        self.number, self.dead = 0, False
        self.others: list[tuple[bytes, int]] = []

    def __call__(self, asked: bytes) -> bytes | None:
        _, camera, _, _, page_ms = ACK.unpack(asked)
        if self.dead:
            return None
        if self.others:
            machine, number = self.others.pop(0)
        else:
            self.number += 1
            machine, number = MACHINE, self.number
        at_ms = 1e6 + 40.0 * number
        return HEAD.pack(FRAME_TYPE, camera, 160, 90, camera, number, at_ms, machine, at_ms, at_ms, page_ms) + JPEG


@pytest.fixture(scope="module")
def server() -> Iterator[FakeServer]:
    """One server for the module."""
    with serving(FakeServer()) as server:
        server.state, server.film = copy.deepcopy(SCENES["manual"]), FILM
        yield server


def filming(browser: Page, server: FakeServer) -> Camera:
    """The page, with pictures that come."""
    camera = server.picture = Camera()
    browser.open(server.url)
    browser.until("return (flail.picture.drawn?.number ?? 0) >= 3")
    return camera


def test_a_stream_that_dies_is_crossed_out_at_half_a_second_though_its_socket_stays_open(
    browser: Page, server: FakeServer
) -> None:
    """Amber at 300 ms, cross and words at 500 ms, to the millisecond; then by itself, and the vehicle is told."""
    camera = filming(browser, server)
    camera.dead = True
    seen: list[list[Any]] = browser.js(LOOK_AT_AGES, list(AGES))
    assert [row[:3] for row in seen] == [
        ["live", "none", ""],
        ["live", "none", ""],
        ["late", "none", ""],
        ["late", "none", ""],
        ["old", "block", "OLD PICTURE"],
        ["old", "block", "OLD PICTURE"],
    ]
    assert [round(row[3]) for row in seen] == list(AGES)
    browser.until("return flail.picture.element.dataset.age === 'old'")
    assert browser.js("return [flail.picture.socket.readyState, flail.drive.ready]") == [1, True]
    browser.when(lambda: server.readings and 500 <= server.readings[-1][VIDEO_AGE] < NO_PICTURE)
    shown = browser.js("return document.elementFromPoint(...arguments)?.closest('#picture') !== null", 400, 300)
    assert shown, "something lies over the picture"


def test_a_picture_of_another_machine_or_an_older_one_is_not_shown_and_that_is_said(
    browser: Page, server: FakeServer
) -> None:
    """What is painted stays, and ages; the next true one is shown again."""
    camera = filming(browser, server)
    camera.others = [(OTHER, 1_000_000)] * 3
    browser.until("return flail.picture.gate.dropped.machine === 3 && flail.picture.gate.dropped.order === 0")

    def said() -> bool:
        """It is, for three seconds; on a busy machine of one more such picture."""
        if browser.text(".video-dropped") == "A picture of another machine was dropped":
            return True
        camera.others.append((OTHER, 1_000_000))
        return False

    browser.when(said)
    camera.others = [(MACHINE, 1)]
    browser.until("return flail.picture.gate.dropped.order === 1")
    last = camera.number
    browser.until("return flail.picture.drawn.number > arguments[0]", last)
    assert browser.js("return flail.picture.drawn.number") < 1_000_000


def test_the_picture_of_a_vehicle_goes_with_the_turn_to_another(browser: Page, server: FakeServer) -> None:
    """At once, and whoever still sends it; that of the other one is shown when it comes."""
    camera = filming(browser, server)
    told = server.state["server"]
    vehicles = [{"id": f"memat-{n}", "name": f"{n}", "machine_id": one.hex()} for n, one in ((1, MACHINE), (2, OTHER))]
    for vehicle in ("memat-1", "memat-2"):
        server.state["server"] = {**told, "vehicles": vehicles, "vehicle": vehicle}
        browser.until("return flail.store.value('server', 'vehicle') === arguments[0]", vehicle)
    assert browser.js("return flail.picture.drawn") is None
    dropped = browser.js("return flail.picture.gate.dropped.machine")
    browser.until("return flail.picture.gate.dropped.machine > arguments[0]", dropped)
    assert browser.js("return flail.picture.drawn") is None
    browser.js("flail.picture._tell(arguments[0])", {**FILM, "machine_id": OTHER.hex()})
    camera.others = [(OTHER, number) for number in range(1, 1000)]
    browser.until("return flail.picture.drawn?.machine_id === arguments[0]", OTHER.hex())
    server.state["server"] = told


def test_cameras_that_are_lost_leave_no_picture_and_say_why(browser: Page, server: FakeServer) -> None:
    """The vehicle's cameras are lost: why is said in words, nothing of it stays on the screen."""
    camera = filming(browser, server)
    camera.dead = True
    browser.until("return flail.picture.element.dataset.age === 'old'")
    browser.js("flail.picture._tell({state: 'unreachable', told: '', machine_id: '', cameras: []})")
    assert browser.js("return [flail.picture.drawn, flail.picture.element.dataset.age]") == [None, "none"]
    browser.when(lambda: "cameras do not answer" in browser.text(".video-old"))
