"""What QGroundControl sends and how long it waits when it reads, writes and clears plans, for exchanges without time.

After its PlanManager, PlanMasterController and InitialConnectStateMachine: an answer within 1.5 s, an item within
0.25 s; MISSION_COUNT, MISSION_REQUEST_LIST, MISSION_REQUEST_INT and MISSION_CLEAR_ALL are repeated five times, and
nothing else is: once items are on their way a vehicle that does not ask, or does not acknowledge, has failed.
MISSION_ACK with INVALID_SEQUENCE is ignored. The mission goes up with HOME, an empty one as a count of 0; then the
fence, then rally points, each when the one before it ended, well or badly.
"""

from collections.abc import Callable
from typing import Any

from tests.operator_link.exchange import Exchange, Heard

ACK_S, ITEM_S, RETRIES = 1.5, 0.25, 5
STEP_S = 0.02
ACCEPTED, INVALID_SEQUENCE = 0, 13
TO = {"target_system": 1, "target_component": 1}
Row = dict[str, Any]
Lost = Callable[[], bool]


class QGroundControl:
    """One station. `errors` is what it would show, `late` the questions that were not answered in time.

    Args:
        lost: asked for each frame, whether the link loses it.
    """

    def __init__(self, link: Exchange, lost: Lost = lambda: False) -> None:
        self.link, self._lost = link, lost
        self.errors: list[str] = []
        self.texts: list[str] = []
        self.late = 0

    def _say(self, name: str, **fields: Any) -> None:
        if not self._lost():
            self.link.say(name, **TO, **fields)

    def _hear(self) -> Heard:
        heard = [one for one in self.link.hear(STEP_S) if not self._lost()]
        self.texts += [fields["text"] for name, fields in heard if name == "STATUSTEXT"]
        return heard

    def connect(self) -> dict[int, list[Row]]:
        """What it does about plans when a vehicle appears: read all three lists."""
        self.link.say("HEARTBEAT", type=6)
        return {kind: self.read(kind) for kind in (0, 1, 2)}

    def upload_all(self, mission: list[Row], fence: list[Row], rally: list[Row]) -> list[bool]:
        """The button Upload."""
        return [self.write(kind, rows) for kind, rows in ((0, mission), (1, fence), (2, rally))]

    def write(self, kind: int, rows: list[Row]) -> bool:
        """Send a list; whether it was taken."""
        unsent, tries, waited_s = set(range(len(rows))), 0, 0.0
        self._say("MISSION_COUNT", count=len(rows), mission_type=kind)
        while True:
            for name, fields in self._hear():
                if fields.get("mission_type") != kind:
                    continue
                if name == "MISSION_REQUEST_INT":
                    if fields["seq"] >= len(rows):
                        return self._failed(f"asked for item {fields['seq']} of {len(rows)}")
                    unsent.discard(fields["seq"])
                    self._say("MISSION_ITEM_INT", seq=fields["seq"], mission_type=kind, **rows[fields["seq"]])
                    waited_s = 0.0
                elif name == "MISSION_ACK" and fields["type"] != INVALID_SEQUENCE:
                    if fields["type"] == ACCEPTED and not unsent:
                        return True
                    return self._failed(f"refused: {fields['type']}")
            waited_s += STEP_S
            if waited_s < ACK_S:
                continue
            self.late += 1
            if not unsent and rows:
                return self._failed("no final ack")
            if len(unsent) < len(rows):
                return self._failed("not asked for all items")
            if tries > RETRIES:
                return self._failed("count was never answered")
            tries, waited_s = tries + 1, 0.0
            self._say("MISSION_COUNT", count=len(rows), mission_type=kind)

    def read(self, kind: int) -> list[Row]:
        """Ask for a list."""
        counts = self._asked("MISSION_COUNT", ACK_S, kind, lambda: self._say("MISSION_REQUEST_LIST", mission_type=kind))
        rows: list[Row] = []
        for number in range(counts["count"] if counts is not None else 0):
            found = self._asked(
                "MISSION_ITEM_INT",
                ITEM_S,
                kind,
                lambda number=number: self._say("MISSION_REQUEST_INT", seq=number, mission_type=kind),  # type: ignore[misc]
                seq=number,
            )
            if found is None:
                return rows
            rows.append({key: found[key] for key in ("command", "frame", "x", "y", "param1")})
        self._say("MISSION_ACK", type=ACCEPTED, mission_type=kind)
        return rows

    def clear(self, kind: int) -> bool:
        """Remove all of one kind."""
        ack = self._asked("MISSION_ACK", ACK_S, kind, lambda: self._say("MISSION_CLEAR_ALL", mission_type=kind))
        return ack is not None and ack["type"] == ACCEPTED

    def _asked(
        self, wanted: str, within_s: float, kind: int, ask: Callable[[], None], **matching: int
    ) -> dict[str, Any] | None:
        for _ in range(RETRIES + 2):
            ask()
            for _ in range(round(within_s / STEP_S)):
                for name, fields in self._hear():
                    same = all(fields.get(key) == value for key, value in matching.items())
                    if name == wanted and fields["mission_type"] == kind and same:
                        return fields
            self.late += 1
        self._failed(f"{wanted} never came")
        return None

    def _failed(self, words: str) -> bool:
        self.errors.append(words)
        return False
