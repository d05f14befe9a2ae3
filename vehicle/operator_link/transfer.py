"""Mission, fence and rally lists: transactions that end in one MISSION_ACK and change nothing before it.

An upload is kept aside, checked as a whole, and put in place at once. If anything is wrong, the old list stays. A
partner that is silent is asked again, and after some attempts the transaction ends.
"""

import math
import zlib
from collections.abc import Callable

import msgspec

from firmware_bridge.mavlink import _dialect as d
from vehicle.contracts.units import NS_PER_S
from vehicle.operator_link.vehicle_view import Message

ITEMS_MAX = 5_000
ASK_AGAIN_NS = 400_000_000
"""QGroundControl gives an upload up when it was not asked for 1.5 s; so it is asked three times in between."""
GIVE_UP_NS = 8 * NS_PER_S
"""Stations retry five times 1.5 s; without an answer for longer than that their transfer is dead."""
MISSION, FENCE, RALLY, ALL = (
    d.MAV_MISSION_TYPE_MISSION,
    d.MAV_MISSION_TYPE_FENCE,
    d.MAV_MISSION_TYPE_RALLY,
    d.MAV_MISSION_TYPE_ALL,
)
TYPES = {MISSION: "mission", FENCE: "fence", RALLY: "rally points"}


class Item(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One entry of a list, as it travels; `x`, `y` are latitude and longitude [deg e7]."""

    command: int
    frame: int = d.MAV_FRAME_GLOBAL_RELATIVE_ALT_INT
    params: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    x: int = 0
    y: int = 0
    z: float = 0.0
    autocontinue: int = 1


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why a list is refused: MAV_MISSION_RESULT, the item, and words."""

    result: int
    index: int
    text: str


Check = Callable[[int, tuple[Item, ...]], "Refusal | tuple[Item, ...]"]
"""Called with the type and the whole list; gives the list that holds from now on, or why it stays as it was."""


class Lists:
    """The three lists in force, shared by all peers. An empty mission is read as `home` alone."""

    def __init__(self, check: Check, home: Item) -> None:
        self._check, self._home = check, home
        self._items: dict[int, tuple[Item, ...]] = dict.fromkeys(TYPES, ())
        self._ids = dict.fromkeys(TYPES, 0)
        self.taken = dict.fromkeys(TYPES, 0)
        self.uploading: dict[int, tuple[object, int]] = {}

    def held(self, kind: int) -> tuple[Item, ...]:
        """A list as it holds."""
        return self._items[kind]

    def items(self, kind: int) -> tuple[Item, ...]:
        """A list as stations read it: of a mission there is always HOME."""
        return self._items[kind] or ((self._home,) if kind == MISSION else ())

    def take(self, kind: int, items: tuple[Item, ...]) -> Refusal | None:
        """Swap in a whole list, or refuse it whole."""
        checked = self._check(kind, items)
        if isinstance(checked, Refusal):
            return checked
        self.put(kind, checked)
        self.taken[kind] += 1
        return None

    def put(self, kind: int, items: tuple[Item, ...]) -> None:
        """A list that the vehicle made itself."""
        self._items[kind] = items
        self._ids[kind] = zlib.crc32(msgspec.msgpack.encode(items)) or 1 if items else 0

    def list_id(self, kind: int) -> int:
        """Names the content; 0 for an empty list."""
        return self._ids[kind]


COARSE = "Positions came as floats: good to 1 m only"
SHOWN_NS = 10 * NS_PER_S
"""A station that reads a list gets it as it was when it asked how many items there are, for so long."""


class _Upload(msgspec.Struct):
    kind: int
    count: int
    items: list[Item]
    partner: tuple[int, int]
    asked_ns: int
    heard_ns: int
    exact: bool = True
    coarse: bool = False


class Transfers:
    """The transactions of one peer, one for each type of list. `locked`: why a type may not be changed now, or ""."""

    def __init__(self, lists: Lists, locked: Callable[[int], str]) -> None:
        self._lists, self._locked = lists, locked
        self._uploads: dict[int, _Upload] = {}
        self._shown: dict[tuple[int, tuple[int, int]], tuple[tuple[Item, ...], int]] = {}
        """Kind and partner -> the list as it was when its count was told, and when it was asked of last."""

    # --- up ----------------------------------------------------------------------------------------------------------
    def count(self, kind: int, count: int, partner: tuple[int, int], now_ns: int) -> list[Message]:
        """MISSION_COUNT: a station wants to send so many."""
        if kind not in TYPES:
            return [_ack(d.MAV_MISSION_UNSUPPORTED, kind, partner)]
        reason = self._locked(kind)
        if self._another_sends(kind, partner, now_ns):
            reason = f"another station is sending the {TYPES[kind]}"
        if reason:
            return [_ack(d.MAV_MISSION_DENIED, kind, partner), text(f"{TYPES[kind]} refused: {reason}")]
        if count > ITEMS_MAX:
            return [_ack(d.MAV_MISSION_NO_SPACE, kind, partner), text(f"at most {ITEMS_MAX} items, not {count}")]
        if count == 0:
            if kind in self._uploads:
                self._drop(kind)
            return self._finish(kind, (), partner)
        self._uploads[kind] = _Upload(kind, count, [], partner, now_ns, now_ns)
        self._lists.uploading[kind] = (self, now_ns)
        return [_ask(self._uploads[kind])]

    def _another_sends(self, kind: int, partner: tuple[int, int], now_ns: int) -> bool:
        """A station elsewhere, or another one behind the same address."""
        holder, then_ns = self._lists.uploading.get(kind, (self, -GIVE_UP_NS))
        if now_ns - then_ns >= GIVE_UP_NS:
            return False
        upload = self._uploads.get(kind)
        return holder is not self or (upload is not None and upload.partner[0] != partner[0])

    def item(
        self, kind: int, sequence: int, item: Item, partner: tuple[int, int], now_ns: int, *, exact: bool = True
    ) -> list[Message]:
        """MISSION_ITEM_INT (`exact`) or MISSION_ITEM; out of turn it is asked for again."""
        upload = self._uploads.get(kind)
        if upload is None or upload.partner != partner:
            return [_ack(d.MAV_MISSION_INVALID_SEQUENCE, kind, partner)] if kind in TYPES else []
        upload.heard_ns = now_ns
        self._lists.uploading[kind] = (self, now_ns)
        expected = len(upload.items)
        if sequence != expected:
            # a duplicate of what we have says nothing new: the question for the next one is under way
            if sequence < expected:
                return []
            upload.asked_ns = now_ns
            return [_ask(upload)]
        upload.items.append(item)
        upload.coarse = upload.coarse or not exact
        if len(upload.items) < upload.count:
            upload.asked_ns = now_ns
            return [_ask(upload)]
        self._drop(kind)
        reason = self._locked(kind)
        if reason:  # begun while it stood disarmed; nothing takes effect under a machine that is armed by now
            return [_ack(d.MAV_MISSION_DENIED, kind, partner), text(f"{TYPES[kind]} refused: {reason}")]
        coarse = [text(COARSE, d.MAV_SEVERITY_WARNING)] if upload.coarse else []
        return self._finish(kind, tuple(upload.items), partner) + coarse

    def poll(self, now_ns: int) -> list[Message]:
        """Ask again, give up."""
        messages: list[Message] = []
        for kind, upload in list(self._uploads.items()):
            if now_ns - upload.heard_ns > GIVE_UP_NS:
                self._drop(kind)
                messages.append(_ack(d.MAV_MISSION_OPERATION_CANCELLED, kind, upload.partner))
                messages.append(text(f"{TYPES[kind]}: upload broke off at item {len(upload.items)}, the old one holds"))
            elif now_ns - upload.asked_ns > ASK_AGAIN_NS:
                upload.asked_ns = now_ns
                upload.exact = not upload.exact  # some stations answer only the older question, and then all along
                messages.append(_ask(upload))
        return messages

    def clear(self, kind: int, partner: tuple[int, int]) -> list[Message]:
        """MISSION_CLEAR_ALL."""
        kinds = tuple(TYPES) if kind == ALL else (kind,)
        if any(one not in TYPES for one in kinds):
            return [_ack(d.MAV_MISSION_UNSUPPORTED, kind, partner)]
        reason = next(filter(None, map(self._locked, kinds)), "")
        if reason:
            return [_ack(d.MAV_MISSION_DENIED, kind, partner), text(f"not cleared: {reason}")]
        for one in kinds:
            upload = self._uploads.get(one)
            if upload is not None and upload.partner == partner:  # what it was sending before is meant no more
                self._drop(one)
            refusal = self._lists.take(one, ())
            if refusal is not None:
                return [_ack(refusal.result, kind, partner), text(f"{TYPES[one]} not cleared: {refusal.text}")]
        return [_ack(d.MAV_MISSION_ACCEPTED, kind, partner)]

    def cancelled(self, kind: int, partner: tuple[int, int]) -> None:
        """MISSION_ACK of a station that breaks its own upload off, or ends a download: nothing was staged for good."""
        self._shown.pop((kind, partner), None)
        upload = self._uploads.get(kind)
        if upload is not None and upload.partner == partner:
            self._drop(kind)

    def abandon(self, system_id: int | None = None) -> None:
        """The connection, or a station on it, is gone: what it was sending is forgotten, and nobody waits for it."""
        for kind, upload in list(self._uploads.items()):
            if system_id in (None, upload.partner[0]):
                self._drop(kind)

    def _drop(self, kind: int) -> None:
        del self._uploads[kind]
        holder, _ = self._lists.uploading.get(kind, (None, 0))
        if holder is self:  # after it fell silent another station may have begun
            del self._lists.uploading[kind]

    def _finish(self, kind: int, items: tuple[Item, ...], partner: tuple[int, int]) -> list[Message]:
        refusal = self._lists.take(kind, items)
        if refusal is None:
            return [_ack(d.MAV_MISSION_ACCEPTED, kind, partner, self._lists.list_id(kind))]
        return [_ack(refusal.result, kind, partner), text(f"{TYPES[kind]} item {refusal.index}: {refusal.text}")]

    # --- down --------------------------------------------------------------------------------------------------------
    def request_list(self, kind: int, partner: tuple[int, int], now_ns: int) -> list[Message]:
        """MISSION_REQUEST_LIST."""
        if kind not in TYPES:
            return [_ack(d.MAV_MISSION_UNSUPPORTED, kind, partner)]
        items = self._lists.items(kind)
        self._shown = {key: one for key, one in self._shown.items() if now_ns - one[1] < SHOWN_NS}
        self._shown[kind, partner] = items, now_ns
        named = {"count": len(items), "mission_type": kind, "opaque_id": self._lists.list_id(kind)}
        return [("MISSION_COUNT", {**named, **_to(partner)})]

    def request_item(
        self, kind: int, sequence: int, partner: tuple[int, int], now_ns: int, *, exact: bool
    ) -> list[Message]:
        """MISSION_REQUEST_INT (`exact`) or MISSION_REQUEST: of the list whose count was told."""
        items, asked_ns = self._shown.get((kind, partner), ((), -SHOWN_NS))
        if now_ns - asked_ns >= SHOWN_NS:
            items = self._lists.items(kind) if kind in TYPES else ()
        else:
            self._shown[kind, partner] = items, now_ns
        if not 0 <= sequence < len(items):
            return [_ack(d.MAV_MISSION_INVALID_SEQUENCE, kind, partner)]
        item = items[sequence]
        fields = {
            "seq": sequence,
            "frame": item.frame,
            "command": item.command,
            "current": int(sequence == 0),
            "autocontinue": item.autocontinue,
            "z": item.z,
            "mission_type": kind,
            **{f"param{number + 1}": value for number, value in enumerate(item.params)},
            **_to(partner),
        }
        if exact:
            return [("MISSION_ITEM_INT", {**fields, "x": item.x, "y": item.y})]
        return [("MISSION_ITEM", {**fields, "x": item.x / 1e7, "y": item.y / 1e7})]


def finite(item: Item) -> bool:
    """No infinities; NaN is MAVLink's "not given" in parameters, never in a place."""
    return math.isfinite(item.z) and not any(math.isinf(value) for value in item.params)


def text(words: str, severity: int = d.MAV_SEVERITY_ERROR) -> Message:
    """A line for the operator; long ones are cut into chunks when they are sent."""
    return "STATUSTEXT", {"severity": severity, "text": words}


def _to(partner: tuple[int, int]) -> dict[str, int]:
    return {"target_system": partner[0], "target_component": partner[1]}


def _ask(upload: _Upload) -> Message:
    fields = {"seq": len(upload.items), "mission_type": upload.kind, **_to(upload.partner)}
    return "MISSION_REQUEST_INT" if upload.exact else "MISSION_REQUEST", fields


def _ack(result: int, kind: int, partner: tuple[int, int], opaque_id: int = 0) -> Message:
    return "MISSION_ACK", {"type": result, "mission_type": kind, "opaque_id": opaque_id, **_to(partner)}
