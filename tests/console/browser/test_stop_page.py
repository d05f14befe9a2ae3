"""The page of a stop-only station on a phone of 360 x 640: `flailpilot stop --serve` and the real link."""

import contextlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.ports import free_port
from tests.console.browser.axe import violations
from tests.console.browser.operator import Operator
from tests.console.browser.stack import ROOT, Vehicle
from tests.console.page.browser import Page, browsing
from vehicle.operator_link.keystore import KeyStore

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.needs("chromium", "chromedriver")]
WIDTH, HEIGHT, TEXT_MIN_PX = 360, 640, 16.0
CONNECTED = "return document.body.dataset.link === 'connected'"
SMALL = """
return Array.from(document.querySelectorAll('body *'))
  .filter((one) => one.checkVisibility() && one.innerText?.trim())
  .filter((one) => parseFloat(getComputedStyle(one).fontSize) < arguments[0])
  .map((one) => one.id || one.tagName);
"""
OUTSIDE = """
const boxes = Array.from(document.querySelectorAll('header *, #link, #stop, footer p'));
const out = boxes.filter((one) => one.checkVisibility()).filter((one) => {
  const box = one.getBoundingClientRect();
  return box.left < 0 || box.right > innerWidth || box.bottom > innerHeight || one.scrollWidth > one.clientWidth + 1;
});
if (document.documentElement.scrollHeight > innerHeight) out.push(document.documentElement);
return out.map((one) => one.id || one.tagName);
"""
MODE_STARTS = "return document.getElementById('mode').textContent.startsWith(arguments[0])"
STOP_SAID = "document.getElementById('stop-said').textContent"
NOTE_LINKS = """
window.links = [];
window.noted ??= new MutationObserver(() => {
  if (window.links.at(-1) !== document.body.dataset.link) window.links.push(document.body.dataset.link);
});
window.noted.observe(document.body, {attributes: true, attributeFilter: ['data-link']});
"""
"""Each state of the link from now on is kept: one lasts a second."""
MIDDLE = """
const box = document.getElementById('stop').getBoundingClientRect();
return [box.x + box.width / 2, box.y + box.height / 2, box.width, box.height];
"""


@contextlib.contextmanager
def served(folder: Path, vehicle: Vehicle, name: str, system_id: int) -> Iterator[str]:
    """`flailpilot stop --serve`, with a key of its own; where its page is."""
    key = KeyStore(folder / "keys.json").create(name, system_id, stop_only=True)
    path = folder / f"{name}.json"
    path.write_text(
        f'{{"machine_id": "{vehicle.told["machine_id"]}", "name": "{name}", "system_id": {system_id}, '
        f'"secret": "{key.secret}", "stop_only": true}}'
    )
    there, here = f"127.0.0.1:{vehicle.told['port']}", f"127.0.0.1:{free_port()}"
    words = ["stop", str(path), "--vehicle", there, "--serve", here, "--name", "MEMATT 3"]
    command = [sys.executable, "-u", "-m", "flailpilot", *words]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        try:
            assert found is not None
            yield found.group()
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def phone() -> Iterator[Page]:
    """A browser as large as a small phone, with a touch screen."""
    with browsing() as page:
        page.cdp("Emulation.setDeviceMetricsOverride", width=WIDTH, height=HEIGHT, deviceScaleFactor=2, mobile=True)
        page.cdp("Emulation.setTouchEmulationEnabled", enabled=True)
        yield page


@pytest.fixture(scope="module")
def station(folder: Path, vehicle: Vehicle) -> Iterator[str]:
    """The sentry's station."""
    with served(folder, vehicle, "sentry", 9) as url:
        yield url


def shown(phone: Page, folder: Path, name: str) -> None:
    """A picture for whoever looks."""
    phone.driver.save_screenshot(str(folder / f"stop_page_{name}.png"))


def opened(phone: Page, url: str) -> None:
    phone.open(url)
    phone.until(CONNECTED)  # a running vehicle notices a new key within five seconds


def test_a_touch_stops_a_machine_that_another_page_drives(
    operator: Operator, phone: Page, station: str, folder: Path
) -> None:
    """As the finger comes down: it is never lifted here."""
    opened(phone, station)
    phone.until("return document.getElementById('name').innerText === 'MEMATT 3'")
    x, y, width, height = phone.js(MIDDLE)
    assert (width, height) > (300.0, 200.0)

    down: list[bool] = []

    def drive() -> None:
        if down:
            lift()
        operator.drive_by_keys(lambda: bool(phone.js(MODE_STARTS, "Stick")))
        shown(phone, folder, "connected")

    def touch() -> None:
        phone.cdp("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
        down.append(True)

    def lift() -> None:
        phone.cdp("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    operator.stops(drive, touch)
    phone.until("return document.body.dataset.stop === 'taken'")
    shown(phone, folder, "taken")
    phone.until(f"return {STOP_SAID}.startsWith('The vehicle acknowledged STOP after ')")
    lift()
    assert phone.js(OUTSIDE) == []
    assert phone.js(SMALL, TEXT_MIN_PX) == []


@pytest.mark.parametrize("code", ["Space", "Enter"])
def test_a_key_stops_it_too(operator: Operator, phone: Page, station: str, code: str) -> None:
    opened(phone, station)
    operator.stops(operator.drive_by_keys, lambda: phone.tap(code))


def test_what_is_not_connected_is_loud_and_a_press_then_is_sent_on(
    operator: Operator, phone: Page, station: str, folder: Path
) -> None:
    """The vehicle's computer hangs: late, then lost; STOP waits for it."""
    opened(phone, station)
    for _ in range(12):
        phone.until(CONNECTED)
        phone.js(NOTE_LINKS)
        with operator.vehicle.stopped():
            phone.until("return document.body.dataset.link === 'lost'")
        seen = [link for link in phone.js("return window.links") if link != "connected"]
        if seen[:2] == ["late", "lost"]:
            break  # else the page of a busy computer stood still itself while the link was late
    assert seen[:2] == ["late", "lost"]
    phone.until(CONNECTED)
    with operator.vehicle.stopped():
        phone.until("return document.getElementById('link').innerText.startsWith('NOT CONNECTED')")
        phone.until("return document.getElementById('link').innerText.includes('Use the radio e-stop')")
        phone.until(MODE_STARTS, "Mode unknown")
        phone.tap("Space")
        phone.until(f"return {STOP_SAID}.startsWith('STOP is being sent')")
        shown(phone, folder, "lost")
        assert phone.js(OUTSIDE) == []
        assert phone.js(SMALL, TEXT_MIN_PX) == []
    phone.until(CONNECTED)
    phone.until("return document.body.dataset.stop === 'taken'")


def test_a_page_whose_program_ends_says_so(folder: Path, vehicle: Vehicle, phone: Page) -> None:
    with served(folder, vehicle, "medic", 10) as url:
        opened(phone, url)
    phone.until("return document.body.dataset.link === 'lost'")
    phone.until("return document.getElementById('link').innerText.includes('does not answer this page')")


def test_axe_finds_nothing(phone: Page, station: str, folder: Path) -> None:
    opened(phone, station)
    assert violations(phone) == []
    phone.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    phone.until("return document.documentElement.dataset.theme === 'night'")
    assert violations(phone) == []
    shown(phone, folder, "night")
    phone.cdp("Emulation.setEmulatedMedia", features=[])


def test_axe_finds_nothing_where_it_is_not_connected(folder: Path, vehicle: Vehicle, phone: Page) -> None:
    with served(folder, vehicle, "leader", 11) as url:
        opened(phone, url)
    for theme in ("light", "dark"):
        phone.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])
        phone.until("return document.body.dataset.link === 'lost'")
        assert violations(phone) == []
    phone.cdp("Emulation.setEmulatedMedia", features=[])
