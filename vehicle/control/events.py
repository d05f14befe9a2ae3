"""What is worth a line in the log: changes between two ticks, in words an operator understands."""

from vehicle.contracts import people
from vehicle.contracts.ledger_types import Confirm, Knowledge, Observed, Revoke
from vehicle.contracts.messages import (
    ACTIVE_MODES,
    EngineStart,
    Estimate,
    Event,
    FixType,
    GateReport,
    MissionPhase,
    Mode,
)
from vehicle.contracts.shift_state import due_text
from vehicle.control.state import GateState, LedgerState, VehicleState

FIX_TEXT = {
    FixType.NONE: "no receiver",
    FixType.NO_FIX: "no position",
    FixType.FIX_2D: "2-D fix",
    FixType.FIX_3D: "3-D fix",
    FixType.DGPS: "differential fix",
    FixType.RTK_FLOAT: "RTK float",
    FixType.RTK_FIXED: "RTK fixed",
}

ENGINE_START_TEXT = {
    EngineStart.ASKED: "asked for",
    EngineStart.HELD: "hold-to-run pressed",
    EngineStart.WARNING: "horn",
    EngineStart.CRANKING: "starter",
}

RESET_RULES = {
    "A": "itself",
    "N": "RESET",
    "P": "ACKNOWLEDGE and RESET",
    "H": "a hand at the machine and RESET",
}
FORGOTTEN_S = 100.0
"""The gate remembers half a second; what is older has no age."""


def changes(
    before: VehicleState, after: VehicleState, estimate: Estimate, gate: GateReport, start_refused: str = ""
) -> tuple[Event, ...]:
    """Events of this tick, oldest cause first; empty for nearly every tick. `start_refused`: why START did nothing."""
    quiet = (
        before.gate.mode is after.gate.mode
        and before.gate.start is after.gate.start
        and before.gate.start_barred == after.gate.start_barred
        and before.mission.phase is after.mission.phase
        and before.mission.blocked == after.mission.blocked
        and before.ledger.act_count == after.ledger.act_count
        and before.checks.margin.withheld == after.checks.margin.withheld
        and not start_refused
        and (before.report is None or before.report.reasons == gate.reasons)
        and (before.wire.gnss is None or after.wire.gnss is None or before.wire.gnss.fix is after.wire.gnss.fix)
    )
    if quiet:
        return ()
    found: list[tuple[str, str]] = []
    fix_before = before.wire.gnss.fix if before.wire.gnss is not None else FixType.NONE
    fix_after = after.wire.gnss.fix if after.wire.gnss is not None else FixType.NONE
    if fix_before is not fix_after:
        found.append(("gnss", f"GNSS: {FIX_TEXT[fix_after]}"))
    base_before, base_after = before.gate.monitor.base_known, after.gate.monitor.base_known
    if base_before not in (0, base_after):
        found.append(("gnss", f"corrections of base {base_after}, before of base {base_before}"))
    reasons_before = before.report.reasons if before.report is not None else ()
    found.extend(("reason", f"reason: {reason}") for reason in gate.reasons if reason not in reasons_before)
    if before.gate.mode is not after.gate.mode:
        found.append(("mode", f"{before.gate.mode.name} -> {after.gate.mode.name}"))
        if is_stop(before.gate.mode, after.gate.mode):
            found.append(("stop", stop_text(gate)))
        shift = after.checks.shift
        if after.gate.mode is Mode.MANUAL and shift.missing:
            found.append(
                ("shift", f"{due_text(shift.missing, clock_wrong=shift.clock_wrong)}; START is refused until told")
            )
    found.extend(("engine", text) for text in engine_start_texts(before.gate, after.gate))
    if before.mission.phase is not after.mission.phase and MissionPhase.PAUSED in (
        before.mission.phase,
        after.mission.phase,
    ):
        found.append(("mission", f"mission: {after.mission.phase.value}"))
    if after.mission.phase is MissionPhase.DONE and before.mission.phase is not MissionPhase.DONE:
        found.append(("mission", "mission: done"))
    if after.mission.blocked and after.mission.blocked != before.mission.blocked:
        found.append(("mission", f"mission waits: {after.mission.blocked}"))
    found.extend(("record", _act_text(act)) for act in _acts(before.ledger, after.ledger) if not _is_item(act))
    withheld = after.checks.margin.withheld
    if withheld != before.checks.margin.withheld:
        found.append(("record", f"nothing is credited, no mission starts: {withheld}" if withheld else "credit again"))
    if start_refused:
        found.append(("mission", f"START refused: {start_refused}"))
    east, north = (estimate.east_m, estimate.north_m) if estimate.valid else (None, None)
    return tuple(
        Event(t_ns=estimate.t_ns, tick=after.tick, kind=kind, text=text, east_m=east, north_m=north)
        for kind, text in found
    )


def _acts(before: LedgerState, after: LedgerState) -> tuple[Revoke | Confirm | Observed, ...]:
    new = after.act_count - before.act_count
    return after.acts[-new:] if new else ()


def _is_item(act: Revoke | Confirm | Observed) -> bool:
    """A line of a list that people read: the record has it, and an event says that the list was offered."""
    return isinstance(act, Observed) and act.kind == people.ITEM


def _act_text(act: Revoke | Confirm | Observed) -> str:
    """What became of the record, in words."""
    if isinstance(act, Observed) and act.kind in people.KINDS:
        return f"{act.kind.replace('_', ' ')}: {act.by}" + (f", {act.text}" if act.text else "")
    if isinstance(act, Observed):
        return f"{act.kind.replace('_', ' ')}: {act.value:g}" + (f", {act.text}" if act.text else "") + f" ({act.by})"
    if isinstance(act, Confirm):
        # a count ends what was unknown of the hammers, whether all are there or not
        told = "counted" if act.kind == Knowledge.HAMMERS.value else "checked and good"
        return f"{act.kind}: {told}" + ("" if act.closing else ", nothing before it is closed")
    if act.bias_m > 0.0:
        return f"depth on record {act.bias_m:.3f} m too great since the last good reading: {act.reason}"
    part = "" if act.across_m is None else f" from {act.across_m[0]:.2f} to {act.across_m[1]:.2f} m across the tool"
    return f"credit withdrawn{part}: {act.reason}"


def stop_text(gate: GateReport) -> str:
    """Why it stopped, how old the operator's frame was, how the stop is left, and what the operator reads."""
    age = f"{gate.operator_age_s:.2f} s old" if gate.operator_age_s < FORGOTTEN_S else "forgotten"
    left = RESET_RULES.get(gate.recovery, "")
    return f"stop: {gate.stop_reason}; operator's frame {age}; left by {left} ({gate.recovery}); {gate.text}"


def engine_start_texts(before: GateState, after: GateState) -> tuple[str, ...]:
    """What became of an engine start in this tick, and whether one is barred from now on."""
    found: list[str] = []
    if before.start is not after.start:
        if after.start is not EngineStart.NONE:
            tried = f", try {after.start_tries}" if after.start is EngineStart.CRANKING else ""
            found.append(f"engine start: {ENGINE_START_TEXT[after.start]}{tried}")
        elif before.start is EngineStart.CRANKING:
            found.append(f"engine start: {'the engine runs' if after.start_tries == 0 else 'it does not run'}")
        else:
            found.append("engine start: broken off")
    if before.start_barred != after.start_barred:
        barred = "no console starts the engine before a reset at the machine"
        found.append(barred if after.start_barred else "a console may start the engine again")
    return tuple(found)


def is_stop(before: Mode, after: Mode) -> bool:
    """True where a moving mode was left by a stop."""
    return before in ACTIVE_MODES and after in (Mode.STOPPING, Mode.HOLD, Mode.ESTOP, Mode.FAULT)
