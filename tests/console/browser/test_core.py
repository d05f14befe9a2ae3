"""The page in a real browser over server, operator link, vehicle and simulated machine: what must always hold."""

import math

import pytest

from tests.console.browser.axe import violations
from tests.console.browser.operator import OFFERED, Operator

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.needs("chromium", "chromedriver")]
STOPS = ("STOPPING", "HOLD")
ECHOED = "return !document.querySelector('.echo .arm').getAttribute('d').endsWith('L0 0')"
"""Whether the stick is drawn as it goes out."""
FOCUS_ARM = """
  const arm = document.querySelector('#hands .act.next');
  arm?.focus();
  if (arm === null || document.activeElement !== arm || arm.firstElementChild.innerText !== 'ARM') return null;
  window.pressed_on = null;
  const note = () => { window.pressed_on = document.activeElement.firstElementChild?.innerText ?? ''; };
  window.addEventListener('keydown', note, {capture: true, once: true});
  return true;
"""
"""The focus goes to ARM; what has it at the next key is kept."""


def test_keyboard_alone_takes_arms_drives_and_stops(operator: Operator) -> None:
    """From the loaded page to motion and back, watching first; the pose that the page shows is the true one."""
    start, shown = operator.vehicle.look(), operator.shown_place()
    operator.stops(
        lambda: operator.drive_by_keys(lambda: operator.moved_since(start) > 0.1), lambda: operator.page.tap("Space")
    )
    operator.until_mode(*STOPS)
    operator.page.when(lambda: "Stop" in operator.text("#mode"))
    operator.page.when(lambda: abs(math.dist(operator.shown_place(), shown) - operator.moved_since(start)) < 0.1)


def test_a_gamepad_drives_and_its_trigger_let_go_is_a_zero_set_point(operator: Operator) -> None:
    """RT and the left stick; the echo shows the stick. RT alone is released: the vehicle stays armed and stands."""
    operator.drive_by_pad(lambda: bool(operator.page.js(ECHOED)))
    operator.page.js("pad({axes: [0, -1, 0, 0], buttons: {7: 0}})")
    operator.page.until("return flail.hands.view.source === null && flail.hands.view.hold === false")
    operator.until_still()


def test_a_window_that_loses_the_focus_lets_go_and_forgets_its_keys(operator: Operator) -> None:
    """With F and an arrow down; back again, the arrow that repeats drives nothing before it was released."""
    operator.drive_by_keys()
    operator.page.js("window.dispatchEvent(new Event('blur'))")
    operator.until_still()
    operator.page.when(lambda: "Click to steer" in operator.text("#hands .text"))
    operator.page.js("window.dispatchEvent(new Event('focus'))")
    before = operator.vehicle.look()
    for _ in range(5):
        operator.page.key("keyDown", "ArrowUp", "ArrowUp", repeat=True)
        operator.page.key("keyDown", "KeyF", repeat=True)
        operator.ticks(5)
    assert not operator.vehicle.driven()
    assert operator.moved_since(before) < 0.05


def test_space_with_the_focus_on_arm_is_stop_and_does_not_arm(operator: Operator) -> None:
    """READY, the next act has the focus: one Space, then the machine is never armed."""
    for _ in range(12):
        operator.disarm()
        operator.arm_until("READY")
        operator.page.until(FOCUS_ARM)
        asked = operator.page.js("return flail.now_ms()")
        operator.page.tap("Space")
        outcome = operator.page.until("return flail.store.get('stop')?.outcome")
        answer = operator.page.js("return flail.store.get('answer')")
        assert answer["at_ms"] < asked, "an act was sent as well"
        if outcome == "seen" and operator.page.js("return window.pressed_on") == "ARM":
            break  # else the link of a busy computer broke, and with it went the button
    assert outcome == "seen"
    operator.ticks(50)
    assert operator.vehicle.look()["mode"] != "MANUAL"


@pytest.mark.parametrize("act", ["ATTENTION", "ARM"])
def test_stop_arrives_whatever_act_follows_at_once(operator: Operator, act: str) -> None:
    """STOP and, before the next frame to the vehicle, another act."""
    operator.stops(
        operator.drive_by_keys, lambda: operator.page.js("flail.acts.stop(); flail.acts._send(arguments[0])", act)
    )
    operator.hands_off()


def test_each_mode_offers_what_it_may(operator: Operator) -> None:
    """On the way from watching to a stop: the enabled buttons of each mode, no more."""
    page = operator.page
    seen = {"watching": operator.offered_in(("DISARMED",), "TAKE", operator.give_up)}
    seen["DISARMED"] = operator.offered_in(("DISARMED",), "ARM", operator.take)
    seen["READY"] = operator.offered_in(("READY",), "ARM", lambda: operator.arm_until("READY"))
    seen["MANUAL"] = operator.offered_in(("MANUAL",), "START", operator.arm)
    page.tap("Space")
    seen["HOLD"] = page.until(OFFERED, "HOLD", "RESET")
    assert seen == {
        "watching": "TAKE",
        "DISARMED": "ARM Give up control",
        "READY": "ARM DISARM RECOVERY",
        "MANUAL": "DISARM START",
        "HOLD": "RESET",
    }


def test_axe_finds_nothing_in_the_drive_view(operator: Operator) -> None:
    """All rules, the machine armed; the other views and themes are among the slow tests."""
    operator.arm()
    operator.page.tap("Digit1", "1")
    assert violations(operator.page) == []
