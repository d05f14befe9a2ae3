"""What the gate tells of a tick: mode, reasons, the text for the operator, what is left of each time."""

from vehicle.contracts import stop_reasons
from vehicle.contracts.messages import GateReport
from vehicle.contracts.stop_codes import NO_REASON
from vehicle.control.safety import attention, masks, rings, shocks, waiting
from vehicle.control.safety.gate_inputs import GateInputs
from vehicle.control.state import GateState

WIRE_BITS = (1 << 64) - 1


def report(after: GateState, now: GateInputs, age_ms: int, cap_mps: float) -> GateReport:
    """The gate's report of one tick.

    `after`: the gate's part of the state as the tick left it, with what was commanded to the belts; `age_ms`: of the
    operator's frame in force; `cap_mps`: the speed that was allowed.
    """
    told = after.active | after.latched | after.shown
    stop = after.shown or after.active | after.latched
    rule = stop_reasons.RULES[stop_reasons.codes(stop)[0]] if stop else None
    left_mps, right_mps = after.set_mps
    return GateReport(
        mode=after.mode,
        rotor=after.rotor,
        reasons=stop_reasons.names(told),
        operator_age_s=age_ms / 1000.0,
        lease_holder=after.holder,
        neutral_seen=after.neutral_seen,
        speed_cap_mps=cap_mps,
        drive_speed_mps=(left_mps + right_mps) / 2.0,
        drive_yaw_rate_radps=(right_mps - left_mps) / now.config.machine.tracks.gauge_m,
        driving=not (left_mps == 0.0 == right_mps),
        worst_reason=stop_reasons.codes(told)[0] if told else NO_REASON,
        reason_bits=told & WIRE_BITS,
        reason_bits_high=told >> 64,
        stop_reason=rule.name if rule is not None else "",
        recovery=rule.recovery.value if rule is not None else "",
        text=rule.text if rule is not None else "",
        due=after.reset_due or after.latched & masks.HALT_MASK != 0,
        attention_left_s=attention.left_s(after, now.tick, now.now_ns, now.config.safety),
        wait_left_s=waiting.left_s(after, now.tick, now.now_ns),
        ring_m=rings.in_force_m(after, now.requests, now.config),
        rings=rings.widened(now.requests.neighbours, now.now_ns),
        detonation_left_s=shocks.left_s(
            after.active | after.latched,
            shocks.Since(after.shock_tick, after.shock_t_ns),
            now.tick,
            now.now_ns,
            now.config.safety.detonation_wait_s,
        ),
    )
