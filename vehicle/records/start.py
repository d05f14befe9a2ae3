"""The initial state of a run, as attachments of its recording: with them another process can run the ticks again.

    configuration.json   the vehicle's configuration
    plan.json            the plan that is held, if one is
    state.msgpack.zst    everything else of the state: session, latches, checks, ledger, boundary; zstd
    controller.json      what the adapter towards the controller was made with
    shapes.json          which fields the parts of the state have: their hashes are compared where they have them still

The state is hashed. A program whose state has more fields gives them their defaults. A program that lacks a field, or
decodes it to another value, refuses to run the recording.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Final, TypeVar

import msgspec
import numpy as np
import zstandard

from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.errors import InputError
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.geometry import edges_of
from vehicle.contracts.ledger_types import JobMark
from vehicle.contracts.messages import GateReport, Neighbour
from vehicle.contracts.plan import Plan
from vehicle.control.checks_state import ChecksState
from vehicle.control.estimate_state import EstimateState
from vehicle.control.state import (
    FlailState,
    GateState,
    LedgerState,
    MissionState,
    VehicleState,
    WaitingPlan,
    WireState,
)
from vehicle.records.shapes import shapes
from vehicle.records.state_parts import MASKS

CONFIGURATION, PLAN, STATE, CONTROLLER = "configuration.json", "plan.json", "state.msgpack.zst", "controller.json"
SHAPES: Final = "shapes.json"
OLDER: Final = (
    "it does not hold the state from which it started: recordings before format 3 cannot be run again; name a newer one"
)
HASH_BYTES: Final = 16
_MISSING: Final = object()
Tile = tuple[tuple[int, int], tuple[int, int], tuple[int, ...], bytes]
"""Block, tile, shape (empty: packed), bytes."""


def _hook(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    raise NotImplementedError(type(value))


def _unhook(kind: Any, value: Any) -> Any:
    del kind  # of arrays alone
    dtype, shape, content = value
    return np.frombuffer(content, dtype).reshape(shape).copy()


KindT = TypeVar("KindT")
_PLAIN: Final = [field for field in msgspec.structs.fields(LedgerState) if field.name != "tiles"]
PlainLedger: Any = msgspec.defstruct(
    "PlainLedger",
    [(field.name, field.type) for field in _PLAIN],
    frozen=True,
    kw_only=True,
)
"""A `LedgerState` without its tiles."""


class KeptState(msgspec.Struct, frozen=True, kw_only=True):
    """A `VehicleState` without configuration and plan: ledger tiles as rows, masks of the gate in hex.

    `hash`: of it all.
    """

    datum: LocalFrame
    tick: int
    session_id: int
    wire: WireState
    estimate: EstimateState
    mission: MissionState
    flail: FlailState
    gate: GateState
    masks: tuple[str, ...]
    ledger: PlainLedger
    tiles: tuple[Tile, ...]
    checks: ChecksState
    tracks_supported: bool | None
    report: GateReport | None
    waiting: WaitingPlan | None
    job_left: JobMark | None = None
    neighbours: tuple[Neighbour, ...] = ()
    taken_over: tuple[str, ...] = ()
    hash: bytes = b""


_encoder: Final = msgspec.msgpack.Encoder(enc_hook=_hook, order="deterministic")
_decoder: Final = msgspec.msgpack.Decoder(KeptState, dec_hook=_unhook)


def plain_of(ledger: LedgerState) -> Any:
    """Return a ledger without its tiles."""
    return PlainLedger(**{field.name: getattr(ledger, field.name) for field in _PLAIN})


def tiles_of(ledger: LedgerState) -> tuple[Tile, ...]:
    """Return the ledger's tiles as rows."""
    rows = ((block, tile, content) for block, held in ledger.tiles.items() for tile, content in held.items())
    return tuple(_row(*row) for row in rows)


def ledger_of(plain: Any, rows: tuple[Tile, ...]) -> LedgerState:
    """Rebuild the ledger from its plain part and its tiles."""
    tiles: dict[tuple[int, int], dict[tuple[int, int], Any]] = {}
    for block, tile, shape, content in rows:
        whole = np.frombuffer(content, np.uint8).reshape(shape).copy() if shape else content
        tiles.setdefault(block, {})[tile] = whole
    return LedgerState(**{field.name: getattr(plain, field.name) for field in _PLAIN}, tiles=tiles)


def encoded(value: object) -> bytes:
    """Encode the parts of a state as msgpack."""
    return _encoder.encode(value)


def decoded(content: bytes, kind: type[KindT]) -> KindT:
    """Decode the parts of a state. Raises msgspec.MsgspecError."""
    return msgspec.msgpack.decode(content, type=kind, dec_hook=_unhook)


def _row(block: tuple[int, int], tile: tuple[int, int], content: Any) -> Tile:
    if isinstance(content, np.ndarray):
        return block, tile, content.shape, content.tobytes()
    return block, tile, (), content


def _kept(state: VehicleState) -> KeptState:
    mission = msgspec.structs.replace(state.mission, plan=None, unproven_m=np.zeros((0, 4)))
    return KeptState(
        datum=state.datum,
        tick=state.tick,
        session_id=state.session_id,
        wire=state.wire,
        estimate=state.estimate,
        mission=mission,
        flail=state.flail,
        gate=msgspec.structs.replace(state.gate, **dict.fromkeys(MASKS, 0)),
        masks=tuple(f"{getattr(state.gate, name):x}" for name in MASKS),
        ledger=plain_of(state.ledger),
        tiles=tiles_of(state.ledger),
        checks=state.checks,
        tracks_supported=state.tracks_supported,
        report=state.report,
        waiting=state.waiting,
        job_left=state.job_left,
        neighbours=state.neighbours,
        taken_over=state.taken_over,
    )


def state_hash(state: VehicleState) -> bytes:
    """Return 16 bytes that differ if two states of one configuration differ; the plan counts by its own hash."""
    return _hash(state.mission.plan, _kept(state))


def _hash(plan: Plan | None, kept: object) -> bytes:
    content = (plan.plan_hash if plan is not None else "").encode() + _encoder.encode(kept)
    return hashlib.blake2b(content, digest_size=HASH_BYTES).digest()


def attachments_of(state: VehicleState, controller: str) -> dict[str, bytes]:
    """Return the attachments for a recording's start; `controller`: the adapter's settings."""
    plan, whole = state.mission.plan, msgspec.structs.replace(_kept(state), hash=state_hash(state))
    found = {CONFIGURATION: state.config.model_dump_json().encode(), CONTROLLER: controller.encode()}
    found[SHAPES] = msgspec.json.encode(shapes())
    if plan is not None:
        found[PLAN] = msgspec.json.encode(plan)
    found[STATE] = zstandard.ZstdCompressor().compress(_encoder.encode(whole))
    return found


def state_of(attachments: Mapping[str, bytes]) -> VehicleState:
    """Decode the initial state of a run.

    Raises:
        InputError: The recording holds no state, the state is damaged, or this program's state has other fields.
    """
    if CONFIGURATION not in attachments or STATE not in attachments:
        raise InputError(OLDER)
    try:
        config = VehicleConfig.model_validate_json(attachments[CONFIGURATION])
        plan = msgspec.json.decode(attachments[PLAN], type=Plan) if PLAN in attachments else None
        packed = zstandard.ZstdDecompressor().decompress(attachments[STATE])
        kept: KeptState = _decoder.decode(packed)
        state = _restored(kept, config, plan)
    except (ValueError, zstandard.ZstdError) as error:
        raise InputError(f"its initial state cannot be read ({error}); copy the recording again") from None
    if state_hash(state) != kept.hash and (lost := _lost(packed, plan, state)):
        raise InputError(
            f"its initial state means another one to this program ({lost}); replay it with the program that recorded it"
        )
    return state


def _lost(packed: bytes, plan: Plan | None, state: VehicleState) -> str:
    """Return the first recorded field that is missing or differs after decoding; "" if there are only new fields."""
    said = msgspec.msgpack.decode(packed)
    recorded = said["hash"]
    said["hash"] = b""
    if _hash(plan, said) != recorded:
        return "its hash does not fit"
    return _missed("state", said, msgspec.msgpack.decode(_encoder.encode(_kept(state))))


def _missed(field: str, said: Any, again: Any) -> str:
    if isinstance(said, dict) and isinstance(again, dict):
        rows = ((f"{field}.{key}", value, again.get(key, _MISSING)) for key, value in said.items())
    elif isinstance(said, list) and isinstance(again, list) and len(said) == len(again):
        rows = ((f"{field}[{number}]", *pair) for number, pair in enumerate(zip(said, again, strict=True)))
    else:
        return "" if again is not _MISSING and _encoder.encode(said) == _encoder.encode(again) else field
    return next((found for row in rows if (found := _missed(*row))), "")


def _restored(kept: KeptState, config: VehicleConfig, plan: Plan | None) -> VehicleState:
    edges = edges_of(plan.unproven_m) if plan is not None else np.zeros((0, 4))
    masks = {name: int(digits, 16) for name, digits in zip(MASKS, kept.masks, strict=True)}
    return VehicleState(
        config=config,
        datum=kept.datum,
        tick=kept.tick,
        session_id=kept.session_id,
        wire=kept.wire,
        estimate=kept.estimate,
        mission=msgspec.structs.replace(kept.mission, plan=plan, unproven_m=edges),
        flail=kept.flail,
        gate=msgspec.structs.replace(kept.gate, **masks),
        ledger=ledger_of(kept.ledger, kept.tiles),
        checks=kept.checks,
        tracks_supported=kept.tracks_supported,
        report=kept.report,
        waiting=kept.waiting,
        job_left=kept.job_left,
        neighbours=kept.neighbours,
        taken_over=kept.taken_over,
    )
