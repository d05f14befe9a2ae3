"""A browser for the page's tests: headless, of a fixed size, with a gamepad that a test moves."""

import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import WebDriverWait

from benchmarks.ports import free_port
from tests import needs
from vehicle.host.clock import SystemClock

PATIENCE_S = 150.0
"""A busy machine is waited for; what never comes fails. Three such waits are less than a test may take."""
VIRTUAL_KEYS = {
    "Space": 32, "Enter": 13, "Delete": 46, "Tab": 9, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40,
}  # fmt: skip
SIZES = {"laptop": (1366, 768), "screen": (1920, 1080), "tablet": (1280, 800)}
GAMEPAD = """
window.pads = [];
navigator.getGamepads = () => window.pads;
document.hasFocus = () => window.focused !== false;
window.pad = (change) => {
  const buttons = Array.from({length: 17}, () => ({value: 0, pressed: false}));
  for (const [at, value] of Object.entries(change.buttons ?? {})) buttons[at] = {value, pressed: value > 0.5};
  const axes = change.axes ?? [0, 0, 0, 0];
  window.pads = [{index: 0, id: "test pad", connected: true, mapping: "standard", axes, buttons}];
};
"""


class Page:
    """The console's page in a browser."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def size(self, name: str) -> None:
        """The window's inside, in CSS pixels."""
        width, height = SIZES[name]
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def cdp(self, command: str, **arguments: Any) -> Any:
        """A command of the browser's own protocol."""
        return self.driver.execute_cdp_cmd(command, arguments)

    def open(self, url: str, **settings: str) -> None:
        """Load the page anew with these settings, and wait until it runs."""
        self.driver.get("about:blank")
        base, _, fragment = url.partition("#")
        self.driver.get(base)
        self.js(
            "for (const kept of [localStorage, sessionStorage]) for (const key of Object.keys(kept))"
            " if (key.startsWith('flail-marks')) kept.removeItem(key);"
        )
        kept = {"sounds": "off", **settings}
        self.js("localStorage.setItem('flail-settings', arguments[0])", json.dumps(kept))
        self.driver.get(f"{base}?again#{fragment}")
        self.until("return window.flail?.ready === true")

    def js(self, script: str, *arguments: Any) -> Any:
        """Run a script in the page."""
        return self.driver.execute_script(script, *arguments)

    def clock_offset_ns(self, clock: SystemClock) -> float:
        """What is added to `performance.now()` of the page, in nanoseconds, to have this clock's time.

        Half of the question's way there and back is too much by a millisecond or two.
        """
        asked_ns = clock.now_ns()
        page_ms = float(self.js("return performance.now()"))
        return (asked_ns + clock.now_ns()) / 2 - page_ms * 1e6

    def until(self, script: str, *arguments: Any) -> Any:
        """Wait until the script gives something true; that is returned.

        Raises:
            TimeoutException: It never does.
        """
        return WebDriverWait(self.driver, PATIENCE_S, 0.05).until(
            lambda driver: driver.execute_script(script, *arguments)
        )

    def when(self, true: Callable[[], Any]) -> Any:
        """Wait until this is true.

        Raises:
            TimeoutException: It never is.
        """
        return WebDriverWait(self.driver, PATIENCE_S, 0.02).until(lambda _: true())

    def key(self, kind: str, code: str, key: str = "", *, repeat: bool = False) -> None:
        """A real key event of the browser: `kind` is keyDown or keyUp."""
        name = key or code.removeprefix("Key").lower()
        text = {"Space": " ", "Enter": "\r"}.get(code, name if len(name) == 1 else "")
        number = VIRTUAL_KEYS.get(code) or (ord(name.upper()) if len(name) == 1 else 0)
        self.cdp(
            "Input.dispatchKeyEvent",
            type=kind,
            code=code,
            key=" " if code == "Space" else name,
            autoRepeat=repeat,
            windowsVirtualKeyCode=number,
            **({"text": text} if kind == "keyDown" and text else {}),
        )

    def tap(self, code: str, key: str = "") -> None:
        """Press a key and let it go."""
        self.key("keyDown", code, key)
        self.key("keyUp", code, key)

    def text(self, selector: str) -> str:
        """What stands there."""
        return str(self.js("return document.querySelector(arguments[0]).innerText", selector))


HIDDEN_SWITCHES = (
    "disable-background-timer-throttling",
    "disable-backgrounding-occluded-windows",
    "disable-renderer-backgrounding",
)
"""What the driver adds, so that pages which nobody sees go on as if they were seen."""


@contextlib.contextmanager
def browsing(without: tuple[str, ...] = ()) -> Iterator[Page]:
    """A browser; skips the test where there is none. `without`: of the driver's own switches."""
    options = webdriver.ChromeOptions()
    options.binary_location = needs.program("chromium")
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars", "--lang=en"):
        options.add_argument(argument)
    if without:
        options.add_experimental_option("excludeSwitches", list(without))
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(needs.program("chromedriver"), port=free_port()))
    try:
        driver.set_script_timeout(PATIENCE_S)
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": GAMEPAD})
        yield Page(driver)
    finally:
        driver.quit()
