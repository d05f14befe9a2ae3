"""Hashes the state by parts once a second, so that a replay finds the part in which two states differ.

The hash is a CRC-32 of each part's msgpack bytes: it detects differences but proves nothing against forgery. Stored
ledger tiles never change, so only tiles that are new since the last call are hashed, by a weighted sum (10 us a tile; a
CRC-32 takes 70 us).
"""

import zlib
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from vehicle.contracts.geometry import Ring
from vehicle.control.ground.raster import PLANES, TILE, Blocks, Key, Tile
from vehicle.control.state import LedgerState, VehicleState, WaitingPlan

MASKS: Final = ("active", "latched", "shown", "accepted")
"""Fields of the gate with a bit for each stop reason: more than 64 bits, too long for a msgpack integer."""
_UNMASKED: Final[dict[str, Any]] = dict.fromkeys(MASKS, 0)
LEDGER: Final = tuple(field.name for field in msgspec.structs.fields(LedgerState) if field.name != "tiles")
"""Fields of the ledger that are hashed as its part."""


class StateHash(msgspec.Struct, frozen=True, array_like=True):
    """A hash for each part of a `VehicleState`.

    The plan counts by its hash; `config` is left out: no tick changes it.
    """

    wire: int
    estimate: int
    mission: int
    flail: int
    gate: int
    ledger: int
    tiles: int
    checks: int
    rest: int


REST: Final = tuple(
    name for name in VehicleState.__struct_fields__ if name not in (*StateHash.__struct_fields__, "config", "waiting")
)
"""All fields without a part of their own, so that none is forgotten."""


class StateHasher:
    """Hashes states in sequence; it caches the last state's tiles for speed, which changes no hash."""

    def __init__(self) -> None:
        self._blocks: dict[Key, tuple[dict[Key, Tile | bytes], int]] = {}
        self._tiles: dict[Key, tuple[Tile | bytes, int]] = {}

    def of(self, state: VehicleState) -> StateHash:
        """Hash a state; takes 50 us, and 10 us for each tile that is new since the last call."""
        mission, gate, ledger = state.mission, state.gate, state.ledger
        plan = mission.plan.plan_hash if mission.plan is not None else ""
        masks = [hex(getattr(gate, name)) for name in MASKS]
        rest = [getattr(state, name) for name in REST]
        return StateHash(
            wire=_number(state.wire),
            estimate=_number(state.estimate),
            mission=_number((plan, msgspec.structs.replace(mission, plan=None))),
            flail=_number(state.flail),
            gate=_number((masks, msgspec.structs.replace(gate, **_UNMASKED))),
            ledger=_number([getattr(ledger, name) for name in LEDGER]),
            tiles=self._of_tiles(ledger.tiles),
            checks=_number(state.checks),
            rest=_number((*rest, _of_waiting(state.waiting))),
        )

    def _of_tiles(self, blocks: Blocks) -> int:
        before, self._blocks = self._blocks, {}
        for key, block in blocks.items():
            known = before.get(key)
            if known is None or known[0] is not block:
                known = block, _number(sorted((place, self._of_tile(place, tile)) for place, tile in block.items()))
            self._blocks[key] = known
        return _number(sorted((key, number) for key, (_, number) in self._blocks.items()))

    def _of_tile(self, place: Key, tile: Tile | bytes) -> int:
        known = self._tiles.get(place)
        if known is None or known[0] is not tile:
            known = self._tiles[place] = tile, zlib.crc32(tile) if isinstance(tile, bytes) else _weighted(tile)
        return known[1]


def _weights(count: int) -> npt.NDArray[np.uint64]:
    """Return (count,) pseudo-random odd numbers (SplitMix64 finaliser): weighted sums do not cancel by chance."""
    mixed = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ mixed >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ mixed >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ mixed >> np.uint64(31) | np.uint64(1))


_WEIGHTS: Final = _weights(PLANES * TILE * TILE // 8)


def _weighted(tile: Tile) -> int:
    """Return the weighted sum of a tile's (PLANES, TILE, TILE) bytes, read as 64-bit words, modulo 2**64."""
    return int(np.dot(np.ascontiguousarray(tile).view("<u8").ravel(), _WEIGHTS))


def _hook(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    raise NotImplementedError(type(value))


_encode: Final = msgspec.msgpack.Encoder(enc_hook=_hook, order="deterministic").encode


def _number(part: Any) -> int:
    return zlib.crc32(_encode(part))


def _of_waiting(waiting: WaitingPlan | None) -> tuple[str, tuple[Ring, ...], bool] | None:
    if waiting is None:
        return None
    return waiting.plan.plan_hash if waiting.plan is not None else "", waiting.boundary_m, waiting.binds
