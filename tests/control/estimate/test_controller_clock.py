"""The newest stamp of the controller's clock: what each command is counted from."""

import pytest
from msgspec.structs import replace

from tests import builders
from vehicle.contracts.messages import Inputs
from vehicle.contracts.units import NS_PER_S
from vehicle.control.estimate import wire as wires
from vehicle.control.state import WireState

NOTHING = WireState()


def seen(*each: Inputs, wire: WireState = NOTHING) -> int:
    for number, inputs in enumerate(each):
        wire = wires.step(wire, inputs, number)
    return wire.controller_time_ms


def status(time_ms: int, boot_count: int = 1) -> Inputs:
    return Inputs(status=replace(builders.status(), time_ms=time_ms, boot_count=boot_count))


def imu(time_ms: int) -> Inputs:
    return Inputs(imu=replace(builders.imu(), time_ms=time_ms))


def gnss(time_ms: int) -> Inputs:
    return Inputs(gnss=replace(builders.gnss(0.0, 0.0, 0.0, 0.3), time_ms=time_ms))


def test_before_the_first_word_it_is_zero_and_stays_where_nothing_comes() -> None:
    assert seen(Inputs()) == 0
    assert seen(status(700), Inputs(), Inputs()) == 700


def test_the_newest_of_three_counts_and_an_older_epoch_takes_nothing_back() -> None:
    assert seen(status(700), imu(710)) == 710
    assert seen(imu(710), gnss(720)) == 720
    assert seen(status(700), imu(710), gnss(650)) == 710
    together = Inputs(status=status(700).status, imu=imu(705).imu, gnss=gnss(610).gnss)
    assert seen(together) == 700, "the first status of a boot sets the clock"
    assert seen(together, replace(together, status=status(720).status)) == 720
    assert seen(together, together) == 705


def test_it_goes_on_over_the_wrap() -> None:
    assert seen(status(2**32 - 5), imu(3)) == 3
    assert seen(status(2**32 - 5), imu(2**32 - 9)) == 2**32 - 5
    assert seen(status(10), imu(10 + 2**31)) == 10


def test_a_stamp_that_runs_ahead_of_time_is_not_believed_and_locks_nothing_out() -> None:
    assert seen(status(1000), imu(1300)) == 1300
    assert seen(status(1000), imu(1301)) == 1000
    assert seen(status(1000), status(3_000_000), status(1020), imu(1040)) == 1040
    assert seen(status(1000), Inputs(status=status(1020).status, imu=imu(900_000).imu)) == 1020


def test_time_that_passed_here_is_granted_to_the_controller_too() -> None:
    wire = wires.step(NOTHING, status(1000), 0)
    assert wires.step(wire, imu(3300), 2 * NS_PER_S).controller_time_ms == 3300
    assert wires.step(wire, imu(3301), 2 * NS_PER_S).controller_time_ms == 1000


@pytest.mark.parametrize("odd_ms", [900_000, 500])
def test_a_clock_that_jumped_is_followed_once_nothing_else_came_for_a_while(odd_ms: int) -> None:
    jumped = [imu(odd_ms + n) for n in range(10)]
    assert seen(status(1000), *jumped) == 1000
    assert seen(status(1000), *jumped, imu(odd_ms + 10)) == odd_ms + 10
    assert seen(status(1000), *jumped[:9], imu(1010), *jumped) == 1010


def test_another_boot_begins_anew() -> None:
    assert seen(status(500_000), status(40, boot_count=2)) == 40
    assert seen(status(500_000), status(40)) == 500_000
