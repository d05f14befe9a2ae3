"""A frame to all vehicles (target system 0) stops, and does nothing else: with several on one radio each is named."""

from typing import Any

import pytest

from firmware_bridge.mavlink import _dialect as d
from firmware_bridge.types import OperatorEdge
from tests.operator_link.exchange import Exchange, acks, names, texts
from vehicle.contracts.messages import Mode
from vehicle.operator_link.acts import NAME_IT
from vehicle.operator_link.transfer import FENCE, MISSION

ALL: dict[str, Any] = {"target_system": 0, "target_component": 0}
HOLD, LOITER, MANUAL, AUTO, SMART_RTL = 4, 5, 0, 10, 12
CUSTOM = 1.0
TOWARDS_MOTION = {
    "arm": (400, (1.0,)),
    "arm with force": (400, (1.0, 21196.0)),
    "start": (300, ()),
    "go on": (193, (1.0,)),
    "auto": (176, (CUSTOM, AUTO)),
    "manual": (176, (CUSTOM, MANUAL)),
    "back out": (176, (CUSTOM, SMART_RTL)),
    "standard mission": (262, (float(d.MAV_STANDARD_MODE_MISSION),)),
    "home": (20, ()),
}
STOPS = {
    "disarm": (400, (0.0,), OperatorEdge.STOP),
    "pause": (193, (0.0,), OperatorEdge.STOP),
    "hold": (176, (CUSTOM, HOLD), OperatorEdge.STOP),
    "loiter": (17, (), OperatorEdge.STOP),
    "disarm with force": (400, (0.0, 21196.0), OperatorEdge.ESTOP),
    "terminate": (185, (1.0,), OperatorEdge.ESTOP),
}
WIRES = ("COMMAND_LONG", "COMMAND_INT")


def say(link: Exchange, wire: str, command: int, params: tuple[float, ...], **to: Any) -> list[tuple[str, Any]]:
    """The same command by either message."""
    named: dict[str, Any] = {f"param{n + 1}": value for n, value in enumerate(params)}
    link.say(wire, command=command, **named, **(to or ALL))
    return link.hear()


def edges(link: Exchange, ticks: int = 60) -> OperatorEdge:
    found = OperatorEdge.NONE
    for frame in link.ticks(ticks):
        assert not frame.hold_to_run
        assert (frame.drive, frame.turn) == (0.0, 0.0)
        found |= frame.edges
    return found


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("name", TOWARDS_MOTION)
@pytest.mark.parametrize("mode", [Mode.DISARMED, Mode.READY])
def test_nothing_that_leads_towards_motion_is_heard(name: str, wire: str, mode: Mode) -> None:
    link = Exchange(bench=True)
    link.vehicle(mode, (), 255 if mode is Mode.READY else 0)
    answer = say(link, wire, *TOWARDS_MOTION[name])
    assert acks(answer) == [d.MAV_RESULT_DENIED]
    assert NAME_IT in texts(answer)
    assert len(NAME_IT) <= 50
    assert edges(link) in (OperatorEdge.NONE, OperatorEdge.ATTENTION)


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("name", STOPS)
def test_whatever_stops_is_heard(name: str, wire: str) -> None:
    command, params, edge = STOPS[name]
    link = Exchange()
    link.vehicle(Mode.MANUAL, (), 254)
    say(link, wire, command, params)
    assert edge in edges(link, 2)


def test_a_disarm_to_all_stops_and_resets_nothing() -> None:
    link = Exchange()
    link.vehicle(Mode.HOLD, ("operator_stop",))
    link.hear(1.0)
    answer = say(link, "COMMAND_LONG", 400, (0.0,))
    assert acks(answer) == [d.MAV_RESULT_DENIED]
    assert NAME_IT in texts(answer)
    assert edges(link) is OperatorEdge.STOP
    to = {"target_system": 1, "target_component": 1}
    link.say("COMMAND_LONG", command=400, param1=0.0, confirmation=1, **to)
    link.vehicle(Mode.HOLD, ("operator_stop",), 255)
    assert OperatorEdge.DISARM in edges(link), "named, it is another command"


@pytest.mark.parametrize(("custom_mode", "stops"), [(HOLD, True), (LOITER, True), (AUTO, False), (MANUAL, False)])
def test_a_mode_to_all_only_stops(custom_mode: int, stops: bool) -> None:
    link = Exchange(bench=True)
    link.vehicle(Mode.READY, (), 255)
    link.say("SET_MODE", target_system=0, base_mode=1, custom_mode=custom_mode)
    assert (NAME_IT in texts(link.hear())) is not stops
    assert (OperatorEdge.STOP in edges(link)) is stops
    assert link.link.view.idle_mode == (custom_mode if stops else MANUAL)


@pytest.mark.parametrize("name", ["RC_CHANNELS_OVERRIDE", "MANUAL_CONTROL"])
def test_sticks_to_all_are_no_sticks(name: str) -> None:
    link = Exchange()
    link.say("HEARTBEAT", type=6)
    link.vehicle(Mode.MANUAL, (), 255)
    for drive in (0, 0, 0, 1, 1, 1, 1):
        if name == "MANUAL_CONTROL":
            link.say(name, target=0, z=800 * drive, buttons=16 * drive)
        else:
            link.say(name, **ALL, chan1_raw=1500, chan3_raw=1500 + 400 * drive, chan8_raw=1000 + 900 * drive)
        assert edges(link, 3) is OperatorEdge.NONE
    station = link.link.station(255)
    assert station is not None
    assert station.sticks.newest is None


@pytest.mark.parametrize("kind", [MISSION, FENCE])
@pytest.mark.parametrize("name", ["MISSION_COUNT", "MISSION_ITEM_INT", "MISSION_ITEM", "MISSION_CLEAR_ALL"])
def test_lists_sent_to_all_change_nothing(name: str, kind: int) -> None:
    link = Exchange()
    held = link.desk.lists.held(kind)
    link.say(name, mission_type=kind, **ALL)
    answer = link.hear()
    assert [fields["type"] for said, fields in answer if said == "MISSION_ACK"] == [d.MAV_MISSION_DENIED]
    assert NAME_IT in texts(answer)
    assert link.desk.lists.held(kind) == held
    assert not link.proposals
    assert not link.desk.lists.uploading


def test_a_parameter_set_for_all_is_refused_and_questions_to_all_are_answered() -> None:
    link = Exchange()
    before = link.link.parameters["MAN_SPEED"]
    link.say("PARAM_SET", param_id="MAN_SPEED", param_value=0.1, param_type=9, **ALL)
    assert texts(link.hear())[-1] == NAME_IT
    assert link.link.parameters["MAN_SPEED"] == before
    link.say("PARAM_REQUEST_READ", param_id="MAN_SPEED", param_index=-1, **ALL)
    assert names(link.hear()) == ["PARAM_VALUE"]
    link.say("MISSION_REQUEST_LIST", mission_type=MISSION, **ALL)
    assert names(link.hear()) == ["MISSION_COUNT"]
    assert names(say(link, "COMMAND_LONG", 512, (148.0,))) == ["COMMAND_ACK", "AUTOPILOT_VERSION"]
