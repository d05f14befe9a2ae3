"""The page in a real browser, against a server in name only: hands, STOP, acts, what is old, what is covered."""

import copy

import pytest

from tests.console.page.browser import Page
from tests.console.page.fake_server import FakeServer
from tests.console.page.opening import HOLD, held, opened
from tests.console.page.scenes import SCENES

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.needs("chromium", "chromedriver")]
ARM, TAKE = 3, 1
FOCUSED = 32


STOPPED_CLOCK = "const now = flail.now_ms(); flail.acts.now_ms = () => now"
RUNNING_CLOCK = "flail.acts.now_ms = flail.now_ms"


def tap_briefly(browser: Page, code: str, key: str = "") -> None:
    """However long this machine takes from the press to the release: of no time at all by the clock of the acts."""
    browser.js(STOPPED_CLOCK)
    browser.tap(code, key)
    browser.js(RUNNING_CLOCK)


def settled(browser: Page, server: FakeServer, count: int = 8) -> None:
    """So many more readings have come."""
    before = len(server.readings)
    browser.when(lambda: len(server.readings) >= before + count)


def test_keys_drive_and_a_release_is_in_the_next_readings(browser: Page, server: FakeServer) -> None:
    """F and an arrow; the letting go of F is neutral at once."""
    opened(browser, server, "manual").until("return flail.hands.view?.latch")
    browser.key("keyDown", "KeyF")
    browser.key("keyDown", "ArrowUp", "ArrowUp")
    browser.when(lambda: held(server) and server.readings[-1][5] > 1000)
    browser.key("keyUp", "KeyF")
    browser.when(lambda: not held(server))
    settled(browser, server)
    assert server.readings[-1][5] == 0
    numbers = [int(reading[3]) for reading in server.readings]
    assert numbers == sorted(set(numbers)), "a reading was sent twice"
    browser.key("keyUp", "ArrowUp", "ArrowUp")


def test_a_gamepad_drives_and_its_absence_stops(browser: Page, server: FakeServer) -> None:
    """RT and the left stick; then the list of gamepads is empty."""
    opened(browser, server, "manual")
    browser.js("pad({})")
    browser.until("return flail.hands.view?.latch && flail.hands.view.pads.length === 1")
    browser.js("pad({axes: [0, -1, 0, 0], buttons: {7: 1}})")
    browser.when(lambda: held(server) and server.readings[-1][5] == 10_000)
    assert server.stops == []
    browser.js("pads = []")
    browser.when(lambda: server.stops and not held(server))


def test_blur_releases_and_forgets_the_keys(browser: Page, server: FakeServer) -> None:
    """The window loses the focus with F and an arrow down; back again, nothing drives until they were released."""
    opened(browser, server, "manual").until("return flail.hands.view?.latch")
    browser.key("keyDown", "KeyF")
    browser.key("keyDown", "ArrowUp", "ArrowUp")
    browser.when(lambda: held(server))
    browser.js("window.dispatchEvent(new Event('blur'))")
    browser.when(lambda: not held(server) and not int(server.readings[-1][2]) & FOCUSED)
    browser.js("window.dispatchEvent(new Event('focus'))")
    browser.key("keyDown", "ArrowUp", "ArrowUp", repeat=True)
    settled(browser, server, 30)
    assert not any(int(reading[2]) & HOLD for reading in server.readings[-30:])
    browser.key("keyUp", "KeyF")
    browser.key("keyUp", "ArrowUp", "ArrowUp")


def test_a_hidden_page_sends_one_neutral_reading_and_closes_the_socket(browser: Page, server: FakeServer) -> None:
    """Then nothing more, and on return the latch is cleared."""
    opened(browser, server, "manual")
    browser.js("pad({})")
    browser.until("return flail.hands.view?.latch && flail.hands.view.pads.length === 1")
    browser.js("pad({axes: [0, -1, 0, 0], buttons: {7: 1}})")
    browser.when(lambda: held(server))
    browser.js(
        "Object.defineProperty(document, 'hidden', {value: true, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    browser.until("return !flail.drive.ready")
    browser.when(lambda: not held(server))
    count = len(server.readings)
    assert server.readings[-1][5] == 0
    browser.js(
        "Object.defineProperty(document, 'hidden', {value: false, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    browser.until("return flail.drive.ready")
    browser.when(lambda: len(server.readings) > count + 30)
    assert not any(int(reading[2]) & HOLD for reading in server.readings[count:])
    browser.js("pad({axes: [0, -1, 0, 0]})")
    browser.until("return document.querySelector('#hands .text').innerText.includes('left stick')")


def test_space_is_stop_with_the_focus_on_arm_and_arm_is_not_pressed(browser: Page, server: FakeServer) -> None:
    """STOP is repeated until the vehicle is seen stopped."""
    opened(browser, server, "ready").until("return flail.hands.view?.latch")
    for _ in range(12):
        server.state["vehicle"]["mode"] = "READY"
        browser.until("return document.querySelector('#hands .act.next')")
        browser.js("document.querySelector('#hands .act.next').focus()")
        server.stops.clear()
        browser.tap("Space")
        browser.when(lambda: len(server.stops) >= 4)
        server.state["vehicle"]["mode"] = "HOLD"
        outcome = browser.until("return flail.store.get('stop').outcome")
        if outcome == "seen":
            break  # else this machine took the three seconds after which the page gives up
    assert outcome == "seen"
    assert server.acts == []


def test_enter_presses_arm_once_however_long_it_is_held(browser: Page, server: FakeServer) -> None:
    """The operating system's repeats are no acts; neither are those of the key M."""
    opened(browser, server, "ready").until("return flail.hands.view?.latch")
    browser.until("return document.querySelector('#hands .act.next')")
    browser.js("document.querySelector('#hands .act.next').focus()")
    browser.key("keyDown", "Enter", "Enter")
    for _ in range(5):
        browser.key("keyDown", "Enter", "Enter", repeat=True)
    browser.key("keyUp", "Enter", "Enter")
    browser.when(lambda: server.acts == [ARM])
    browser.key("keyDown", "KeyM")
    for _ in range(5):
        browser.key("keyDown", "KeyM", repeat=True)
    browser.key("keyUp", "KeyM")
    browser.when(lambda: server.acts == [ARM, ARM])
    settled(browser, server, 20)
    assert server.acts == [ARM, ARM]


def test_text_fields_are_locked_while_armed_and_space_is_stop_with_the_focus_in_one(
    browser: Page, server: FakeServer
) -> None:
    """While nothing is armed one can write."""
    opened(browser, server, "disarmed")
    browser.js("flail.turn('setup')")
    browser.until("return document.querySelector('#view-setup input[type=text]')")
    browser.js("document.querySelector('#view-setup input[type=text]').focus()")
    browser.tap("Space")
    browser.tap("KeyM")
    assert browser.js("return document.querySelector('#view-setup input[type=text]').value") == " m"
    assert server.stops == []
    server.state["vehicle"]["mode"] = "MANUAL"
    browser.until("return document.querySelector('#view-setup input[type=text]').readOnly")
    browser.js("document.querySelector('#view-setup input[type=text]').focus()")
    browser.tap("Space")
    browser.when(lambda: bool(server.stops))


def test_a_refusal_is_shown_with_the_vehicles_reason(browser: Page, server: FakeServer) -> None:
    """The answer names the act, the word and the reason."""
    opened(browser, server, "ready").until("return document.querySelector('#hands .act.next')")
    browser.tap("KeyM")
    browser.when(lambda: server.acts == [ARM])
    number = browser.js("return flail.acts._number")
    server.answers.append(
        {"act": "ARM", "no": number, "result": "refused", "why": "act.why.moving", "params": {}, "reason": 33}
    )
    browser.when(lambda: all(words in browser.text("#hands .text") for words in ("ARM refused", "Too steep")))


def test_take_wants_a_second_of_holding(browser: Page, server: FakeServer) -> None:
    """A short press of T takes nothing."""
    opened(browser, server, "disarmed")
    server.state["vehicle"]["mine"] = False
    browser.until("return document.querySelector('#hands')?.innerText.includes('TAKE')")
    tap_briefly(browser, "KeyT")
    browser.until("return flail.store.get('held_act') === null")
    settled(browser, server)
    assert server.acts == []
    browser.key("keyDown", "KeyT")
    browser.when(lambda: server.acts == [TAKE])
    browser.key("keyUp", "KeyT")


def test_engine_off_stops_at_once_and_cuts_only_when_held(browser: Page, server: FakeServer) -> None:
    """A tap of Delete is STOP alone; held on it becomes ENGINE OFF."""
    opened(browser, server, "manual")
    browser.until("return flail.drive.ready && flail.state.ready")
    tap_briefly(browser, "Delete", "Delete")
    browser.when(lambda: len(server.stops) >= 4)
    assert set(server.stops) == {0}
    browser.key("keyDown", "Delete", "Delete")
    browser.when(lambda: 1 in server.stops)
    browser.key("keyUp", "Delete", "Delete")


def test_a_focus_that_is_lost_without_an_event_is_lost(browser: Page, server: FakeServer) -> None:
    opened(browser, server, "manual").until("return flail.hands.view?.latch")
    browser.key("keyDown", "KeyF")
    browser.when(lambda: held(server))
    browser.js("window.focused = false")
    browser.when(lambda: not held(server) and not int(server.readings[-1][2]) & FOCUSED)
    browser.js("window.focused = true")
    browser.when(lambda: int(server.readings[-1][2]) & FOCUSED)
    settled(browser, server)
    assert not held(server)
    browser.key("keyUp", "KeyF")


RELEASE_ESTOP = 11


def test_a_button_stays_under_the_finger_while_figures_change(browser: Page, server: FakeServer) -> None:
    """The rotor runs down in the very list of steps that holds the button."""
    opened(browser, server, "estop")
    button = "#steps [data-act=RELEASE_ESTOP]"
    browser.until(f"return document.querySelector('{button}')?.getAttribute('aria-disabled') === 'false'")
    x, y = browser.js(
        f"const box = document.querySelector('{button}').getBoundingClientRect();"
        "return [box.left + box.width / 2, box.top + box.height / 2]"
    )
    mouse = {"x": x, "y": y, "button": "left", "clickCount": 1}
    browser.cdp("Input.dispatchMouseEvent", type="mousePressed", **mouse)
    server.state["tool"]["rotor_rpm"] = 97.0
    browser.until("return document.getElementById('steps').innerText.includes('97 rpm')")
    browser.cdp("Input.dispatchMouseEvent", type="mouseReleased", **mouse)
    browser.when(lambda: RELEASE_ESTOP in server.acts)


def test_the_list_of_vehicles_names_the_one_that_is_steered(browser: Page, server: FakeServer) -> None:
    """One that could not be chosen is not shown as if it were."""
    opened(browser, server, "disarmed")
    server.state["server"]["vehicles"] = [{"id": "memat-1", "name": "MEMATT 1"}, {"id": "b", "name": "B"}]
    browser.until("return flail.store.value('server', 'vehicles').length === 2")
    browser.js(
        "flail.turn('setup'); flail.setup.api = () => Promise.resolve(new Response('{}', {status: 409}));"
        "const list = document.querySelector('#view-setup select');"
        "list.value = 'b'; list.dispatchEvent(new Event('change'))"
    )
    browser.until("return document.querySelector('#view-setup select').value === 'memat-1'")


def test_no_site_of_another_vehicle_is_shown_while_its_own_is_fetched(browser: Page, server: FakeServer) -> None:
    opened(browser, server, "disarmed")
    browser.until("return flail.store.get('site') !== null && flail.map.site !== null")
    browser.js("flail.api = () => new Promise(() => {})")  # the answer is still under way
    server.state["server"]["vehicle"] = "b"
    browser.until("return flail.store.value('server', 'vehicle') === 'b'")
    browser.until("return flail.map.site === null")
    settled(browser, server)
    assert browser.js("return flail.map.site") is None


CHOSEN = "return document.querySelector('input[name=theme]:checked').value"


def test_arrows_choose_only_while_nothing_is_armed(browser: Page, server: FakeServer) -> None:
    """Armed, they steer, and a choice that has the focus stays as it is."""
    for scene, wanted in (("disarmed", "sunlight"), ("manual", "day")):
        opened(browser, server, scene)
        browser.js("flail.turn('setup'); document.querySelector('input[name=theme]').focus()")
        browser.key("keyDown", "ArrowDown", "ArrowDown")
        steers = browser.js("return 'ArrowDown' in flail.hands._state.keys")
        browser.key("keyUp", "ArrowDown", "ArrowDown")
        assert (browser.js(CHOSEN), steers) == (wanted, scene == "manual")


PREVENTED = """
const event = new MouseEvent('contextmenu', {bubbles: true, cancelable: true});
return !document.getElementById('map').dispatchEvent(event);
"""


def test_what_takes_the_keyboard_lets_go_of_hold(browser: Page, server: FakeServer) -> None:
    """Of a key that is let go while a system key is down, or below a menu, no release may ever be told."""
    opened(browser, server, "manual").until("return flail.hands.view?.latch")
    browser.key("keyDown", "KeyF")
    browser.when(lambda: held(server))
    browser.key("keyDown", "MetaLeft", "Meta")
    browser.when(lambda: not held(server))
    browser.key("keyUp", "MetaLeft", "Meta")
    settled(browser, server)
    assert not held(server)
    browser.until("return flail.hands.view?.waits?.key !== 'hands.waits.focus'")
    browser.key("keyUp", "KeyF")
    assert browser.js(PREVENTED), "a menu opens while the machine is armed"
    opened(browser, server, "disarmed")
    assert not browser.js(PREVENTED)
    browser.js("flail.turn('setup'); document.querySelector('#view-setup select').focus()")
    browser.tap("KeyM")
    settled(browser, server)
    assert server.acts == [], "a letter typed in a list is an act"


def test_a_part_of_the_page_that_fails_takes_no_other_with_it_and_is_said(browser: Page, server: FakeServer) -> None:
    opened(browser, server, "manual")
    browser.js("flail.bar.render = () => { throw new Error('a test') }")
    browser.when(lambda: "may show old values" in browser.text("#small"))
    server.state["tool"]["rotor_rpm"] = 371.0
    browser.until("return document.querySelector('.instrument .value').innerText.includes('371')")
    browser.js(
        "flail.map.drawn = null; const top = flail.map.drawTop; let left = 1; window.drawn = 0;"
        "flail.map.drawTop = (...all) => {"
        "  if (left-- > 0) throw new Error('a test'); window.drawn += 1; top.apply(flail.map, all); };"
        "flail.map.touch()"
    )
    browser.until("flail.map.touch(); return window.drawn > 1")


def test_a_page_of_an_earlier_start_says_where_to_go_on(browser: Page, server: FakeServer) -> None:
    """The server was started anew, with another token: it answers, and refuses this page."""
    opened(browser, server, "manual")
    server.forbidden = True
    try:
        browser.js("flail.state._socket.wanted = false; flail.state._socket.socket.close()")
        browser.until("return document.querySelector('#why h1').innerText === 'Console started anew'")
        browser.when(lambda: "Open the address that the console printed" in browser.text("#why"))
    finally:
        server.forbidden = False


RECORD = {
    "totals": {}, "plan_hash": "a1b2c3d4e5f60718", "required_depth_m": 0.15, "gaps": [], "pieces": [], "hours": {},
    "events": [], "depths": [], "unworkable": [], "statement": "", "simulated": False,
}  # fmt: skip


def test_figures_of_the_record_say_of_when_and_of_what_they_are(browser: Page, server: FakeServer) -> None:
    opened(browser, server, "manual")
    view = "const view = flail.others.record.view;"
    browser.js(
        f"{view} const record = arguments[0];"
        "view.server = {get: () => Promise.resolve({...record, totals: {area_m2: 10, processed_m2: 10}})};"
        "flail.turn('record')",
        RECORD,
    )
    browser.until(f"{view} return view.made_at.innerText.startsWith('As of')")
    assert "changed since" not in browser.js(f"{view} return view.made_at.innerText")
    server.state["ground"]["stroke"] = 7
    browser.until(f"{view} return view.made_at.innerText.includes('changed since')")
    server.state["mission"]["plan_hash"] = "ffffffffffffffff"
    browser.until(f"{view} return view.made_at.innerText === '' && view.totals.hidden")


def test_all_values_are_old_when_the_vehicle_is_heard_no_more(browser: Page, server: FakeServer) -> None:
    """The server goes on, the vehicle does not; then the server goes silent as well."""
    opened(browser, server, "manual", steady=False)
    browser.until("return document.querySelectorAll('.instrument.old').length === 0")
    server.state["link"]["age_ms"] = 600
    browser.until("return document.querySelectorAll('.instrument.old').length === 5")
    browser.when(lambda: "No link" in browser.text("#mode"))
    server.state["link"]["age_ms"] = 40
    browser.until("return document.querySelectorAll('.instrument.old').length === 0")
    server.quiet = True
    browser.until("return document.querySelectorAll('.instrument.old').length === 5")
    browser.when(lambda: "no link" in browser.text("#stop"))


def test_a_second_window_watches_and_stops(browser: Page, server: FakeServer) -> None:
    """Its drive socket is refused; a sentence says so, and STOP goes by the other socket."""
    server.refuse_drive = 1000
    opened(browser, server, "manual")
    browser.until("return document.querySelector('#small').innerText.includes('another window')")
    browser.tap("Space")
    browser.when(lambda: len(server.stops) >= 3)
    server.refuse_drive = 0
    browser.js("document.getElementById('steer-here').click()")
    browser.until("return flail.drive.ready && document.getElementById('small').hidden")


def test_a_seat_that_this_page_has_just_left_is_asked_for_again(browser: Page, server: FakeServer) -> None:
    """A reload under load: the server has not yet seen the old socket go."""
    server.refuse_drive = 3
    opened(browser, server, "manual")
    browser.until("return flail.drive.ready && flail.hands.view?.latch")
    assert server.refuse_drive == 0


def touches(browser: Page, kind: str, *points: tuple[str, float, float]) -> None:
    """Fingers on elements, at parts of their width and height; each finger keeps its number."""
    found = []
    for number, (selector, x, y) in enumerate(points):
        box = browser.js("return document.querySelector(arguments[0]).getBoundingClientRect().toJSON()", selector)
        found.append({"x": box["left"] + x * box["width"], "y": box["top"] + y * box["height"], "id": number})
    browser.cdp("Input.dispatchTouchEvent", type=kind, touchPoints=found)


def test_two_fingers_drive_and_a_third_releases(browser: Page, server: FakeServer) -> None:
    """One holds, one steers; then another finger comes down."""
    browser.size("tablet")
    browser.cdp("Emulation.setTouchEmulationEnabled", enabled=True, maxTouchPoints=5)
    try:
        opened(browser, server, "manual").until("return flail.hands.view?.latch")
        hold, stick = ("#pad-hold", 0.5, 0.5), ("#pad-stick", 0.5, 0.5)
        touches(browser, "touchStart", hold)
        browser.when(lambda: held(server))
        touches(browser, "touchStart", hold, stick)
        touches(browser, "touchMove", hold, ("#pad-stick", 0.5, 0.05))
        browser.when(lambda: held(server) and server.readings[-1][5] > 5000)
        assert server.readings[-1][1] == 3
        touches(browser, "touchStart", hold, ("#pad-stick", 0.5, 0.05), ("#map", 0.5, 0.5))
        browser.when(lambda: not held(server))
        settled(browser, server, 20)
        assert not held(server)
        touches(browser, "touchEnd")
    finally:
        browser.cdp("Emulation.setTouchEmulationEnabled", enabled=False)
        browser.size("laptop")


def test_the_page_asks_nobody_but_its_own_server(browser: Page, server: FakeServer) -> None:
    """No request leaves this computer, and nothing that it asks for itself is refused by its own policy."""
    browser.driver.get_log("browser")  # what an earlier page said, and what was cut off when it was left
    opened(browser, server, "manual")
    for view in ("mission", "plan", "record", "setup", "drive"):
        browser.js("flail.turn(arguments[0])", view)
    asked = browser.js("return performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert len(asked) > 20
    assert [name for name in asked if not name.startswith(f"http://127.0.0.1:{server.port}/")] == []
    said = [line["message"] for line in browser.driver.get_log("browser")]
    assert [line for line in said if "Content Security Policy" in line or "TypeError" in line] == []


def test_stop_is_first_in_the_order_of_tabs_and_changes_are_spoken(browser: Page, server: FakeServer) -> None:
    """In each view; mode and worst reason are spoken once, and `I` reads a summary."""
    opened(browser, server, "manual")
    browser.tap("Tab", "Tab")
    assert browser.js("return document.activeElement.id") == "stop"
    for view in ("drive", "mission", "setup"):
        browser.js("flail.turn(arguments[0])", view)
        first, steps = browser.js(
            "const all = [...document.querySelectorAll('button, input, select, a[href], [tabindex]')];"
            "return [all[0].id, all.filter((one) => one.tabIndex > 0).length]"
        )
        assert (first, steps) == ("stop", 0), view
    browser.js("document.activeElement.blur()")
    server.state = copy.deepcopy(SCENES["hold"])
    browser.until("return document.getElementById('said').innerText.includes('Rotor too slow')")
    browser.tap("KeyI")
    browser.when(lambda: "Rotor 12 rpm" in browser.text("#told"))


def test_without_the_key_of_this_start_the_page_says_what_to_do(browser: Page, server: FakeServer) -> None:
    """The address without its token: a sentence, and no socket."""
    server.forbidden = True
    try:
        browser.driver.get(server.url.partition("#")[0])
        browser.until("return document.getElementById('small').innerText.includes('Open the address')")
    finally:
        server.forbidden = False


def test_a_touch_that_the_system_takes_away_releases(browser: Page, server: FakeServer) -> None:
    """Two fingers drive; then the screen belongs to somebody else (`pointercancel`)."""
    browser.size("tablet")
    browser.cdp("Emulation.setTouchEmulationEnabled", enabled=True, maxTouchPoints=5)
    try:
        opened(browser, server, "manual").until("return flail.hands.view?.latch")
        hold, stick = ("#pad-hold", 0.5, 0.5), ("#pad-stick", 0.5, 0.05)
        touches(browser, "touchStart", hold)
        touches(browser, "touchStart", hold, ("#pad-stick", 0.5, 0.5))
        touches(browser, "touchMove", hold, stick)
        browser.when(lambda: held(server) and server.readings[-1][5] > 5000)
        touches(browser, "touchCancel")
        browser.when(lambda: not held(server))
        settled(browser, server, 20)
        assert not any(int(reading[2]) & HOLD or reading[5] for reading in server.readings[-20:])
    finally:
        browser.cdp("Emulation.setTouchEmulationEnabled", enabled=False)
        browser.size("laptop")


def test_figures_of_a_report_that_is_late_look_old_and_stay(browser: Page, server: FakeServer) -> None:
    """Beats come, reports do not: the numbers stay where they were, in the ink of what is old; then they are live."""
    opened(browser, server, "manual")
    browser.until("return document.querySelectorAll('.instrument.old').length === 0")
    before = browser.text("#instruments")
    for section in ("pose", "tool", "mission"):
        server.state[section]["old"] = True
    browser.until("return document.querySelectorAll('.instrument.old').length === 5")
    assert browser.text("#instruments") == before
    browser.until("return flail.map.old")  # else the machine on the map looks as if its place were known
    assert browser.js("return flail.acts.facts().rotor_rpm") is None
    for section in ("pose", "tool", "mission"):
        del server.state[section]["old"]
    browser.until("return document.querySelectorAll('.instrument.old').length === 0 && !flail.map.old")


def test_a_small_shock_in_a_mission_asks_for_one_word_once_it_was_looked_at(browser: Page, server: FakeServer) -> None:
    opened(browser, server, "mission")
    browser.until("return flail.store.get('site') !== null")
    server.state = copy.deepcopy(SCENES["shock"])
    browser.until("return document.querySelector('#hands .word button')?.checkVisibility()")
    assert "AP, picture good" in browser.text("#hands")
    server.told["/api/observations"] = {"recorded": True, "text": ""}
    press = "document.querySelector('#hands .word button').click()"
    browser.js(press)
    assert [path for path, _ in server.posts if path == "/api/observations"] == []
    browser.until("return document.querySelector('#hands .word button').getAttribute('aria-disabled') === 'false'")
    browser.js(press)
    browser.until("return flail.store.get('marks')[0].kind === 'ap'")
    (sent,) = [body for path, body in server.posts if path == "/api/observations"]
    assert (sent["kind"], sent["value"], sent["note"]) == ("detonation", 1, "AP, picture good")
    server.state = copy.deepcopy(SCENES["wait"])
    browser.until("return !document.querySelector('#hands .word button').checkVisibility()")


def test_a_detonation_is_marked_under_the_tool_asked_for_and_sent_once(browser: Page, server: FakeServer) -> None:
    opened(browser, server, "manual")
    browser.until("return flail.store.get('site') !== null")
    server.state = copy.deepcopy(SCENES["detonation"])
    answer = (
        "const one = document.querySelectorAll('#why .question button')[arguments[0]];"
        "if (one.getAttribute('aria-disabled') !== 'false') return false; one.click(); return true"
    )
    browser.until("return document.querySelector('#why .question')?.innerText.includes('what was it')")
    machine, pose = server.state["site"]["machine"], server.state["pose"]
    mark = browser.js("return flail.store.get('marks')")
    assert len(mark) == 1
    assert mark[0]["kind"] is None
    assert mark[0]["e"] == pytest.approx(pose["e"] + machine["tool_ahead_m"], abs=0.1)  # it points east
    assert mark[0]["width_m"] == machine["tool_width_m"]
    server.told["/api/observations"] = {"recorded": False, "text": "the disk is full"}
    browser.until(answer, 1)  # anti-tank
    browser.until("return document.querySelector('#why .question').innerText.includes('by camera')")
    browser.until(answer, 1)  # damage
    browser.until("return document.querySelector('#why .question').innerText.includes('the disk is full')")
    server.told["/api/observations"] = {"recorded": True, "text": ""}
    browser.js(answer, 1)
    browser.until("return document.querySelector('#why .question').hidden")
    sent = [body for path, body in server.posts if path == "/api/observations"]
    assert len(sent) == 2
    assert (sent[1]["kind"], sent[1]["value"], sent[1]["note"]) == ("detonation", 4, "at; hammers by camera: damage")
    assert sent[1]["e"] == mark[0]["e"]
    assert browser.js("return flail.store.get('marks')[0].kind") == "at"
