"""An outline that is driven: what the page records of it is where the simulated machine was."""

import math

import pytest

from tests.console.browser.operator import Operator

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.needs("chromium", "chromedriver")]
DRIVEN_M = 0.8
STEP_M = 0.25
ENDS = """
// first and last corner in metres of the vehicle's datum, as the map draws them; null while nothing is recorded now
const told = flail.store.get('perimeter'), {record} = flail.perimeter;
if (told.waits === 'away') flail.perimeter.bridge();  // a slow computer's page saw nothing for a metre
if (told.waits !== null || record.corners.length < 2) return null;
const [lat, lon] = flail.store.get('site').datum;
return import('/static/js/plan/drawing.js').then(({toDegrees, toMetres}) =>
  [record.corners[0], record.corners.at(-1)].map((at) =>
    toMetres(toDegrees(at, record.origin), {lat_deg: lat, lon_deg: lon})));
"""


PLACE = "const p = flail.store.get('pose'); return p && Number.isFinite(p.e) ? [p.e, p.n] : null"


@pytest.mark.release
def test_an_outline_is_recorded_where_the_machine_drove(operator: Operator) -> None:
    """With the fix, the uncertainty and the places that the real link tells; hands on the keys, the picture shown."""
    operator.take()
    operator.page.until("return flail.store.get('site')?.datum !== undefined && flail.store.get('gnss') !== null")
    start, begun = operator.vehicle.look(), operator.page.until(PLACE)
    operator.page.js("flail.perimeter.begin(0)")
    operator.page.until("return flail.store.get('perimeter').waits === null")
    operator.drive_by_keys(lambda: operator.moved_since(start) > DRIVEN_M)
    operator.hands_off()
    operator.until_still()
    ends = operator.page.until(ENDS)
    ended = operator.page.until(PLACE)
    assert math.dist(ends[0], begun) < 0.1
    assert math.dist(ends[1], ended) < STEP_M + 0.1
    assert math.dist(*ends) == pytest.approx(operator.moved_since(start), abs=STEP_M + 0.1)
    operator.page.js("flail.perimeter.end()")
