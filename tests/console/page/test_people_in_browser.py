"""Sign-in at TAKE and the hand-over, on the page: what is asked, what goes to the record, what is shown to whom."""

import pytest

from tests.console.page.browser import Page
from tests.console.page.fake_server import FakeServer
from tests.console.page.opening import opened

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.needs("chromium", "chromedriver")]
TAKE, RELEASE = 1, 2
CARD = "return !document.getElementById('people').hidden"
ITEMS = ["depth reading is due", "fuel: 42 % of the tank"]
DRIVING = {"name": "First Person", "role": "operator", "station": 7, "utc_us": None}


def pressed(browser: Page, words: str) -> None:
    buttons = "[...document.querySelectorAll('#people button')]"
    browser.js(f"{buttons}.find((one) => one.textContent === arguments[0]).click()", words)


def written(browser: Page, name: str, role: str) -> None:
    browser.js(
        "document.querySelector('#people input').value = arguments[0];"
        "document.querySelector('#people select').value = arguments[1]",
        name,
        role,
    )


def told(server: FakeServer) -> list[tuple[str, str, str]]:
    posts = [body for path, body in server.posts if path == "/api/observations"]
    return [(body["kind"], body["who"], body["note"]) for body in posts]


def test_take_asks_who_it_is_and_the_name_goes_before_it(browser: Page, server: FakeServer) -> None:
    """STOP stays uncovered and works while the card is open."""
    opened(browser, server, "disarmed")
    server.told["/api/observations"] = {"recorded": True, "text": ""}
    server.state["vehicle"]["mine"] = False
    server.state["server"]["simulation"] = False
    server.state["day"] = {"skips": [], "driving": None, "hand_over": None}
    browser.until("return flail.store.get('day') !== null && flail.store.value('vehicle', 'mine') === false")
    browser.key("keyDown", "KeyT")
    browser.until(CARD)
    browser.key("keyUp", "KeyT")
    assert server.acts == []
    assert browser.js(
        "const box = document.getElementById('stop').getBoundingClientRect();"
        "const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];"
        "return document.elementFromPoint(x, y).closest('#stop') !== null"
    )
    written(browser, "First Person", "operator")
    pressed(browser, "This is me")
    browser.until("return document.getElementById('people').hidden")
    browser.js("document.activeElement?.blur()")
    browser.key("keyDown", "KeyT")
    browser.when(lambda: server.acts == [TAKE])
    browser.key("keyUp", "KeyT")
    assert told(server) == [("sign_in", "First Person", "operator")]


def test_a_hand_over_is_read_and_signed_by_both(browser: Page, server: FakeServer) -> None:
    opened(browser, server, "disarmed")
    server.told["/api/observations"] = {"recorded": True, "text": ""}
    server.state["day"] = {"skips": [], "driving": DRIVING, "hand_over": None}
    browser.until("return flail.store.get('day') !== null && flail.store.value('vehicle', 'mine') === true")
    browser.js("flail.acts.press('RELEASE')")
    browser.until(CARD)
    pressed(browser, "Offer a hand-over")
    browser.when(lambda: told(server) == [("hand_over_offer", "First Person", "")])
    offered = {"giver": DRIVING, "taker": None, "signed": False, "mark": "1a2b3c4d", "items": ITEMS}
    server.state["day"] = {"skips": [], "driving": DRIVING, "hand_over": offered}
    browser.until("return document.querySelectorAll('#people li').length === 2")
    assert all(item in browser.text("#people") for item in ITEMS)
    written(browser, "Second Person", "operator")
    pressed(browser, "I have read all of it and take over")
    browser.when(lambda: told(server)[1:] == [("hand_over_read", "Second Person", "1a2b3c4d operator")])
    taker = {"name": "Second Person", "role": "operator", "station": 7, "utc_us": None}
    server.state["day"] = {"skips": [], "driving": DRIVING, "hand_over": {**offered, "taker": taker}}
    browser.until("return document.getElementById('people').innerText.includes('Second Person (operator) has read it')")
    assert server.acts == []
    pressed(browser, "Sign and give up control")
    browser.when(lambda: server.acts == [RELEASE])
    assert told(server)[2:] == [("hand_over_sign", "First Person", "1a2b3c4d")]
    server.state["vehicle"]["mode"] = "MANUAL"
    browser.until("return document.getElementById('people').hidden")
