"""The newest stamp of the controller's clock: what each command is counted from."""

from msgspec.structs import replace

from tests import builders
from vehicle.estimate import wire as wires
from vehicle.messages import Inputs
from vehicle.state import WireState

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
    assert seen(status(10), imu(10 + 2**31 - 1)) == 10 + 2**31 - 1


def test_another_boot_begins_anew() -> None:
    assert seen(status(500_000), status(40, boot_count=2)) == 40
    assert seen(status(500_000), status(40)) == 500_000
