"""Every fault that can be injected into a scenario: how it begins, how it ends, and its rows of the fault catalogue.

`inject` sets a fault with a strength from its range, and `heal` ends it. `act` runs once a tick while it lasts. Faults
change attributes of the world, the radio, the line, the process and the operator that exist for this; never the stack.
"""

import math
from collections.abc import Callable, Collection
from operator import attrgetter
from typing import Any

import msgspec

from campaign import faults_silent
from campaign.fault import FAULTS, Fault
from campaign.fault import add as _add
from campaign.fault_scenario import SHOCK_LARGE_G, SHOCK_SMALL_G, FaultScenario
from campaign.sim_operator import Other
from console.client.station import Controls, Station
from firmware_bridge.types import ControllerFault, FixType, OperatorEdge
from sim.noise import generator


def _door(name: str, rows: tuple[int, ...], path: str, on: Any, off: Any, **more: Any) -> None:
    """Add a fault that sets one attribute; `on` is its value, or a function of the strength."""
    owner, attribute = path.rsplit(".", 1)
    find = attrgetter(owner)

    def inject(drill: FaultScenario, strength: float) -> None:
        setattr(find(drill), attribute, on(strength) if callable(on) else on)

    def heal(drill: FaultScenario) -> None:
        setattr(find(drill), attribute, off)

    _add(Fault(name=name, rows=rows, inject=inject, heal=heal, **more))


def _air(name: str, rows: tuple[int, ...], field: str, on: Callable[[float], float], **more: Any) -> None:
    """Add a fault that changes one parameter of the radio in both directions; the others keep their values."""
    also = more.pop("also", {})

    def inject(drill: FaultScenario, strength: float) -> None:
        for channel in (drill.radio.up, drill.radio.down):
            channel.params = msgspec.structs.replace(channel.params, **({field: on(strength)} | also))

    def heal(drill: FaultScenario) -> None:
        for channel in (drill.radio.up, drill.radio.down):
            plain = drill.plain_radio
            changed = {key: getattr(plain, key) for key in (field, *also)}
            channel.params = msgspec.structs.replace(channel.params, **changed)

    _add(Fault(name=name, rows=rows, inject=inject, heal=heal, **more))


def _same(value: float) -> float:
    return value


# --- operator link ---------------------------------------------------------------------------------------------------
def _cut_both(drill: FaultScenario, _: float) -> None:
    drill.radio.up.cut = drill.radio.down.cut = True


def _join_both(drill: FaultScenario) -> None:
    drill.radio.up.cut = drill.radio.down.cut = False


def _flap(drill: FaultScenario, on_share: float) -> None:
    drill.radio.up.cut = drill.radio.down.cut = drill.ticks % 25 >= 25 * on_share


def _noise(drill: FaultScenario, kilobytes: float) -> None:
    if drill.process.runs:
        noise = generator(drill.settings.seed, f"jam.{drill.ticks}")
        drill.radio.vehicle.inbox.append(noise.bytes(int(1 + kilobytes * 1000)))


def _hop(drill: FaultScenario, delay_s: float) -> None:
    """Switch a link every half second between a short and a long way, so that newer frames overtake older ones."""
    long_way = drill.ticks // 25 % 2 == 1
    channel = drill.radio.up
    channel.params = msgspec.structs.replace(
        channel.params, reorder_ratio=1.0 if long_way else 0.0, reorder_s=delay_s if long_way else 0.1
    )


def _plain_up(drill: FaultScenario) -> None:
    drill.radio.up.params = drill.plain_radio


_add(Fault(name="radio_loss", rows=(1, 15), inject=_cut_both, heal=_join_both, hold_s=(0.6, 8.0)))
_add(Fault(name="radio_fade", rows=(2,), inject=_cut_both, heal=_join_both, hold_s=(0.04, 0.14)))
_add(
    Fault(name="radio_flapping", rows=(3,), inject=lambda _d, _s: None, heal=_join_both, act=_flap, low=0.2, high=0.6,
          hold_s=(3.0, 8.0))
)  # fmt: skip
_door("downlink_dead", (4,), "radio.down.cut", True, False)
_door("uplink_dead", (5,), "radio.up.cut", True, False)
_air("radio_latency", (6,), "delay_s", _same, low=0.05, high=1.0)
_air("radio_spike", (7,), "delay_s", _same, low=0.5, high=1.2, hold_s=(0.3, 1.0))
_air("radio_reorder", (8,), "reorder_ratio", _same, low=0.2, high=1.0)
_air("radio_duplicate", (9,), "duplicate_ratio", _same, low=0.3, high=1.0)
_air("radio_narrow", (10,), "rate_bps", _same, low=8_000.0, high=256_000.0)
_add(Fault(name="radio_noise", rows=(11,), inject=lambda _d, _s: None, heal=lambda _: None, act=_noise, high=25.0))
_air("radio_corrupt", (94,), "corrupt_ratio", _same, low=0.1, high=1.0)
_add(Fault(name="link_switch", rows=(12,), inject=lambda _d, _s: None, heal=_plain_up, act=_hop, low=0.02, high=0.12))
_air("radio_loss_burst", (2,), "loss_ratio", _same, low=0.02, high=0.4, also={"burst_frames": 4.0})

# --- console and human -----------------------------------------------------------------------------------------------
_door("console_dead", (14, 15, 117), "hands.silent", True, False)
_door("console_frozen", (16,), "hands.frozen", True, False)
_door("stick_unplugged", (17,), "hands.released", True, False, hold_s=(0.2, 1.0))
_door("stick_off_centre", (18, 32, 111, 112), "hands.stick", _same, None, low=0.2, high=1.0)
_door("stick_broken", (19,), "hands.broken_stick", True, False)
_door("hold_stuck", (20,), "hands.hold_stuck", True, False)
_door("hold_released", (20,), "hands.lets_go", True, False)
_door("console_battery", (21,), "hands.battery_ratio", _same, 1.0, low=0.0, high=0.04)
_door("video_late", (23,), "hands.video_age_ms", round, 0, low=300.0, high=3_000.0)
_door("console_tilted", (22,), "hands.tilt_rad", _same, 0.0, low=1.2, high=3.0, hold_s=(2.5, 5.0))
_door("estop_pressed", (112, 113), "hands.pressed", OperatorEdge.ESTOP, OperatorEdge.NONE, hold_s=(0.1, 1.0))
_door("stop_pressed", (31,), "hands.pressed", OperatorEdge.STOP, OperatorEdge.NONE, hold_s=(0.1, 1.0))
_door("reset_held", (114,), "hands.pressed", OperatorEdge.RESET, OperatorEdge.NONE)
_door("arm_held", (31, 119), "hands.pressed", OperatorEdge.ARM, OperatorEdge.NONE)


def _hammer(drill: FaultScenario, _: float) -> None:
    edges = (OperatorEdge.ESTOP, OperatorEdge.RELEASE_ESTOP, OperatorEdge.RESET, OperatorEdge.ARM)
    drill.hands.pressed = edges[drill.ticks // 8 % 4]


def _let_go(drill: FaultScenario) -> None:
    drill.hands.pressed = OperatorEdge.NONE


def _second(drill: FaultScenario, deflection: float) -> None:
    everything = Controls(hold_to_run=True, drive=deflection, rotor_request=True)
    drill.hands.others.append(Other(Station(2), everything))


def _clone(drill: FaultScenario, deflection: float) -> None:
    twin = Other(Station(drill.hands.station.station_id), Controls(hold_to_run=True, drive=deflection))
    twin.sequence_offset = max(drill.hands.created_ns, default=0)
    drill.hands.others.append(twin)


def _taker(drill: FaultScenario, _: float) -> None:
    drill.hands.others.append(Other(Station(3)))


def _grab(drill: FaultScenario, _: float) -> None:
    pressed = OperatorEdge.TAKE if drill.ticks // 10 % 2 else OperatorEdge.NONE
    for other in drill.hands.others:
        if other.station.station_id == 3:
            other.controls = Controls(edges=pressed)


def _alone(drill: FaultScenario) -> None:
    drill.hands.others.clear()


_add(Fault(name="estop_hammered", rows=(113, 119), inject=lambda _d, _s: None, heal=_let_go, act=_hammer))
_add(Fault(name="second_console", rows=(27, 32), inject=_second, heal=_alone, low=-1.0))
_add(Fault(name="cloned_console", rows=(25,), inject=_clone, heal=_alone, low=-1.0, hold_s=(0.5, 2.0)))
_add(Fault(name="take_attempt", rows=(28, 29), inject=_taker, heal=_alone, act=_grab))

# --- controller and line ---------------------------------------------------------------------------------------------
_door("line_unplugged", (34,), "line.unplugged", True, False)
_door("line_bit_errors", (37,), "line.flip_ratio", _same, 0.0, low=1e-3, high=0.5)
_door("line_split", (38,), "line.split", True, False)
_door("line_repeats", (9,), "line.repeat_command", True, False)
_door("controller_mute", (34,), "world.controller.mute", True, False)
_door("lease_timer_dead", (5,), "world.controller.lease_timer_dead", True, False)


def _reboot(drill: FaultScenario, _: float) -> None:
    drill.world.controller.reboot(drill.now_ns)


def _hang(drill: FaultScenario, _: float) -> None:
    drill.world.controller.hang(drill.now_ns)


def _nothing(_: FaultScenario) -> None:
    """Do nothing: this fault ends by itself."""


def _controller_fault(drill: FaultScenario, _: float) -> None:
    drill.world.controller.faults_present = int(ControllerFault.OUTPUT)


def _controller_well(drill: FaultScenario) -> None:
    drill.world.controller.faults_present = 0


_add(Fault(name="controller_reboot", rows=(35, 74), inject=_reboot, heal=_nothing))
_add(Fault(name="controller_hang", rows=(36,), inject=_hang, heal=_nothing))
_add(Fault(name="controller_fault", rows=(40,), inject=_controller_fault, heal=_controller_well))

# --- sensors ---------------------------------------------------------------------------------------------------------
_door("gnss_float", (43,), "world.gnss.fix", FixType.RTK_FLOAT, FixType.RTK_FIXED)
_door("gnss_lost", (44,), "world.gnss.silent", True, False)
_door("gnss_jump", (45,), "world.gnss.jump_m", lambda s: (s, 0.6 * s), (0.0, 0.0), low=0.3, high=50.0)
_door("position_frozen", (55,), "world.gnss.frozen", True, False, table_only=True)
_door("heading_frozen", (55,), "world.gnss.heading_frozen", True, False, table_only=True)
_door("corrections_old", (48,), "world.gnss.correction_age_s", _same, 1.0, low=31.0, high=120.0)
_door("wrong_base", (47,), "world.gnss.base_id", 9, 1)
_door("heading_flip", (49,), "world.gnss.heading_jump_rad", math.pi, 0.0)
_door("heading_lost", (50,), "world.gnss.heading_lost", True, False)
_door("imu_stuck", (51, 55), "world.imu.stuck", True, False)
_door("imu_silent", (51,), "world.imu.silent", True, False)
_door("tilt_offset", (53,), "world.imu.tilt_offset_rad", lambda s: (s, 0.0), (0.0, 0.0), low=0.1, high=0.4)
_door("encoder_dead", (52,), "world.tool_sensors.left_gain", 0.0, 1.0)
_door("encoder_silent", (52,), "world.tool_sensors.left_gain", math.nan, 1.0)


def _both_silent(drill: FaultScenario, _: float) -> None:
    drill.world.tool_sensors.left_gain = drill.world.tool_sensors.right_gain = math.nan


def _both_count(drill: FaultScenario) -> None:
    drill.world.tool_sensors.left_gain = drill.world.tool_sensors.right_gain = 1.0


_add(Fault(name="encoders_silent", rows=(52,), inject=_both_silent, heal=_both_count))
_door("encoder_reversed", (52,), "world.tool_sensors.right_gain", -1.0, 1.0)
_door("rotor_sensor_dead", (59,), "world.tool_sensors.rotor_gain", 0.0, 1.0)
_door("depth_lost", (62,), "world.tool_sensors.depth_lost", True, False)


def _drift(drill: FaultScenario, rate_mps: float) -> None:
    east, north = drill.world.gnss.jump_m
    drill.world.gnss.jump_m = (east + 0.3 * rate_mps * 0.02, north + 0.95 * rate_mps * 0.02)


def _no_jump(drill: FaultScenario) -> None:
    drill.world.gnss.jump_m = (0.0, 0.0)


_add(
    Fault(name="gnss_drift", rows=(46,), inject=lambda _d, _s: None, heal=_no_jump, act=_drift, low=0.01, high=0.5,
          table_only=True)
)  # fmt: skip

# --- flail, hydraulics, engine, power --------------------------------------------------------------------------------
_door("rotor_weak", (56, 57), "world.flail.power_ratio", _same, 1.0, low=0.0, high=0.3, hold_s=(3.0, 8.0))
_door("rotor_stuck_on", (58, 60, 61), "world.flail.rotor_stuck_radps", _same, None, low=20.0, high=75.0)
_door("arm_drifts", (62,), "world.flail.arm_drift_mps", _same, 0.0, low=-0.05, high=0.05)
_door("detonation", (63,), "world.controller.shock", True, False, hold_s=(0.2, 0.4))


def _small_shock(drill: FaultScenario, peak_g: float) -> None:
    drill.world.controller.shock, drill.world.controller.shock_peak_g = True, peak_g


def _no_shock(drill: FaultScenario) -> None:
    drill.world.controller.shock, drill.world.controller.shock_peak_g = False, 0.0


_add(
    Fault(name="small_shock", rows=(63,), inject=_small_shock, heal=_no_shock, low=SHOCK_SMALL_G, high=SHOCK_LARGE_G,
          hold_s=(0.1, 0.4))
)  # fmt: skip


def _press_at_machine(drill: FaultScenario, _: float) -> None:
    drill.world.controller.estop_chain_open = True


def _release_at_machine(drill: FaultScenario) -> None:
    """Release the button; the same person then turns the key beside it."""
    drill.world.controller.estop_chain_open = False
    drill.world.controller.reset_at_machine()


_door("oil_pressure_low", (68,), "world.controller.oil_pressure_low", True, False, hold_s=(1.5, 4.0))
_door("fire", (69,), "world.controller.fire", True, False)
_add(Fault(name="estop_at_machine", rows=(112,), inject=_press_at_machine, heal=_release_at_machine))
_door("hose_burst", (64,), "world.engine.pressure_ratio", 0.0, 1.0)
_door("supply_low", (73,), "world.engine.voltage_drop_v", _same, 0.0, low=6.0, high=9.0, hold_s=(4.0, 8.0))
_door("oil_hot", (65,), "world.engine.hydraulic_degc", _same, 60.0, low=95.0, high=130.0)


def _stall(drill: FaultScenario, _: float) -> None:
    drill.world.engine.stall()


def _engine_on(drill: FaultScenario) -> None:
    drill.world.engine.start()


def _overspeed(drill: FaultScenario, ratio: float) -> None:
    drill.world.engine.speed_radps = 220.0 * (1.15 + 0.3 * ratio)


_add(Fault(name="engine_stall", rows=(66,), inject=_stall, heal=_engine_on))
_add(Fault(name="engine_overspeed", rows=(67,), inject=_overspeed, heal=_nothing, act=_overspeed))


# --- computer --------------------------------------------------------------------------------------------------------
def _kill(drill: FaultScenario, _: float) -> None:
    drill.process.dead = True


def _restart(drill: FaultScenario) -> None:
    drill.process.restart()


def _stall_process(drill: FaultScenario, _: float) -> None:
    drill.process.stalled = True


def _continue_process(drill: FaultScenario) -> None:
    drill.process.stalled = False


def _late(drill: FaultScenario, share: float) -> None:
    """Delay one tick in every N; N follows from the share of late ticks."""
    drill.process.stalled = drill.ticks % round(2.0 / share) == 0


_add(Fault(name="process_killed", rows=(72, 83, 84, 33), inject=_kill, heal=_restart, hold_s=(0.3, 5.0)))
_add(
    Fault(name="process_stalled", rows=(76, 77, 80), inject=_stall_process, heal=_continue_process, hold_s=(0.05, 5.0))
)

_add(
    Fault(name="ticks_late", rows=(78,), inject=lambda _d, _s: None, heal=_continue_process, act=_late, low=0.05,
          high=0.5, hold_s=(1.0, 6.0))
)  # fmt: skip

# --- terrain ---------------------------------------------------------------------------------------------------------


def _slide(drill: FaultScenario, speed_mps: float) -> None:
    tracks = drill.world.tracks
    tracks.brake_holds, tracks.stuck_left_mps, tracks.stuck_right_mps = False, speed_mps, speed_mps


def _hold_fast(drill: FaultScenario) -> None:
    tracks = drill.world.tracks
    tracks.brake_holds, tracks.stuck_left_mps, tracks.stuck_right_mps = True, None, None


def _dig(drill: FaultScenario, slip: float) -> None:
    drill.world.tracks.slip_left_ratio = drill.world.tracks.slip_right_ratio = slip


def _grip(drill: FaultScenario) -> None:
    drill.world.tracks.slip_left_ratio = drill.world.tracks.slip_right_ratio = 0.03


_door("track_stuck", (71,), "world.tracks.stuck_left_mps", _same, None, low=0.1, high=0.3, hold_s=(1.0, 8.0))
_add(Fault(name="slides_braked", rows=(70, 107), inject=_slide, heal=_hold_fast, low=0.25, high=0.6, hold_s=(1.0, 6.0)))
_add(Fault(name="tracks_dig", rows=(106,), inject=_dig, heal=_grip, low=0.85, high=0.94, hold_s=(4.0, 8.0)))
_door("too_steep", (104,), "world.imu.tilt_offset_rad", lambda s: (0.0, s), (0.0, 0.0), low=0.5, high=0.9)
_door("rolled_over", (105,), "world.imu.tilt_offset_rad", lambda s: (s, 0.0), (0.0, 0.0), low=1.1, high=1.5)


for _fault in faults_silent.faults():
    _add(_fault)


def heal_all(drill: FaultScenario, but: Collection[str] = ()) -> None:
    """End all faults; latched stops stay latched. `but`: names of the faults that stay."""
    for fault in FAULTS.values():
        if fault.name not in {"process_killed", "engine_stall", *but}:
            fault.heal(drill)
    if drill.process.dead:
        drill.process.restart()
    drill.radio.up.params = drill.radio.down.params = drill.plain_radio


__all__ = ["FAULTS", "Fault", "heal_all"]
