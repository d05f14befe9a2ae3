"""Every row of the table of bad inputs: refused, and nothing but counters changes."""

import math
from collections.abc import Callable

import pytest

from console.client.link import LinkProtocol
from console.client.station import Controls
from firmware_bridge.types import OperatorEdge
from tests.operator_link import bad_inputs
from tests.operator_link.bad_inputs import CASES, STRANGER
from tests.operator_link.test_attacks import HERE, MESSAGES, Radio, connected, forged
from vehicle.contracts.messages import Mode

Pair = tuple[Radio, LinkProtocol]


@pytest.fixture(scope="module")
def pair() -> Pair:
    """One vehicle for all rows: what a row left behind would show in the next one."""
    return connected()


def unchanged(pair: Pair, make: Callable[[Radio, LinkProtocol], list[bytes]], *, genuine: bool = False) -> bool:
    radio, console = pair
    radio.vehicle(Mode.DISARMED if genuine else Mode.MANUAL)  # armed, nothing could be set anyway
    radio.talk(console, 0.1)
    datagrams = make(radio, console)
    radio.frames()
    before, marks = radio.state(), radio.marks()
    for address in (HERE, STRANGER):
        for datagram in datagrams:
            radio.attack(datagram, address)
    same = radio.state() == before and (genuine or radio.marks() == marks)
    radio.talk(console, 0.4, controls=Controls(drive=0.2))
    return same and bool(radio.frames())


@pytest.mark.parametrize("name", CASES)
def test_it_changes_nothing_and_the_console_is_heard_at_once(pair: Pair, name: str) -> None:
    assert unchanged(pair, CASES[name].make, genuine=CASES[name].genuine)


def test_there_are_enough_of_them_and_the_page_lists_them() -> None:
    assert len(CASES) >= 150
    assert bad_inputs.PAGE.read_text(encoding="utf-8") == bad_inputs.page(), (
        "run python -m tests.operator_link.bad_inputs"
    )


def test_a_change_would_be_seen() -> None:
    pair = connected()

    def parameter(radio: Radio, _: LinkProtocol) -> list[bytes]:
        return [bad_inputs._good(radio, *MESSAGES["parameter"])]

    assert unchanged(pair, lambda _r, _c: [forged("wrong key", *MESSAGES["parameter"])])
    assert not unchanged(pair, parameter, genuine=True)


@pytest.mark.parametrize("edge", [OperatorEdge.STOP, OperatorEdge.ESTOP])
@pytest.mark.parametrize(
    "broken",
    [{"drive": math.nan}, {"turn": 2.0}, {"tool_value": math.inf}, {"tilt": math.nan}, {"battery": -1.0},
     {"tool_mode": 99}, {"flags": 255}, {"edges": 1 << 15}],
    ids=lambda fields: next(iter(fields)),
)  # fmt: skip
def test_a_stop_counts_whatever_else_in_its_frame_cannot_be(
    pair: Pair, broken: dict[str, float], edge: OperatorEdge
) -> None:
    radio, _ = pair
    radio.frames()
    edges = int(edge) | int(broken.get("edges", 0))
    fields = {"session_id": 77, "sequence": 9**6, **broken, "edges": edges}
    radio.attack(bad_inputs._good(radio, "FLAIL_OPERATOR", fields), HERE)
    (frame,) = radio.frames()
    assert frame.edges == edge
    assert not frame.hold_to_run
