"""axe-core over what a machine at rest does not show: stops, warnings, WAIT, the choice of views, in each theme."""

import pytest

from tests.console.browser.axe import violations
from tests.console.page.browser import Page
from tests.console.page.fake_server import FakeServer
from tests.console.page.opening import opened
from tests.console.page.scenes import SCENES
from tests.console.page.test_training_in_browser import RUNS

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.needs("chromium", "chromedriver")]
SHOWN = {
    "drive": ("manual", "drive", ""),
    "choice of views": ("manual", "drive", "flail.bar.openViews()"),
    "mission": ("mission", "mission", ""),
    "wait": ("wait", "mission", ""),
    "warnings": ("warned", "drive", ""),
    "stop": ("hold", "drive", ""),
    "detonation": ("detonation", "drive", ""),
    "link lost": ("lost", "mission", ""),
    "nobody there": ("searching", "drive", ""),
    "plan": ("disarmed", "plan", "for (const one of document.querySelectorAll('#view-plan details')) one.open = true"),
    "record": ("disarmed", "record", ""),
    **{
        f"checks {n}": (
            "disarmed",
            "record",
            f"document.querySelectorAll('#view-record details[name]')[{n}].open = true",
        )
        for n in range(4)
    },
    "setup": ("disarmed", "setup", ""),
    "training": ("disarmed", "setup", "flail.store.set('training', TRAINING); flail.paint()"),
}


@pytest.mark.parametrize("theme", ["day", "sunlight", "night"])
def test_axe_finds_nothing_in_what_is_shown(browser: Page, server: FakeServer, theme: str) -> None:
    """No violation of any rule."""
    opened(browser, server, "manual", theme=theme)
    server.quiet = True
    found = {}
    for name, (scene, view, script) in SHOWN.items():
        browser.js("flail.store.heard({type: 'snapshot', seq: 0, ...arguments[0]})", SCENES[scene])
        browser.js(f"const TRAINING = arguments[1]; flail.turn(arguments[0]); flail.paint(); {script}", view, RUNS)
        found[name] = violations(browser)
    assert {name: rules for name, rules in found.items() if rules} == {}
