"""What breaks the chain of hand and page: each ends in a zero set-point, and nothing moves by itself after it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.browser.operator import FORWARD, Operator
from tests.console.browser.stack import Server, Vehicle
from tests.console.page.browser import HIDDEN_SWITCHES, Page, browsing

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.needs("chromium", "chromedriver")]
ANSWER_OF = """
const answer = flail.store.get('answer');
return answer?.act === arguments[0] && answer.result !== 'pending' ? answer : null;
"""
"""What became of an act, once there is something."""
NOTE_CAUSES = "window.causes = []; flail.store.on('hands', (view) => window.causes.push(view.cause))"
"""Each look keeps why its hands pass nothing: the next event overwrites it."""
CAUSED = "return window.causes.some((one) => arguments[0].includes(one))"


def test_a_gamepad_that_is_unplugged_stops(operator: Operator) -> None:
    """The list of gamepads is empty from one reading to the next: STOP, and why is said."""
    operator.page.js(NOTE_CAUSES)
    began_ns = operator.vehicle.look()["now_ns"]
    operator.stops(operator.drive_by_pad, lambda: operator.page.js("window.causes.length = 0; window.pads = [];"))
    assert operator.vehicle.setpoints(began_ns)[-1][1:] == (0.0, 0.0)
    operator.page.until(CAUSED, ["pad_gone", "stop"])


NOTE_HIDING = """
document.addEventListener('visibilitychange', () => {
  if (!document.hidden || window.hid) return;
  const driving = flail.store.value('vehicle', 'mode') === 'MANUAL' && flail.hands.view?.hold === true;
  window.hid = {driving: driving && flail.store.open(), ready: null};
  setTimeout(() => { window.hid.ready = flail.drive.ready; });
}, {capture: true});
window.hid = null;
"""
"""What the page was doing when it was hidden, and whether its socket to the hands is closed right after."""


def hide_and_show(operator: Operator) -> None:
    """Another tab comes to the front while the stick is deflected; then this one again."""
    driver = operator.page.driver
    here = driver.current_window_handle
    for _ in range(12):
        operator.drive_by_pad()
        operator.page.js(NOTE_HIDING)
        driver.switch_to.new_window("tab")
        operator.until_still()
        there = driver.current_window_handle
        before = operator.vehicle.look()
        operator.ticks(100)
        after = operator.vehicle.look()
        driver.switch_to.window(there)
        driver.close()
        driver.switch_to.window(here)
        operator.page.until("return !document.hidden && flail.store.open()")
        hid = operator.page.until("return window.hid?.ready === null ? null : window.hid")
        if hid["driving"]:
            break
    assert hid == {"driving": True, "ready": False}, "the page did not let go of the socket itself"
    assert after["setpoint"] == [0.0, 0.0], "a hidden page drives"
    assert "link_lost" in after["reasons"], after
    operator.ticks(100)
    assert not operator.vehicle.driven()
    assert operator.moved_since(before) < 0.1
    operator.page.when(lambda: waits(operator))


def waits(operator: Operator) -> str:
    """What the hands wait for, as the page would say it."""
    return str(operator.page.js("const w = flail.hands.view?.waits; return w ? `${w.key} RT stick` : ''"))


def test_a_hidden_page_lets_go_whose_timers_the_driver_keeps_running(operator: Operator) -> None:
    """With the driver's switches, which leave the timers of hidden pages as they are."""
    hide_and_show(operator)


@pytest.mark.release
def test_a_hidden_page_lets_go_whose_timers_the_browser_slows(browser: Page, server: Server, vehicle: Vehicle) -> None:
    """Without the driver's switches, as an operator's browser does it: once a second."""
    browser.driver.get("about:blank")  # it would go on steering
    with browsing(without=HIDDEN_SWITCHES) as page:
        page.size("laptop")
        operator = Operator(page, server, vehicle)
        operator.open()
        try:
            hide_and_show(operator)
        finally:
            operator.leave()


def test_a_page_that_stands_still_stops_driving_before_it_wakes(operator: Operator) -> None:
    """A busy loop of 3 s with the stick held; the set-point is zero before it ends, and stays so after."""
    operator.page.js(NOTE_CAUSES)
    operator.break_off(
        operator.drive_by_pad,
        "setTimeout(() => { const end = Date.now() + 3000; while (Date.now() < end);"
        " window.causes.length = 0; window.woke = true; });",
    )
    operator.page.when(lambda: not operator.vehicle.driven())
    stopped_ns = operator.vehicle.look()["now_ns"]
    operator.page.until("return window.woke === true")
    operator.ticks(50)
    later = [one for one in operator.vehicle.setpoints(stopped_ns) if one[1:] != (0.0, 0.0)]
    assert later == [], "it drove on without new hands"
    operator.page.until(CAUSED, ["page_stalled", "link_lost", "connected", "mode"])


def test_a_second_window_is_refused_with_a_sentence_and_stops(operator: Operator) -> None:
    """A browser of its own, so that the first one keeps its focus and drives on; STOP of the second counts."""
    with browsing() as other:
        other.size("laptop")
        other.open(operator.server.url)
        other.until("return flail.store.open()")
        other.when(lambda: "Already steered in another window" in other.text("#small"))
        assert other.js("return [flail.drive.ready, flail.store.value('server', 'steering')]") == [False, "other"]
        assert other.js("return flail.acts.offers().filter((one) => one.enabled)") == []
        operator.stops(operator.drive_by_pad, lambda: other.tap("Space"))
        assert operator.page.js("return flail.store.value('server', 'steering')") == "this"


def test_a_page_that_connects_with_a_deflected_stick_drives_nothing(operator: Operator) -> None:
    """RT and stick are held from before the page was loaded; armed by keys, it waits and says for what."""
    operator.arm()
    operator.page.js(FORWARD)
    operator.page.driver.refresh()
    operator.page.until("return window.flail?.ready === true && flail.store.open()")
    operator.page.js(FORWARD)
    operator.ticks(150)
    assert not operator.vehicle.driven()
    operator.page.when(lambda: waits(operator))


NOT_ASKED = ("hands.waits.server", "act.why.no_link")
"""The vehicle was not asked: the page's own socket or link was gone at that moment."""


@pytest.fixture
def second(folder: Path, vehicle: Vehicle) -> Iterator[Server]:
    """The server of another console, with a key of its own."""
    with Server(folder / "second", vehicle, 8) as running:
        yield running


def test_a_second_console_watches_and_stops_and_cannot_take_what_moves(operator: Operator, second: Server) -> None:
    """While the first one drives; the second is a browser of its own with hands of its own."""
    with browsing() as other:
        other.size("laptop")
        other.open(second.url)
        other.until("return flail.store.open() && flail.drive.ready")
        assert other.js("return flail.store.value('vehicle', 'mine')") is False
        for _ in range(12):
            operator.drive_by_pad()
            other.js("flail.store.set('answer', null); flail.acts._send('TAKE')")
            answer = other.until(ANSWER_OF, "TAKE")
            if answer["result"] == "accepted":  # the link of a busy computer broke, and nobody drove
                assert not operator.vehicle.driven()
                Operator(other, second, operator.vehicle).give_up()
            elif answer["result"] == "refused" and answer["why"]["key"] not in NOT_ASKED and operator.vehicle.driven():
                break
        assert answer["result"] == "refused", answer
        assert answer["why"]["key"] == "act.why.held_by_other", answer
        assert operator.vehicle.look()["holder"] == operator.vehicle.told["first_id"]
        operator.stops(operator.drive_by_pad, lambda: other.tap("Space"))


def test_fields_are_locked_while_armed_so_that_space_is_stop(operator: Operator) -> None:
    """With the focus in a text field of Setup."""
    operator.page.js("flail.turn('setup')")

    def focus_a_field() -> None:
        for _ in range(12):
            operator.arm()
            if operator.page.until(LOCKED) == "locked":
                return
        raise AssertionError(f"never locked: {operator.vehicle.look()}")

    operator.stops(focus_a_field, lambda: operator.page.tap("Space"))


LOCKED = """
const one = document.querySelector('#view-setup input[type=text]');
one?.focus();
if (one?.readOnly && document.activeElement === one) return 'locked';
return flail.store.open() && flail.store.value('vehicle', 'mode') !== 'MANUAL' ? 'left' : null;
"""
"""Whether a text field that has the focus is locked; 'left' where the machine is not armed any more."""


def test_m_held_with_repeats_is_one_arm(operator: Operator) -> None:
    """READY, and not armed, however long it is held."""
    operator.disarm()
    operator.page.until("return flail.acts.offers().some((one) => one.act === 'ARM' && one.enabled)")
    operator.page.key("keyDown", "KeyM")
    for _ in range(20):
        operator.page.key("keyDown", "KeyM", repeat=True)
        operator.ticks(4)
    operator.page.key("keyUp", "KeyM")
    assert operator.vehicle.look()["mode"] != "MANUAL"
