"""Names on the map hide neither each other nor a mark."""

from itertools import combinations

from hypothesis import example, given
from hypothesis import strategies as st

from vehicle.reports.picture_labels import MARK_PT, place_labels, text_size

PAGE = (0.0, 0.0, 700.0, 500.0)
places = st.tuples(st.floats(20.0, 680.0), st.floats(20.0, 480.0))


def overlap(a, b):
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def box(middle, half):
    return middle[0] - half[0], middle[1] - half[1], middle[0] + half[0], middle[1] + half[1]


def test_a_small_area_stays_in_sight() -> None:
    area = (330.0, 230.0, 370.0, 270.0)
    (middle,) = place_labels([(350.0, 250.0)], ["N1"], PAGE, [area])
    assert not overlap(box(middle, text_size("N1")), area)
    (over,) = place_labels([(350.0, 250.0)], ["N1"], PAGE)
    assert overlap(box(over, text_size("N1")), area)


@given(st.lists(places, max_size=12), st.integers(1, 3))
@example([(100.0, 100.0)] * 9, 2)
def test_labels_hide_nothing(points, letters):
    texts = ["E" * letters + str(n) for n in range(len(points))]
    middles = place_labels(points, texts, PAGE)
    boxes = [box(middle, text_size(text)) for middle, text in zip(middles, texts, strict=True)]
    assert not any(overlap(a, b) for a, b in combinations(boxes, 2))
    marks = [box(point, (MARK_PT, MARK_PT)) for point in points]
    assert not any(overlap(label, mark) for label in boxes for mark in marks)
    assert all(west >= 0.0 and south >= 0.0 and east <= 700.0 and north <= 500.0 for west, south, east, north in boxes)
