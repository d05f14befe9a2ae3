"""The panel "Checks" over the real vehicle program: what it records, what it refuses and why, by keyboard alone."""

import pytest

from tests.console.browser.operator import Operator
from tests.console.page.test_checks_in_browser import BASE, OPEN, PANEL, press, status, written

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.needs("chromium", "chromedriver")]
FORMS = ["base", "mark", "depth", "hammers", "machine"]


def opened(operator: Operator, group: str) -> None:
    operator.page.js("flail.turn('record')")
    operator.page.js(f"{PANEL}.querySelectorAll('summary')[arguments[0]].focus()", FORMS.index(group))
    operator.page.tap("Enter")
    operator.page.until(f"return {OPEN} !== null")


def answered(operator: Operator, text: str) -> None:
    operator.page.when(lambda: text in status(operator.page))


def test_the_vehicle_records_a_good_check_and_refuses_what_proves_nothing(operator: Operator) -> None:
    opened(operator, "base")
    written(operator.page, BASE)
    press(operator.page, "Send the check of the base")
    answered(operator, "Recorded: base 0.008 m off, measured at")
    operator.page.until("return flail.store.value('checks', 'base_age_s') !== null")
    written(operator.page, ["point 1", "0.008", "0.01", "0.03"])
    press(operator.page, "Send the check of the base")
    answered(operator, "Refused by the vehicle: sigma above 0.02 m: measure the point again")


def test_a_depth_where_nothing_was_worked_is_refused_in_the_vehicles_words(operator: Operator) -> None:
    opened(operator, "depth")
    operator.page.js(f"{OPEN}.querySelector('input[type=radio]').click()")
    press(operator.page, "Middle of the tool")
    place = operator.page.js(f"return {OPEN}.querySelector('.line input').value")
    written(operator.page, ["0.17", "0,18", "0.16", "0.17", "0.17", place, "", "leader"])
    press(operator.page, "Send the depth reading")
    answered(operator, "Refused by the vehicle: place: no depth is on record there")


def test_the_hammers_are_those_of_the_machine_and_a_short_count_is_not_sent_at_once(operator: Operator) -> None:
    opened(operator, "hammers")
    operator.page.until(f"return {OPEN}.innerText.includes('This machine: 40 hammers on 40 tracks')")
    written(operator.page, ["39", "17", "", "leader"])
    press(operator.page, "Send the count")
    operator.page.until(f"return {OPEN}.querySelector('[role=alert]').innerText.includes('1 of 40 missing')")
    press(operator.page, "Do not send")
    written(operator.page, ["40", "", "", "leader"])
    press(operator.page, "Send the count")
    answered(operator, "Recorded: 40 hammers")
    assert "1 hammer missing" not in operator.page.js("return JSON.stringify(flail.store.get('texts'))")


def test_the_daily_check_is_the_vehicles_own_and_it_says_what_is_missing(operator: Operator) -> None:
    opened(operator, "machine")
    written(operator.page, ["leader"])
    press(operator.page, "Daily check")
    answered(operator, "Refused by the vehicle: no bay is stored: park there and note bay")
    press(operator.page, "Full check ends")
    answered(operator, "Refused by the vehicle: no full check is under way: full check begins")


def test_the_machine_on_a_mark_is_recorded_with_its_place_and_not_without(operator: Operator) -> None:
    opened(operator, "mark")
    pose = operator.page.js("return flail.store.get('pose')")
    written(operator.page, ["mark 1", "", "0.004", "0", "0.01", "leader"])
    press(operator.page, "Send the machine's mark")
    operator.page.until(f"return {OPEN}.innerText.includes('Give the place')")
    written(operator.page, ["mark 1", f"{pose['lat']:.7f}, {pose['lon']:.7f}"])
    press(operator.page, "Send the machine's mark")
    answered(operator, "Recorded: machine on a mark, 0.004 m off, at")
