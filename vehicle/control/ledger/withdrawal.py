"""What later knowledge does to the masks: credit confirmed, withdrawn, or found shallower. Nothing else takes any away.

A withdrawal is a record of the journal and acts on whole cells by the stroke on which their claim rests, so that the
tick and the journal come to the same map. In the tick it goes through the map a few tiles at a time; a tile that the
tool works in meanwhile is reached first.
"""

import math
from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from vehicle.contracts.detonation import crater_m, is_large
from vehicle.contracts.ledger_types import Confirm, Knowledge, Observed, Order, Pending, Revoke
from vehicle.contracts.units import NS_PER_S
from vehicle.control.ground import raster
from vehicle.control.state import LedgerState

TILES_A_TICK: Final = 4
"""Of a withdrawal under way: 0.3 ms each. A hectare is through after a second."""


def ordered(
    state: LedgerState, orders: tuple[Order | Observed, ...], required_depth_m: float, now_ns: int
) -> LedgerState:
    """The masks with what other rooms came to know in this tick; the run under way is closed by the caller."""
    acts: list[Revoke | Confirm | Observed] = []
    for order in orders:
        if isinstance(order, Observed):
            acts.append(order)
            state = noted(state, order)
            continue
        if not order.recorded:
            continue
        number = newest(state)
        if order.good:
            upto = number if order.at_number is None else min(number, order.at_number)
            confirm = Confirm(kind=order.kind.value, by=order.by, until_number=upto, t_ns=now_ns, closing=order.closing)
            state = confirmed(state, confirm)
            if order.kind in CHECKED:
                acts.append(confirm)
            continue
        revoke = Revoke(
            reason=order.reason,
            by=order.by,
            since_number=_last_good(state, order) + 1,
            until_number=number,
            flags=order.flags,
            across_m=order.across_m,
            bias_m=order.bias_m,
            required_depth_m=required_depth_m,
            t_ns=now_ns,
        )
        if revoke.since_number <= revoke.until_number:
            state = begun(state, revoke)
            acts.append(revoke)
    return replace(state, acts=tuple(acts), act_count=state.act_count + len(acts)) if acts else state


def noted(state: LedgerState, observed: Observed) -> LedgerState:
    """The masks with what was observed; only a large detonation changes them: a crater, and a count that is due."""
    if not is_large(observed):
        return state
    new, last = crater_m(observed), newest(state)
    craters_m = state.craters_m if new is None or new in state.craters_m else (*state.craters_m, new)
    counted = state.good.get(Knowledge.HAMMERS.value, 0)
    shaken = (counted + 1, last) if last > counted else state.shaken
    return replace(state, craters_m=craters_m, shaken=shaken)


def _last_good(state: LedgerState, order: Order) -> int:
    """Number of the stroke up to which nothing is withdrawn: none at a time from before all that is remembered."""
    since_ns = order.since_t_ns
    if since_ns is None and order.at_number is not None:
        return max((number for number in state.depth_good if number < order.at_number), default=0)
    if since_ns is None:
        return state.good.get(order.kind.value, 0)
    return max((number for t_ns, number in state.marks if t_ns <= since_ns), default=0)


MARKS_MAX: Final = 256
READINGS_MAX: Final = 256
"""Depth readings that are remembered; the oldest are forgotten first, which can only withdraw more."""
MARK_NS: Final = NS_PER_S // 2


def remembered(marks: tuple[tuple[int, int], ...], t_ns: int, number: int) -> tuple[tuple[int, int], ...]:
    """When each stroke was made: twice a second, and the longer ago the sparser."""
    if marks and t_ns - marks[-1][0] < MARK_NS:
        return marks
    if len(marks) >= MARKS_MAX:
        marks = (*marks[: MARKS_MAX // 2 : 2], *marks[MARKS_MAX // 2 :])
    return (*marks, (t_ns, number))


CHECKED: Final = (Knowledge.BASE, Knowledge.CALIBRATION, Knowledge.DEPTH, Knowledge.HAMMERS)
"""Known by an act of people, which the journal keeps; the position is known anew fifty times a second."""


def newest(state: LedgerState) -> int:
    """Number of the newest stroke."""
    return 0 if state.stroke is None else state.stroke.number


def confirmed(state: LedgerState, confirm: Confirm) -> LedgerState:
    """A check of the base that closes makes firm what it looked back on; one that only opens leaves that provisional.

    The other kinds only remember the moment; no reading on old ground takes back one on newer ground. A check that only
    opens is no last good one: what fails later withdraws what was worked before it too.
    """
    upto = max(confirm.until_number, state.good.get(confirm.kind, 0))
    if confirm.closing:
        state = replace(state, good=state.good | {confirm.kind: upto})
    if (
        confirm.closing
        and confirm.kind == Knowledge.HAMMERS.value
        and state.shaken is not None
        and upto >= state.shaken[1]
    ):
        state = replace(state, shaken=None)
    if confirm.kind == Knowledge.DEPTH.value:
        numbers = sorted({*state.depth_good, confirm.until_number})
        state = replace(state, depth_good=tuple(numbers[-READINGS_MAX:]))
    if confirm.kind != Knowledge.BASE.value or confirm.until_number <= state.firm:
        return state
    newer = _newer_cells(state, confirm.until_number)
    if confirm.closing:
        return replace(state, firm=confirm.until_number, provisional_cells=state.unclosed_cells + newer)
    left_open = (*state.unclosed, (state.firm + 1, confirm.until_number))
    unclosed = state.provisional_cells - newer
    return replace(state, firm=confirm.until_number, unclosed=left_open, unclosed_cells=unclosed)


def _newer_cells(state: LedgerState, number: int) -> int:
    """Credited cells of strokes above a number: the journal has a tick's stroke before the check that fell in it."""
    if newest(state) <= number:
        return 0
    return sum(
        int(np.count_nonzero((raster.numbers(tile) > number) & ((tile[raster.FLAGS] & raster.CREDITED) != 0)))
        for _, _, tile in raster.each(state.tiles)
    )


def begun(state: LedgerState, revoke: Revoke) -> LedgerState:
    """The same with a withdrawal that has reached no tile yet."""
    keys = frozenset(key for block in state.tiles.values() for key in block)
    return replace(state, pending=(*state.pending, Pending(revoke=revoke, keys=keys)))


def advanced(state: LedgerState, cell_m: float, most: int = TILES_A_TICK) -> LedgerState:
    """A few tiles further; in a fixed order, so that the same run leaves the same versions."""
    while state.pending and most > 0:
        keys = sorted(state.pending[0].keys)[:most]
        if not keys:
            state = replace(state, pending=state.pending[1:])
            continue
        most -= len(keys)
        for key in keys:
            state = reached(state, key, cell_m)
    return state


def done(state: LedgerState, cell_m: float) -> LedgerState:
    """All that is under way, at once: for whoever has no tick to keep."""
    return advanced(state, cell_m, 1 << 30)


def reached(state: LedgerState, key: raster.Key, cell_m: float) -> LedgerState:
    """One tile with all withdrawals that had not reached it, in their order."""
    due = [pending.revoke for pending in state.pending if key in pending.keys]
    if not due:
        return state
    state = replace(
        state,
        pending=tuple(
            left for left in (replace(pending, keys=pending.keys - {key}) for pending in state.pending) if left.keys
        ),
    )
    before = raster.find(state.tiles, key)
    tile = before.copy()
    provisional = unclosed = 0
    for revoke in due:
        numbers = _apply(tile, revoke)
        unclosed += sum(int(np.count_nonzero((numbers >= first) & (numbers <= last))) for first, last in state.unclosed)
        provisional += int(np.count_nonzero(numbers > state.firm))
    if np.array_equal(tile, before):
        return state
    swept = _lost(before, tile, raster.SWEPT)
    credited = _lost(before, tile, raster.CREDITED)
    return replace(
        state,
        tiles=raster.replaced(state.tiles, key, tile, warm=key in state.warm),
        swept_cells=state.swept_cells - swept,
        credited_cells=state.credited_cells - credited,
        provisional_cells=state.provisional_cells - provisional - unclosed,
        unclosed_cells=state.unclosed_cells - unclosed,
        withdrawn_cells=state.withdrawn_cells + credited,
        swept_m2=(state.swept_cells - swept) * cell_m * cell_m,
        credited_m2=(state.credited_cells - credited) * cell_m * cell_m,
    )


def _lost(before: raster.Tile, after: raster.Tile, flag: int) -> int:
    return int(np.count_nonzero(before[raster.FLAGS] & ~after[raster.FLAGS] & flag))


def _apply(tile: raster.Tile, revoke: Revoke) -> npt.NDArray[np.uint32]:
    """Change a tile in place; the numbers of the strokes on which the lost credit rested, one for each cell."""
    numbers = raster.numbers(tile)
    chosen = (numbers >= revoke.since_number) & (numbers <= revoke.until_number)
    if revoke.across_m is not None:
        low, high = math.floor(raster.step_of(revoke.across_m[0])), math.ceil(raster.step_of(revoke.across_m[1]))
        chosen &= (tile[raster.ACROSS] >= low) & (tile[raster.ACROSS] <= high)
    flags = tile[raster.FLAGS]
    credited = chosen & ((flags & raster.CREDITED) != 0)
    if revoke.bias_m > 0.0:
        chosen &= (flags & raster.CLAIMS) != 0
        # Both rounded so that the record never says more than is known.
        bias_cm, required_cm = (
            math.ceil(revoke.bias_m * 100.0 - 1e-9),
            math.ceil(revoke.required_depth_m * 100.0 - 1e-9),
        )
        depth_cm = np.maximum(tile[raster.DEPTH].astype(np.int16) - bias_cm, 0)
        np.copyto(tile[raster.DEPTH], depth_cm.astype(np.uint8), where=chosen)
        short = credited & (depth_cm < required_cm)
        flags[short] = flags[short] & ~np.uint8(raster.CREDITED) | np.uint8(raster.BELOW | raster.SHALLOW)
        return np.asarray(numbers[short])
    claimed = chosen & ((flags & revoke.flags) != 0)
    tile[raster.MARKS][claimed & ((flags & raster.CLAIMS) != 0)] |= np.uint8(raster.WITHDRAWN >> 8)
    flags[claimed] &= ~np.uint8(revoke.flags)
    tile[raster.DEPTH][claimed] = 0
    # What is left of the claim is that the tool passed; it rests on the same stroke.
    bare = claimed & ((flags & (raster.SWEPT | raster.CLAIMS)) == 0)
    lost = numbers[credited & claimed]
    tile[raster.NUMBER : raster.NUMBER + 4, bare] = 0
    return np.asarray(lost)
