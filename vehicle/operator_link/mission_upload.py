"""Where missions, fences and rally points arrive: parts of one site, in whatever order they come.

Each part is checked against the parts that are held. An accepted part goes to the composition root, which has it
planned; only then is the list accepted. What a station reads back is what is in force.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from firmware_bridge.mavlink import _dialect as d
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.messages import VehicleReport
from vehicle.contracts.plan import Plan
from vehicle.operator_link.fences import Fence, emptied_by, fence
from vehicle.operator_link.items import (
    INVALID,
    RefusedError,
    as_singles,
    check_finite,
    check_rally,
    home_of,
    items_of_plan,
    same_path,
    survey,
)
from vehicle.operator_link.proposal import Proposal, ground_of
from vehicle.operator_link.reached import Progress, of_plan, of_survey
from vehicle.operator_link.transfer import FENCE, MISSION, RALLY, Item, Lists, Refusal
from vehicle.operator_link.vehicle_view import Lists as Shown

Propose = Callable[[Proposal], str]
"""Takes a site over, plan and fence; gives "" or why not. Must return at once: planning runs elsewhere."""
NO_MISSION = "no mission; upload one"
ERROR = d.MAV_MISSION_ERROR


class MissionUpload:
    """The lists of the stations, and what they mean.

    Args:
        plan: The plan that the vehicle drives from its start; stations download it as their mission.
        ground: The ground of the vehicle's own site, shapely, ENU metres; if not given, that of `plan`.
    """

    def __init__(
        self, datum: LocalFrame, propose: Propose = lambda _: "", plan: Plan | None = None, ground: Any = None
    ) -> None:
        self._datum, self._propose = datum, propose
        self._own_plan: Plan | None = None
        self._own_items: tuple[Item, ...] = ()
        self._ground = ground
        self._site = Proposal(datum=datum, own=plan is not None or ground is not None)
        self.lists = Lists(self._take, home_of(datum))
        self.progress = Progress()
        self.no_start = NO_MISSION
        if plan is not None:
            self.set_plan(plan)

    def serve(self, propose: Propose) -> None:
        """From now on sites are handed over to this one."""
        self._propose = propose

    @property
    def site(self) -> Proposal:
        """What is held now."""
        return msgspec.structs.replace(self._site, plan=self._own_plan)

    def shown(self, report: VehicleReport | None) -> Shown:
        """The lists as stations are told of them."""
        lists, progress = self.lists, self.progress
        total = max(0, len(lists.held(MISSION)) - 1)
        known = report if progress.total else None
        return Shown(
            mission_id=lists.list_id(MISSION),
            fence_id=lists.list_id(FENCE),
            rally_points_id=lists.list_id(RALLY),
            total=total,
            current=min(total, progress.current(known) if known is not None else 1),
            reached=min(total, progress.reached(known) if known is not None else 0),
            no_start=self.no_start,
        )

    def set_plan(self, plan: Plan) -> None:
        """The vehicle holds this plan of the site in hand."""
        self.no_start = ""
        if self._site.survey is not None:
            self.progress = of_survey(plan, self.lists.items(MISSION), self._datum)
            return
        self._own_plan, self._own_items = plan, items_of_plan(plan)
        self.lists.put(MISSION, self._own_items)
        self.progress = of_plan(plan)

    def set_none(self, words: str) -> None:
        """The vehicle holds no plan; `words` tell a station that wants to start why."""
        self.no_start, self.progress = words, Progress()

    def _take(self, kind: int, items: tuple[Item, ...]) -> Refusal | tuple[Item, ...]:
        try:
            check_finite(items)
            if kind == MISSION:
                return self._mission(items)
            if kind == FENCE:
                return self._fence(items)
            check_rally(items, self._datum)
        except RefusedError as error:
            return error.refusal
        return items

    def _mission(self, items: tuple[Item, ...]) -> Refusal | tuple[Item, ...]:
        site = Proposal(datum=self._datum, zones=self._site.zones)
        if len(items) <= 1:  # HOME belongs to whoever sends; alone it is no mission
            return self._settled(MISSION, site, (), 0)
        if same_path(items, self._own_items) or same_path(items, as_singles(self._own_items)):
            own = msgspec.structs.replace(site, own=True)
            self._judge(self._own_ground(), site.zones, 0, "outside the fence; clear it first")
            return self._settled(MISSION, own, self._own_items, 0)
        asked = survey(items, self._datum)
        self._judge(asked.ground, site.zones, asked.index, "outside the fence; clear it first")
        return self._settled(MISSION, msgspec.structs.replace(site, survey=asked), items, asked.index)

    def _fence(self, items: tuple[Item, ...]) -> Refusal | tuple[Item, ...]:
        zones = fence(items, self._datum)
        asked = self._site.survey
        ground = asked.ground if asked is not None else self._own_ground() if self._site.own else None
        if ground is not None:
            self._judge(ground, zones, None, "leaves nothing of the mission")
        index = zones[0].index if zones else 0
        return self._settled(FENCE, msgspec.structs.replace(self._site, zones=zones), items, index)

    def _judge(self, ground: Any, zones: Fence, index: int | None, words: str) -> None:
        """Raises RefusedError where a fence leaves nothing of a ground; without an `index`, with that of the zone."""
        emptied = emptied_by(zones, ground)
        if emptied is not None:
            raise RefusedError(INVALID, emptied if index is None else index, words)

    def _own_ground(self) -> Any:
        if self._ground is None and self._own_plan is not None:
            self._ground = ground_of(self._own_plan)
        return self._ground

    def _settled(self, kind: int, site: Proposal, items: tuple[Item, ...], index: int) -> Refusal | tuple[Item, ...]:
        """Hand the site over whole; the same list again changes nothing, unless no plan came of it."""
        if items == self.lists.held(kind) and not self.no_start:
            return items
        words = self._propose(msgspec.structs.replace(site, plan=self._own_plan))
        if words:
            return Refusal(result=ERROR, index=index, text=words)
        self._site = site
        return items
