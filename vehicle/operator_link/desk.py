"""Where missions and fences arrive: checked here, taken over by the composition root, which has them planned."""

from collections.abc import Callable

from vehicle.frames import LocalFrame
from vehicle.operator_link.items import Proposal, RefusedError, check, items_of_plan, same_path
from vehicle.operator_link.transfer import FENCE, MISSION, Item, Lists, Refusal
from vehicle.plan import Plan

Propose = Callable[[Proposal], str]
"""Takes a site to be planned; gives "" or why not. Must return at once: planning runs elsewhere."""


class Desk:
    """The lists, and what they mean. `plan` is what the vehicle drives; stations download it as their mission."""

    def __init__(self, datum: LocalFrame, propose: Propose = lambda _: "", plan: Plan | None = None) -> None:
        self._datum, self._propose = datum, propose
        self._planned: tuple[Item, ...] = ()
        self.lists = Lists(self._take)
        if plan is not None:
            self.set_plan(plan)

    def set_plan(self, plan: Plan) -> None:
        """The vehicle has a new plan."""
        self._planned = items_of_plan(plan)
        self.lists.put(MISSION, self._planned)

    def _take(self, kind: int, items: tuple[Item, ...]) -> Refusal | tuple[Item, ...]:
        if kind == MISSION and self._planned and same_path(items, self._planned):
            return self._planned
        try:
            proposal = check(kind, items, self._datum)
        except RefusedError as error:
            return error.refusal
        if proposal is None or kind not in (MISSION, FENCE):
            return items
        words = self._propose(proposal)
        return Refusal(result=1, index=0, text=words) if words else items
