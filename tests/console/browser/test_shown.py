"""What the real page shows in all views and themes, what ESTOP offers, and that nothing leaves this computer."""

from pathlib import Path

import pytest

from tests.console.browser.axe import violations
from tests.console.browser.operator import OFFERED, Operator

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.needs("chromium", "chromedriver")]
VIEWS = ("drive", "mission", "plan", "record", "setup")


@pytest.mark.parametrize("theme", ["day", "sunlight", "night"])
@pytest.mark.release
def test_axe_finds_nothing_in_any_view(operator: Operator, theme: str) -> None:
    """Five views, disarmed and stopped."""
    operator.open(theme=theme)
    found = {}
    for view in VIEWS:
        operator.page.js("flail.turn(arguments[0]); flail.paint()", view)
        found[view] = violations(operator.page)
    assert {view: rules for view, rules in found.items() if rules} == {}


def test_engine_off_by_a_held_key_and_what_estop_offers(operator: Operator) -> None:
    """Delete held on; then RELEASE E-STOP alone, or what still waits, is offered, and never ARM."""
    operator.arm()
    operator.engine_off()
    offered = operator.page.until(OFFERED, "ESTOP", "RELEASE_ESTOP")
    assert "ARM" not in offered.split()
    operator.vehicle.ask("reset_at_machine")
    operator.arm()


def test_no_request_leaves_this_computer(operator: Operator) -> None:
    """All that the page loaded, in all views, came from its own server."""
    for view in VIEWS:
        operator.page.js("flail.turn(arguments[0])", view)
    loaded = operator.page.js("return performance.getEntriesByType('resource').map((one) => one.name)")
    assert len(loaded) > 20
    assert [name for name in loaded if not name.startswith(f"http://127.0.0.1:{operator.server.port}/")] == []


@pytest.mark.release
def test_pictures_as_the_colour_blind_see_them(operator: Operator, record_property) -> None:
    """Each differs from the plain one; they lie in `runs/console-eyes`."""
    kept = Path("runs/console-eyes")
    kept.mkdir(parents=True, exist_ok=True)
    operator.page.cdp("Emulation.setEmulatedVisionDeficiency", type="none")
    pictures = {}
    try:
        for kind in ("none", "protanopia", "deuteranopia", "tritanopia"):
            operator.page.cdp("Emulation.setEmulatedVisionDeficiency", type=kind)
            pictures[kind] = operator.page.driver.get_screenshot_as_png()
            (kept / f"{kind}.png").write_bytes(pictures[kind])
    finally:
        operator.page.cdp("Emulation.setEmulatedVisionDeficiency", type="none")
    record_property("pictures", str(kept))
    assert len(set(pictures.values())) == 4
