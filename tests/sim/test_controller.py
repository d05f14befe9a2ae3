import itertools

import pytest

from firmware_bridge.mavlink import adapters
from firmware_bridge.mavlink.framing import frame_bytes
from firmware_bridge.mavlink.tables import SPEC_BY_NAME
from firmware_bridge.types import (
    ControllerFault,
    ControllerFlag,
    ControllerHello,
    ControllerState,
    ControllerStatus,
    EngineMode,
    ToolMode,
)
from sim.controller import ControllerParams
from sim.world import WorldParams
from tests.sim.bench import HASH, SLOW_BOOT, Bench, drive, driving, neutral
from tests.sim.conftest import TRACKS


@pytest.fixture
def bench(machine):
    return Bench(machine)


def stop_instant_ms(bench: Bench) -> float:
    """When the set-point began to fall, counted back from how far it has fallen."""
    outputs = bench.world.controller.outputs
    fallen_s = (0.28 - outputs.left_mps) / TRACKS.decel_mps2
    return bench.now_ns / 1e6 - fallen_s * 1e3


def test_starts_safe_braked_and_silent_until_booted(machine):
    bench = Bench(machine, SLOW_BOOT)
    bench.run(0.9, drive(0.2))
    assert bench.log == []
    bench.run(0.2)
    assert bench.status.state is ControllerState.BOOT
    assert ControllerFlag.BRAKE_ON in bench.status.flags
    assert bench.world.tracks.standing


def test_motion_needs_a_neutral_command_first(bench):
    bench.run(3.0, drive(0.28))
    assert bench.world.tracks.standing
    assert bench.status.state is ControllerState.SAFE
    bench.step(neutral())
    bench.run(1.0, drive(0.28))
    assert bench.status.state is ControllerState.RUN
    assert bench.world.tracks.belt_left_mps > 0.25


def test_rotor_too_needs_a_neutral_command_first(bench):
    bench.run(3.0, neutral(rotor_speed_radps=40.0, engine=EngineMode.WORK))
    assert bench.world.flail.rotor_radps == 0.0


@pytest.mark.parametrize("valid_for_ms", [150, 130, 70, 55])
def test_lease_ends_to_the_millisecond(bench, valid_for_ms):
    driving(bench)
    bench.send(drive(0.28, valid_for_ms=valid_for_ms))
    arrived_ms = bench.now_ns / 1e6
    bench.run(0.24)
    assert stop_instant_ms(bench) - arrived_ms == pytest.approx(valid_for_ms, abs=1e-4)
    bench.run(0.2)
    assert bench.status.state is ControllerState.SAFE
    assert ControllerFlag.LEASE_EXPIRED in bench.status.flags


def test_watchdog_of_its_own_stops_at_200_ms_when_the_lease_timer_is_dead(bench):
    driving(bench)
    bench.world.controller.lease_timer_dead = True
    bench.send(drive(0.28))
    arrived_ms = bench.now_ns / 1e6
    bench.run(0.3)
    assert stop_instant_ms(bench) - arrived_ms == pytest.approx(200.0, abs=1e-4)


def test_lease_is_capped_whatever_the_command_asks(machine):
    bench = Bench(machine, WorldParams(controller=ControllerParams(watchdog_ms=60)))
    driving(bench)
    bench.send(drive(0.28, valid_for_ms=150))
    arrived_ms = bench.now_ns / 1e6
    bench.run(0.16)
    assert stop_instant_ms(bench) - arrived_ms == pytest.approx(60.0, abs=1e-4)


def test_a_short_lapse_is_a_stop_that_is_shown_for_half_a_second_and_asks_for_neutral(bench):
    driving(bench)
    bench.step(drive(0.28, valid_for_ms=10))
    bench.run(2.0, drive(0.28))
    assert bench.status.state is ControllerState.SAFE
    assert bench.world.tracks.standing
    bench.run(0.04, neutral())
    bench.run(1.0, drive(0.28, valid_for_ms=40))
    assert bench.world.controller.outputs.left_mps == pytest.approx(0.28)
    bench.step(drive(0.28, valid_for_ms=10))
    bench.run(0.48, neutral())
    assert bench.status.state is ControllerState.SAFE
    bench.run(0.06, neutral())
    assert bench.status.state is ControllerState.RUN


@pytest.mark.long
def test_silence_beyond_the_watchdog_needs_neutral_again(bench):
    driving(bench)
    bench.run(0.5)
    bench.run(3.0, drive(0.28))
    assert bench.world.tracks.standing
    assert bench.status.state is ControllerState.SAFE
    bench.step(neutral())
    bench.run(1.0, drive(0.28))
    assert bench.world.tracks.belt_left_mps > 0.25


def test_each_command_is_answered_once_at_the_next_tick(bench):
    bench.ready()
    bench.log.clear()
    for _ in range(30):
        before = bench.sequence
        bench.step(neutral())
        answers = [
            message for t_ns, message in bench.log if t_ns == bench.now_ns and isinstance(message, ControllerStatus)
        ]
        assert [answer.command_sequence for answer in answers] == [before + 1]
    counts = [status.status_count for status in bench.got(ControllerStatus)]
    assert [b - a for a, b in itertools.pairwise(counts)] == [1] * 29


def test_ten_statuses_a_second_where_no_command_comes(bench):
    bench.run(1.0)
    bench.log.clear()
    bench.run(3.0)
    assert len(bench.got(ControllerStatus)) == 30
    assert bench.status.command_age_ms == 0xFFFF


def test_command_age_counts_from_arrival(bench):
    bench.ready()
    bench.run(0.1)
    assert bench.status.command_age_ms == 100


def test_old_or_repeated_sequence_renews_nothing(bench):
    driving(bench)
    sequence = bench.sequence
    for _ in range(30):
        bench.sequence = sequence - 1
        bench.step(drive(0.28))
    assert bench.status.command_sequence == sequence
    assert bench.world.tracks.belt_left_mps < 0.05


def test_sequence_wraps(bench):
    bench.ready()
    bench.run(0.7)
    bench.sequence = 0xFFFF_FFFF - 25
    bench.step(neutral())
    bench.run(1.0, drive(0.28))
    assert bench.status.command_sequence == bench.sequence & 0xFFFF_FFFF
    assert bench.sequence > 0xFFFF_FFFF
    assert bench.world.tracks.belt_left_mps > 0.25


def test_restarted_host_is_heard_after_the_watchdog_and_from_neutral(bench):
    driving(bench)
    bench.sequence = 0
    bench.run(0.18, neutral())
    assert bench.status.command_sequence > 10
    bench.run(0.2, neutral())
    assert bench.status.command_sequence == bench.sequence


def test_kill_brakes_at_once_cuts_the_engine_and_latches(bench):
    driving(bench, 1.0)
    bench.step(neutral(kill=True))
    bench.step(neutral(kill=True))
    assert bench.status.state is ControllerState.ESTOP
    assert ControllerFlag.KILL in bench.status.flags
    bench.run(0.5, neutral(kill=True))
    assert bench.world.tracks.standing
    assert not bench.world.engine.running
    for command in (drive(0.28, reset=True), neutral(), neutral(kill=True, reset=True)):
        bench.run(0.5, command)
        assert bench.status.state is ControllerState.ESTOP
        assert bench.world.tracks.standing
    bench.step(neutral(reset=True))
    bench.run(0.1, neutral())
    assert bench.status.state is ControllerState.RUN
    assert bench.world.tracks.standing
    # Starting the engine is an act at the machine.
    assert not bench.world.engine.running


def test_open_chain_stops_at_once_and_closing_it_starts_nothing(bench):
    driving(bench, 1.0, rotor_speed_radps=40.0)
    bench.world.controller.estop_chain_open = True
    bench.step(drive(1.0))
    assert bench.world.controller.outputs.left_mps == 0.0
    bench.run(0.5, neutral())
    assert bench.world.tracks.standing
    assert ControllerFlag.ESTOP_CHAIN_OPEN in bench.status.flags
    bench.world.controller.reset_at_machine()
    bench.run(0.1, neutral())
    assert bench.status.state is ControllerState.ESTOP
    bench.world.controller.estop_chain_open = False
    bench.run(0.5, neutral(reset=True))
    assert bench.status.state is ControllerState.ESTOP
    bench.world.controller.reset_at_machine()
    bench.run(1.0, drive(1.0))
    assert bench.status.state is ControllerState.SAFE
    assert bench.world.tracks.standing
    bench.run(0.1, neutral())
    assert bench.status.state is ControllerState.RUN


def test_reboot_counts_forgets_and_demands_neutral(bench):
    driving(bench)
    bench.world.controller.reboot(bench.now_ns)
    bench.run(2.0, drive(0.28))
    assert bench.status.boot_count == 2
    assert bench.world.tracks.standing
    assert bench.status.time_ms < 2_000
    assert bench.status.state is ControllerState.SAFE


def test_hung_controller_repeats_itself_until_its_hardware_watchdog_bites(bench):
    driving(bench)
    bench.log.clear()
    bench.world.controller.hang(bench.now_ns)
    bench.run(0.1, neutral())
    assert len({status.status_count for status in bench.got(ControllerStatus)}) == 1
    assert len(bench.got(ControllerStatus)) == 5
    assert bench.world.controller.outputs.left_mps == pytest.approx(0.28)
    bench.run(1.0, neutral())
    assert bench.status.boot_count == 2
    assert bench.status.fault_bits & ControllerFault.WATCHDOG_RESET
    assert bench.world.tracks.standing


def test_greets_at_1_hz_until_the_host_agrees(bench):
    bench.run(3.35, neutral())
    assert len(bench.hellos) == 4
    hello = bench.hellos[0]
    assert (hello.config_hash, hello.boot_count, hello.protocol_version, hello.watchdog_ms) == (HASH, 1, 2, 200)
    for config_hash, more in ((bytes(8), 3), (HASH, 1)):
        before = len(bench.hellos)
        reply = ControllerHello(
            protocol_version=2, firmware_version=1, config_hash=config_hash, watchdog_ms=150, boot_count=0
        )
        bench.host.write(adapters.encode_hello(reply, 0, adapters.HOST_COMPONENT_ID))
        bench.run(2.5, neutral())
        assert len(bench.hellos) - before == more


def test_command_out_of_range_is_refused_told_and_renews_nothing(bench):
    driving(bench)
    spec = SPEC_BY_NAME["FLAIL_COMMAND"]
    # A lease of 300 ms: well-formed, and more than any command may ask.
    payload = spec.packer.pack(10_000, 1, 0.28, 0.28, 0.0, 0.0, 0, 300, 0, ToolMode.HOLD, EngineMode.KEEP)
    for _ in range(30):
        bench.host.write(frame_bytes(spec.header_id, bytes([spec.crc_extra]), payload, 1, 1, 1))
        bench.step()
    assert bench.status.fault_bits & ControllerFault.COMMAND
    assert bench.world.tracks.belt_left_mps < 0.05


def test_stopping_fault_is_latched_until_reset_with_its_cause_gone(bench):
    driving(bench)
    controller = bench.world.controller
    controller.faults_present = int(ControllerFault.OUTPUT)
    bench.run(2.0, drive(0.28))
    assert bench.status.state is ControllerState.FAULT
    assert bench.world.tracks.standing
    bench.run(0.1, neutral(reset=True))
    assert bench.status.state is ControllerState.FAULT
    controller.faults_present = 0
    bench.run(0.1, drive(0.28, reset=True))
    assert bench.status.state is ControllerState.FAULT
    bench.step(neutral(reset=True))
    bench.run(0.1, neutral())
    assert bench.status.state is ControllerState.RUN
    assert bench.status.fault_bits == 0


def test_introduction_of_the_host_drops_the_lease_and_demands_neutral(bench):
    driving(bench)
    reply = ControllerHello(protocol_version=2, firmware_version=1, config_hash=HASH, watchdog_ms=150, boot_count=0)
    bench.host.write(adapters.encode_hello(reply, 0, adapters.HOST_COMPONENT_ID))
    bench.sequence = 0
    bench.run(2.0, drive(0.28))
    assert bench.world.tracks.standing
    bench.step(neutral())
    assert bench.status.command_sequence == bench.sequence
    bench.run(1.0, drive(0.28))
    assert bench.world.tracks.belt_left_mps > 0.25


def test_mute_controller_still_obeys(bench):
    driving(bench)
    bench.log.clear()
    bench.world.controller.mute = True
    bench.run(1.0, drive(0.28))
    assert bench.log == []
    assert bench.world.tracks.belt_left_mps > 0.25


@pytest.mark.parametrize("old_ms", [0, 40, 100])
def test_a_lease_counts_from_the_stamp_that_it_carries(bench, old_ms):
    driving(bench)
    bench.sequence += 1
    stamp_ms = bench.world.controller.time_ms(bench.now_ns) - old_ms
    bench.host.write(
        adapters.encode_command(drive(0.28, sequence=bench.sequence, controller_time_ms=stamp_ms), bench.sequence)
    )
    arrived_ms = bench.now_ns / 1e6
    bench.run(0.24)
    assert stop_instant_ms(bench) - arrived_ms == pytest.approx(150.0 - old_ms, abs=1e-4)


def test_the_end_of_a_run_is_told_in_the_tick_in_which_it_came(bench):
    driving(bench)
    bench.step(drive(0.28, valid_for_ms=50))
    for _ in range(2):
        assert bench.status.state is ControllerState.RUN
        bench.step()
    assert bench.status.state is ControllerState.SAFE


def test_kill_is_heard_in_a_command_that_is_refused(bench):
    driving(bench)
    spec = SPEC_BY_NAME["FLAIL_COMMAND"]
    payload = spec.packer.pack(10_000, 1, 0.28, 0.28, 0.0, 0.0, 0, 300, 16, ToolMode.HOLD, EngineMode.KEEP)
    bench.host.write(frame_bytes(spec.header_id, bytes([spec.crc_extra]), payload, 1, 1, 1))
    bench.step()
    assert bench.status.state is ControllerState.ESTOP
