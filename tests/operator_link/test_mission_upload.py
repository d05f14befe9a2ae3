"""Any order of uploads, good and bad, from any number of hands: what is held is what was accepted, and it fits."""

from typing import Any

import shapely
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.builders import DATUM
from tests.operator_link.small_plan import small_plan
from tests.operator_link.test_one_site import items
from tests.operator_link.test_transfer import FENCE, MISSION, RALLY, Row, at, tool
from vehicle.operator_link.mission_upload import MissionUpload
from vehicle.operator_link.proposal import Proposal
from vehicle.operator_link.transfer import Item
from vehicle.polygons.boundary import NOTHING_M2, area_of

PLACES = st.integers(-60, 60)
SIZES = st.integers(2, 60)


def box(north: int, east: int, size: int, command: int) -> list[Row]:
    corners = [(0, 0), (0, size), (size, size), (size, 0)]
    return [at(north + dn, east + de, command, 4.0) for dn, de in corners]


@st.composite
def fences(draw: st.DrawFn) -> list[Row]:
    rows: list[Row] = []
    for _ in range(draw(st.integers(0, 3))):
        command = draw(st.sampled_from((5001, 5002, 5003, 5004)))
        north, east, size = draw(PLACES), draw(PLACES), draw(SIZES)
        rows += box(north, east, size, command) if command < 5003 else [at(north, east, command, float(size))]
    return rows


@st.composite
def surveys(draw: st.DrawFn) -> list[Row]:
    north, east, length = draw(PLACES), draw(PLACES), draw(st.integers(5, 60))
    rows = [at(0, 0)]
    for swath in range(draw(st.integers(1, 4))):
        rows += [at(north + 3 * swath, east), tool(True), at(north + 3 * swath, east + length), tool(False)]
    return rows


class OneSite(RuleBasedStateMachine):
    """The desk, and a root that takes whatever it is offered."""

    @initialize(own=st.booleans())
    def begin(self, own: bool) -> None:
        self.taken: Proposal | None = None
        self.refuse = False
        self.desk = MissionUpload(DATUM, self._propose, small_plan() if own else None)
        self.held: dict[int, tuple[Item, ...]] = {kind: self.desk.lists.held(kind) for kind in (MISSION, FENCE, RALLY)}

    def _propose(self, site: Proposal) -> str:
        if self.refuse:
            return "no"
        self.taken = site
        return ""

    def _send(self, kind: int, sent: tuple[Item, ...]) -> None:
        before, taken = dict(self.held), self.taken
        refused = self.desk.lists.take(kind, sent)
        if refused is None:
            self.held[kind] = () if kind == MISSION and len(sent) <= 1 else sent
        else:
            assert 0 <= refused.index < max(1, len(sent))
            assert self.taken is taken
        assert {one: self.desk.lists.held(one) for one in before} == self.held

    @rule(rows=surveys(), refuse=st.booleans())
    def survey(self, rows: list[Row], refuse: bool) -> None:
        self.refuse = refuse
        self._send(MISSION, items(rows))

    @rule(rows=fences(), refuse=st.booleans())
    def fence(self, rows: list[Row], refuse: bool) -> None:
        self.refuse = refuse
        self._send(FENCE, items(rows))

    @rule(kind=st.sampled_from((MISSION, FENCE, RALLY)))
    def clear(self, kind: int) -> None:
        self.refuse = False
        self._send(kind, ())
        assert self.held[kind] == ()  # whatever is held, a list can be taken away

    @rule(rows=st.lists(st.tuples(PLACES, PLACES), max_size=3))
    def rally(self, rows: list[tuple[int, int]]) -> None:
        self._send(RALLY, items([at(north, east, 5100) for north, east in rows]))

    @invariant()
    def what_is_to_be_worked_lies_inside(self) -> None:
        site: Any = getattr(self, "taken", None)
        if site is None or site.survey is None:
            return
        found = site.fenced(site.survey.ground)
        work = shapely.difference(found.inside, found.barred)
        assert work.area >= NOTHING_M2 / 2.0
        parts = found.inside.area + found.outside.area
        assert abs(parts - site.survey.ground.area) < 0.02 + 1e-6 * parts
        if site.fence_m:
            assert shapely.difference(work, area_of(site.fence_m)).area < 0.02


OneSite.TestCase.settings = settings(max_examples=40, stateful_step_count=12, deadline=None)
TestOneSite = OneSite.TestCase
