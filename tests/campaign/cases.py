"""Fault by fault: where it strikes, how it shows, how long it may take, how it is left. Read by the table test.

`spec_s` is the catalogue's time from onset to a safe set-point at the controller; `stop_s` is what is asserted. Where
`stop_s` is the larger one, the catalogue's time is not met and the row says so in the generated table. `open` names
invariants that the case is known to break: the row counts as open, and the test fails once it holds.
"""

from typing import NamedTuple

from vehicle.contracts.stop_codes import Recovery

A, N, P, H = Recovery.CLEARS, Recovery.RESET, Recovery.ACKNOWLEDGE, Recovery.MACHINE
NEVER = float("inf")


class Case(NamedTuple):
    """`stop_s` None: it must go on driving. `reasons`: one of these is shown at the stop, or while it drives on."""

    rows: tuple[int, ...]
    fault: str
    strength: float
    scene: str
    reasons: tuple[str, ...]
    stop_s: float | None
    recovery: Recovery
    spec_s: float = NEVER
    hold_s: float = 6.0
    open: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{'_'.join(map(str, self.rows))}-{self.fault}-{self.strength:g}-{self.scene}"


POSITION = ("position_unproven", "gnss_lost")
CASES: tuple[Case, ...] = (
    # --- B1 operator link
    Case((1, 15), "radio_loss", 1.0, "work", ("link_lost",), 0.5, N, 0.5),
    Case((1, 15), "radio_loss", 1.0, "manual", ("link_lost",), 0.5, N, 0.5),
    Case((1, 15), "radio_loss", 1.0, "fast", ("link_lost",), 0.3, N, 0.5),
    Case((1,), "radio_loss", 1.0, "retreat", ("link_lost",), 0.5, N, 0.5),
    Case((2,), "radio_fade", 1.0, "work", (), None, A, hold_s=0.14),
    Case((2,), "radio_fade", 1.0, "manual", (), None, A, hold_s=0.14),
    Case((3,), "radio_flapping", 0.4, "manual", ("link_flapping", "link_lost"), 2, N, 2.0),
    Case((3,), "radio_flapping", 0.4, "work", ("link_flapping", "link_lost"), 2, N, 2.0),
    Case((4,), "downlink_dead", 1.0, "work", ("link_lost",), 1, N, 1.0),
    Case((5,), "uplink_dead", 1.0, "manual", ("link_lost",), 0.5, N, 0.5),
    Case((6,), "radio_latency", 0.11, "slow", ("link_slow",), None, A),
    Case((6,), "radio_latency", 0.7, "manual", ("link_lost",), 0.5, N, 0.5),
    Case((7,), "radio_spike", 1.0, "manual", ("link_lost",), 0.5, N, 0.5, hold_s=1.0),
    Case((7,), "radio_spike", 1.0, "fast", ("link_lost",), 0.5, N, 0.5, hold_s=1.0),
    Case((8,), "radio_reorder", 0.5, "work", (), None, A),
    Case((9,), "radio_duplicate", 1.0, "work", (), None, A),
    Case((9,), "line_repeats", 1.0, "work", (), None, A),
    Case((10,), "radio_narrow", 8_000.0, "manual", ("link_lost", "link_flapping"), 3.0, N),
    Case((10,), "radio_narrow", 64_000.0, "manual", (), None, A),
    Case((11,), "radio_noise", 25.0, "work", (), None, A, hold_s=1.0),
    Case((11, 94), "radio_corrupt", 1.0, "work", ("link_lost",), 0.5, N, 0.5),
    Case((12,), "link_switch", 0.1, "slow", (), None, A),
    # --- B2 console
    Case((14,), "console_dead", 1.0, "manual", ("link_lost",), 0.5, N, 0.5),
    Case((16,), "console_frozen", 1.0, "manual", ("console_frozen",), 0.42, N, 0.3),
    Case((16,), "console_frozen", 1.0, "work", ("console_frozen",), 0.42, N, 0.3),
    Case((17,), "stick_unplugged", 1.0, "manual", ("lease_released",), 0.1, N, 0.1, hold_s=0.4),
    Case((19,), "stick_broken", 1.0, "manual", ("link_lost", "stick_fault"), 1, N, 1.0),
    Case((21,), "console_battery", 0.04, "manual", ("console_battery_empty",), 0.16, N),
    Case((22,), "console_tilted", 1.5, "manual", ("console_tilted",), 2.12, N, 2.0),
    Case((23,), "video_late", 400.0, "manual", ("video_late",), None, A),
    Case((23,), "video_late", 600.0, "manual", ("video_stale",), 0.16, N),
    # --- B3 authority
    Case((27, 32), "second_console", 1.0, "work", (), None, A),
    Case((27,), "second_console", -0.8, "manual", (), None, A),
    Case((28, 29), "take_attempt", 1.0, "manual", (), None, A),
    Case((32,), "stick_off_centre", 0.4, "work", ("mission_left",), 0.16, N, hold_s=1.0),
    Case((31,), "stop_pressed", 1.0, "work", ("operator_stop",), 0.16, N, hold_s=0.5),
    # --- B4 controller and line
    Case((34,), "line_unplugged", 1.0, "manual", ("controller_lost",), 0.2, N, 0.2, hold_s=2.0),
    Case((34,), "line_unplugged", 1.0, "work", ("controller_lost",), 0.2, N, 0.2, hold_s=2.0),
    Case((34,), "controller_mute", 1.0, "work", ("controller_lost",), 0.26, N, 0.2, hold_s=2.0),
    Case((35, 74), "controller_reboot", 1.0, "manual", ("controller_reset",), 0.1, P, 0.1),
    Case((35, 74), "controller_reboot", 1.0, "work", ("controller_reset",), 0.1, P, 0.1),
    Case((36,), "controller_hang", 1.0, "manual", ("controller_reset", "controller_hung"), 0.2, P, 0.2),
    Case((37,), "line_bit_errors", 0.002, "work", (), None, A),
    Case((38,), "line_split", 1.0, "work", (), None, A),
    Case((40,), "controller_fault", 1.0, "work", ("controller_fault",), 0.3, P, 0.3, hold_s=1.0),
    # --- B5 sensors
    Case((43,), "gnss_float", 1.0, "work", ("position_float",), 0.2, N, 0.2, hold_s=3.0),
    Case((43,), "gnss_float", 1.0, "manual", ("position_float",), None, A),
    Case((44,), "gnss_lost", 1.0, "work", POSITION, 0.5, N, 0.5, hold_s=3.0),
    Case((44,), "gnss_lost", 1.0, "manual", ("gnss_lost",), None, A),
    Case((45,), "gnss_jump", 0.3, "work", POSITION, 0.3, N, 0.2, hold_s=3.0),
    Case((45,), "gnss_jump", 50.0, "work", POSITION, 0.2, N, 0.2, hold_s=3.0),
    Case((46,), "gnss_drift", 0.3, "work", POSITION, 10, N, 10.0, hold_s=3.0),
    # --- B6 flail, hydraulics, engine
    Case((57,), "rotor_weak", 0.0, "work", ("rotor_sag",), 0.5, N, 0.5, hold_s=6.0),
    Case((59,), "rotor_sensor_dead", 1.0, "work", ("rotor_sag", "rotor_sensor"), 0.3, N, 0.3, hold_s=5.0),
    Case((63,), "detonation", 1.0, "work", ("detonation",), 0.1, P, 0.1, hold_s=0.3),
    Case((63,), "detonation", 1.0, "manual", ("detonation",), 0.1, P, 0.1, hold_s=0.3),
    Case((63,), "small_shock", 12.0, "manual", ("detonation",), 0.1, P, 0.1, hold_s=0.3),
    Case((66,), "engine_stall", 1.0, "work", ("rotor_sag", "engine_stall"), 0.2, N, 0.2, hold_s=6.0),
    Case((68,), "oil_pressure_low", 1.0, "work", ("oil_pressure_low",), 1, P, 1.0, hold_s=2.0),
    Case((69,), "fire", 1.0, "manual", ("fire",), 0.1, H, 0.1, hold_s=1.0),
    Case((69,), "fire", 1.0, "work", ("fire",), 0.1, H, 0.1, hold_s=1.0),
    # here the healing is the act at the machine: its button is let go
    Case((112,), "estop_at_machine", 1.0, "manual", ("estop_machine",), 0.1, N, hold_s=1.0),
    # --- B7, B8 power, computer
    Case((72, 83, 84, 33), "process_killed", 1.0, "manual", (), 0.2, N, 0.2, hold_s=2.0),
    Case((72, 83, 84, 33), "process_killed", 1.0, "work", (), 0.2, N, 0.2, hold_s=2.0),
    Case((76, 77, 80), "process_stalled", 1.0, "manual", ("loop_stall",), 0.2, N, 0.2, hold_s=0.3),
    Case((76, 77, 80), "process_stalled", 1.0, "work", ("loop_stall",), 0.2, N, 0.2, hold_s=5.0),
    Case((76,), "process_stalled", 1.0, "fast", ("loop_stall",), 0.2, N, 0.2, hold_s=0.14),
    Case((78,), "ticks_late", 0.2, "slow", ("ticks_late",), None, A, 1.0),
    # --- B11, B12 terrain, human
    Case((104,), "too_steep", 0.5, "manual", ("slope",), 0.5, N, 0.5, hold_s=2.0),
    Case((105,), "rolled_over", 1.3, "manual", ("roll_over",), 0.2, H, 0.2, hold_s=2.0),
    Case((112, 113), "estop_pressed", 1.0, "manual", ("estop_console",), 0.16, N, hold_s=0.3),
    Case((112, 113), "estop_pressed", 1.0, "work", ("estop_console",), 0.16, N, hold_s=0.3),
    Case((113, 119), "estop_hammered", 1.0, "manual", ("estop_console",), 0.8, N, hold_s=4.0),
    Case((114,), "reset_held", 1.0, "manual", (), None, A),
    Case((119, 31), "arm_held", 1.0, "manual", (), None, A),
    # --- what the gauges, the receiver and the second look at each sensor tell
    Case((25,), "cloned_console", 0.5, "manual", ("duplicate_station",), 0.16, P, hold_s=1.0),
    Case((37,), "line_bit_errors", 0.5, "work", ("wire_errors",), 1, N, 1.0, hold_s=3.0),
    Case((47,), "wrong_base", 1.0, "work", ("wrong_base",), 0.3, P, hold_s=1.0),
    Case((48,), "corrections_old", 40.0, "work", ("corrections_old",), None, A),
    Case((49,), "heading_flip", 1.0, "work", ("heading_lost",), 1.26, N, 1.0, hold_s=3.0),
    Case((50,), "heading_lost", 1.0, "work", ("heading_lost",), 0.26, N, 0.2, hold_s=2.0),
    Case((51, 55), "imu_stuck", 1.0, "manual", ("tilt_unknown",), 0.26, N, 0.2, hold_s=2.0),
    Case((51,), "imu_silent", 1.0, "work", ("tilt_unknown",), 0.26, N, 0.2, hold_s=2.0),
    Case((52,), "encoder_dead", 1.0, "manual", ("track_sensor",), 0.58, P, 0.5, hold_s=2.0),
    Case((52,), "encoder_silent", 1.0, "manual", ("track_sensor",), 0.58, P, 0.5, hold_s=2.0),
    Case((52,), "encoder_silent", 1.0, "work", ("track_sensor",), 0.58, P, 0.5, hold_s=2.0),
    Case((52,), "encoders_silent", 1.0, "work", ("track_sensor",), 0.58, P, 0.5, hold_s=2.0),
    Case((52,), "encoder_reversed", 1.0, "work", ("track_sensor",), 0.58, P, 0.5, hold_s=2.0),
    Case((53,), "tilt_offset", 0.25, "manual", ("tilt_disagrees",), 0.2, P, 0.2, hold_s=2.0),
    Case((58,), "rotor_stuck_on", 75.0, "work", ("rotor_overspeed",), 0.4, P, 0.2, hold_s=3.0),
    Case((61,), "rotor_stuck_on", 30.0, "manual", ("rotor_unrequested",), 0.3, P, 0.2, hold_s=1.0),
    Case((62,), "depth_lost", 1.0, "work", ("tool_height_unknown",), 0.56, N, 0.5, hold_s=2.0),
    Case((64,), "hose_burst", 1.0, "work", ("hydraulic_pressure_lost",), 0.28, P, 0.2, hold_s=2.0),
    Case((64,), "hose_burst", 1.0, "manual", ("hydraulic_pressure_lost",), 0.28, P, 0.2, hold_s=2.0),
    Case((65,), "oil_hot", 98.0, "manual", ("too_hot",), 10, P, 10.0, hold_s=2.0),
    Case((65,), "oil_hot", 110.0, "work", ("overheated",), 10, P, 10.0, hold_s=2.0),
    Case((66,), "engine_stall", 1.0, "manual", ("engine_stall", "track_sensor"), 0.74, N, 0.2, hold_s=3.0),
    Case((67,), "engine_overspeed", 1.0, "manual", ("engine_overspeed",), 0.36, P, 0.3, hold_s=1.0),
    Case((73,), "supply_low", 7.0, "manual", ("supply_low",), 5.06, P, 5.0, hold_s=6.0),
    Case((106,), "tracks_dig", 0.9, "work", (*POSITION, "track_slip"), 3, N, 3.0, hold_s=4.0),
)
