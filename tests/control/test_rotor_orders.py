"""What the ledger is told of a rotor whose sensor seems to stand: once, and from when on."""

from vehicle.contracts.ledger_types import Knowledge, Order
from vehicle.contracts.units import NS_PER_S
from vehicle.control.state import RotorWatch
from vehicle.control.tick import _rotor_orders

SINCE_NS = 58 * NS_PER_S
SURE, DOUBTED = RotorWatch(), RotorWatch(doubt_tick=900, doubt_t_ns=SINCE_NS)


def test_row_59_all_since_the_sensor_may_have_stood_is_withdrawn_swept_ground_too() -> None:
    (order,) = _rotor_orders(SURE, DOUBTED)
    assert isinstance(order, Order)
    assert (order.kind, order.good, order.by, order.flags) == (Knowledge.ROTOR, False, "vehicle", 7)
    assert order.since_t_ns == SINCE_NS


def test_it_is_told_once() -> None:
    assert _rotor_orders(SURE, SURE) == ()
    assert _rotor_orders(DOUBTED, DOUBTED) == ()
    assert _rotor_orders(DOUBTED, SURE) == ()
