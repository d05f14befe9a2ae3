"""The figures of the work for consoles, from the state after a tick: required, remaining and measured values."""

from typing import TYPE_CHECKING

import msgspec

from firmware_bridge.console_types import WorkFlag, WorkFrame
from firmware_bridge.types import ControllerStatus
from vehicle.contracts.ledger_types import Observed
from vehicle.contracts.messages import MISSION_MODES, Mode
from vehicle.contracts.plan import Plan
from vehicle.contracts.plan_times import length_m, times_of
from vehicle.contracts.stop_codes import NO_REASON, Level
from vehicle.contracts.stop_reasons import RULES, codes
from vehicle.contracts.units import NS_PER_S, TICK_S
from vehicle.operator_link import engine_start
from vehicle.operator_link.console_facts import Areas, Near
from vehicle.operator_link.fuel import FuelSeen, time_min

if TYPE_CHECKING:
    from vehicle.control.state import GateState, LedgerState, VehicleState

WAITS_FOR_HANDS = (Mode.READY, Mode.MANUAL, Mode.RECOVERY)
CHECKS = {"depth_check": "depth", "hammer_count": "hammers", "benchmark_check": "base"}
"""Kind of an observation -> whose check it is."""
SIDES = {
    "left": WorkFlag.KEEP_OUT_LEFT,
    "right": WorkFlag.KEEP_OUT_RIGHT,
    "ahead": WorkFlag.KEEP_OUT_AHEAD,
    "behind": WorkFlag.KEEP_OUT_BEHIND,
}
GNSS_FRESH_S = 2.0
"""An older fix says nothing of now."""


class CheckTimes:
    """When people last checked depth, hammers and base in this start, by the acts of the record."""

    def __init__(self) -> None:
        self._seen_count = 0
        self._seen_ns: dict[str, int] = {}

    def follow(self, ledger: "LedgerState") -> None:
        """After each tick."""
        new = ledger.act_count - self._seen_count
        if not new:
            return
        self._seen_count = ledger.act_count
        for act in ledger.acts[-new:]:
            if isinstance(act, Observed) and act.kind in CHECKS:
                self._seen_ns[CHECKS[act.kind]] = act.t_ns

    def age_s(self, check: str, now_ns: int) -> float | None:
        """Since the last one; None where there was none."""
        seen_ns = self._seen_ns.get(check)
        return None if seen_ns is None else (now_ns - seen_ns) / NS_PER_S


class PlanTimes:
    """How long a plan takes from each of its segments on, at its own speeds [s]."""

    def __init__(self) -> None:
        self._plan: Plan | None = None
        self._left_s: tuple[float, ...] = ()
        self.total_m2 = 0.0

    def of(self, plan: Plan) -> "PlanTimes":
        """For this plan; worked out once for each."""
        if plan is not self._plan:
            self._plan, left = plan, [0.0]
            for time in reversed(times_of(plan.segments, plan.machine)):
                left.append(left[-1] + time.whole_s)
            whole_s = left[-1]
            scale = plan.time_s / whole_s if whole_s > 0.0 and plan.time_s > 0.0 else 1.0
            self._left_s = tuple(scale * one for one in reversed(left))
            self.total_m2 = max(0.0, plan.area_m2 - sum(one.area_m2 for one in plan.untreatable))
        return self

    def left_s(self, index: int, along_m: float) -> float | None:
        """From a place on a segment; None beyond the plan."""
        plan = self._plan
        if plan is None or not 0 <= index < len(plan.segments):
            return None
        length = length_m(plan.segments[index])
        share = min(1.0, max(0.0, along_m / length)) if length > 0.0 else 0.0
        here, after = self._left_s[index], self._left_s[index + 1]
        return after + (here - after) * (1.0 - share)


def cap_reason(gate: "GateState") -> int:
    """Code of the worst reason in force that limits the speed; `NO_REASON` where none does."""
    auto = gate.mode in MISSION_MODES
    for code in codes(gate.active | gate.latched):
        level = RULES[code].auto_level if auto else RULES[code].level
        if level >= Level.LIMIT:
            return int(code)
    return NO_REASON


def work_of(
    state: "VehicleState",
    now_ns: int,
    times: PlanTimes,
    checks: CheckTimes,
    areas: Areas | None,
    near: Near,
    fuel: FuelSeen,
) -> WorkFrame:
    """The frame of one moment; what is not measured now is left out."""
    config, gate, ledger, plan = state.config, state.gate, state.ledger, state.mission.plan
    safety, tool, cell_m = config.safety, config.machine.tool, config.mission.cell_m
    hands = gate.mode in WAITS_FOR_HANDS and not (gate.frame is not None and gate.frame.hold_to_run)
    unused_s = safety.arm_unused_s - (state.tick - gate.used_tick) * TICK_S
    told = WorkFrame(
        tick=state.tick,
        flags=_flags(state, areas, near),
        cap_reason=cap_reason(gate),
        rotor_required_radps=tool.rotor_speed_radps * config.mission.rotor_at_speed_ratio,
        depth_required_m=config.mission.required_depth_m,
        speed_cap_mps=state.report.speed_cap_mps if state.report is not None else None,
        attention_left_s=state.report.attention_left_s if state.report is not None else None,
        arm_unused_left_s=unused_s if hands else _wait_left_s(state),
        processed_m2=ledger.credited_m2,
        passed_m2=areas.passed_m2 if areas is not None else None,
        below_m2=areas.below_m2 if areas is not None else None,
        provisional_m2=ledger.open_cells * cell_m**2,
        withdrawn_m2=ledger.withdrawn_cells * cell_m**2,
        depth_check_age_s=checks.age_s("depth", now_ns),
        hammer_check_age_s=checks.age_s("hammers", now_ns),
        base_check_age_s=checks.age_s("base", now_ns),
        keep_out_distance_m=near.keep_out_m,
    )
    start = engine_start.told(state, now_ns)
    told = msgspec.structs.replace(
        told, engine_start=start.step, engine_start_left_s=start.left_s, engine_start_tries=start.tries
    )
    told = _with_status(told, state, now_ns, fuel)
    told = _with_fix(told, state, now_ns)
    if plan is None:
        return told
    index, done = state.mission.index, times.of(plan)
    return msgspec.structs.replace(
        told,
        total_m2=done.total_m2,
        time_left_s=done.left_s(index, state.mission.worked_along_m),
        segment_length_m=length_m(plan.segments[index]) if 0 <= index < len(plan.segments) else None,
    )


def _wait_left_s(state: "VehicleState") -> float | None:
    """Time until the WAIT becomes a stop, or until a detonation may be acknowledged [s]; None where neither waits."""
    report = state.report
    if report is None:
        return None
    return report.wait_left_s if state.gate.mode is Mode.WAIT else report.detonation_left_s or None


def _with_status(told: WorkFrame, state: "VehicleState", now_ns: int, fuel: FuelSeen) -> WorkFrame:
    """What the controller reads, as long as it is heard."""
    wire = state.wire
    status: ControllerStatus | None = wire.status
    if status is None or (now_ns - wire.status_t_ns) / NS_PER_S > state.config.safety.controller_timeout_s:
        return told
    return msgspec.structs.replace(
        told,
        depth_sigma_m=status.depth_sigma_m,
        rotor_torque_nm=status.rotor_torque_nm,
        engine_speed_radps=status.engine_speed_radps,
        engine_load_ratio=status.engine_load_ratio,
        hydraulic_pressure_pa=status.hydraulic_pressure_pa,
        hydraulic_temp_degc=status.hydraulic_temp_degc,
        coolant_temp_degc=status.coolant_temp_degc,
        supply_voltage_v=status.supply_voltage_v,
        fuel_ratio=status.fuel_ratio,
        fuel_time_min=time_min(status.fuel_ratio, fuel, state.config.machine.engine),
    )


def _with_fix(told: WorkFrame, state: "VehicleState", now_ns: int) -> WorkFrame:
    """What the receiver says of itself, as long as it is heard."""
    wire = state.wire
    fix = wire.gnss
    if fix is None or (now_ns - wire.gnss_t_ns) / NS_PER_S > GNSS_FRESH_S:
        return told
    return msgspec.structs.replace(
        told, fix=fix.fix, satellites=fix.satellites, correction_age_s=fix.correction_age_s, base_id=fix.base_id
    )


def _flags(state: "VehicleState", areas: Areas | None, near: Near) -> WorkFlag:
    due, found = state.checks.due, SIDES.get(near.side, WorkFlag(0))
    for flag, holds in (
        (WorkFlag.LEFT_UNPROVEN, near.left_unproven is True),
        (WorkFlag.RIGHT_UNPROVEN, near.right_unproven is True),
        (WorkFlag.TRACKS_KNOWN, near.left_unproven is not None and near.right_unproven is not None),
        (WorkFlag.BASE_DUE, due.base),
        (WorkFlag.CHECK_DUE, due.check),
        (WorkFlag.DEPTH_DUE, due.depth),
        (WorkFlag.HAMMERS_DUE, due.hammers),
        (WorkFlag.DEPTH_CONTRADICTS, due.depth_contradicts),
        (WorkFlag.AREAS_KNOWN, areas is not None),
        (WorkFlag.SHIFT_USED, state.checks.shift.used),
        (WorkFlag.SHIFT_DUE, bool(state.checks.shift.missing)),
    ):
        if holds:
            found |= flag
    return found
