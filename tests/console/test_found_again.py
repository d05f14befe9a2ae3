"""A console that only watches finds a restarted vehicle again by itself; STOP arrives in every phase of that."""

import pytest

from benchmarks.trials.linked_scenario import STATION_ID
from console.client.acts import ActResult
from console.client.session import SILENT_NS
from console.client.view import LinkState
from firmware_bridge.mavlink import adapters
from firmware_bridge.mavlink.framing import Frame, FrameParser
from firmware_bridge.mavlink.tables import SPECS
from firmware_bridge.types import OperatorEdge, OperatorFrame
from tests.console.rig import ConsoleRig
from tests.marks import every, some
from vehicle.contracts.messages import ACTIVE_MODES, Mode
from vehicle.contracts.units import TICK_S
from vehicle.operator_link.link import OperatorLink

pytestmark = pytest.mark.long
E = OperatorEdge
FOUND_S = SILENT_NS / 1e9 + 2.5
"""Longest time to a new session: silence is noticed, the stamp is learned with the next heartbeat, two more answers."""


def watching() -> ConsoleRig:
    """A console that only watches: nobody has taken control, and no reading was ever made."""
    rig = ConsoleRig()
    rig.page.live = False
    rig.run(4.0)
    assert found(rig)
    return rig


def found(rig: ConsoleRig) -> bool:
    """Whether the console has a session with the vehicle's present start, and hears it."""
    protocol = rig.page.protocol
    state = protocol.view(rig.now_ns).state
    return protocol.open and protocol.session.session_id == rig.state.session_id and state is LinkState.OPEN


def until_found(rig: ConsoleRig, limit_s: float = FOUND_S) -> float:
    """Seconds until then."""
    for step in range(round(limit_s / TICK_S)):
        if found(rig):
            return step * TICK_S
        rig.step()
    raise AssertionError(f"not found again in {limit_s} s: {rig.page.protocol.view(rig.now_ns)}")


def sent(rig: ConsoleRig, name: str) -> list[Frame]:
    """What the console has sent of one message."""
    heard = [frame for datagram in rig.page.sent for frame in FrameParser().feed(datagram)]
    return [frame for frame in heard if SPECS[frame.msg_id].name == name]


def frames(rig: ConsoleRig) -> list[OperatorFrame]:
    """Every reading and stop that the console has sent."""
    decoded = [adapters.decode_operator(frame) for frame in sent(rig, "FLAIL_OPERATOR")]
    return [one for one in decoded if one is not None]


def dead_for(rig: ConsoleRig, seconds: float) -> None:
    """The vehicle's program ends, and is started again after this time."""
    rig.process.dead = True
    rig.run(seconds)
    rig.process.restart()


@pytest.mark.parametrize("off_s", every(2, [0.0, 0.4, 1.9, 3.0, 40.0]))
def test_a_restarted_vehicle_is_found_again_and_nothing_was_driven(off_s: float) -> None:
    rig = watching()
    dead_for(rig, off_s)
    until_found(rig)
    rig.run(3.0)
    protocol = rig.page.protocol
    assert found(rig)
    assert protocol.beat is not None
    assert protocol.beat.tick >= rig.state.tick - 10
    assert protocol.work is not None
    assert protocol.work.tick >= rig.state.tick - 50
    assert frames(rig) == []
    assert (rig.state.gate.holder, rig.mode) == (0, Mode.DISARMED)


def test_a_vehicle_that_forgot_a_console_in_a_long_gap_of_the_radio_is_found_again() -> None:
    """It is the same start of the vehicle; only the radio was gone for longer than it remembers an address."""
    rig = watching()
    rig.up.cut = rig.down.cut = True
    rig.run(45.0)
    rig.link.present.forget(rig.now_ns)
    assert rig.link.peers == {}
    assert rig.page.protocol.view(rig.now_ns).state is LinkState.LOST
    rig.up.cut = rig.down.cut = False
    until_found(rig)
    assert frames(rig) == []


def test_silence_is_shown_as_a_lost_link_however_long_it_lasts() -> None:
    rig = watching()
    rig.process.dead = True
    rig.run(1.0)
    shown = set()
    for _ in range(20):
        rig.run(1.0)
        shown.add(rig.page.protocol.view(rig.now_ns).state)
    assert shown == {LinkState.LOST}


def test_a_short_silence_ends_no_session() -> None:
    rig = watching()
    asked = len(sent(rig, "FLAIL_PROOF"))
    rig.down.cut = True
    rig.run(SILENT_NS / 1e9 - 0.3)
    rig.down.cut = False
    rig.run(3.0)
    assert len(sent(rig, "FLAIL_PROOF")) == asked


TOWARDS = (E.ARM, E.RESET, E.MISSION_START, E.RECOVERY, E.ACKNOWLEDGE, E.RELEASE_ESTOP)


@pytest.mark.parametrize("off_s", some([0.1, 2.5], 1, pytest.mark.release))
def test_in_the_new_session_nothing_but_a_new_take_leads_to_motion(off_s: float) -> None:
    """A thumb that stays on the stick, and every other act pressed before, during and after the restart."""
    rig = ConsoleRig().manual()
    rig.hold(0.4)
    assert rig.moves(5.0)
    rig.process.dead = True
    modes, presses = set(), 0
    for step in range(round((off_s + 8.0) / TICK_S)):
        if step == round(off_s / TICK_S):
            rig.process.restart()
            assert rig.state.gate.holder == 0
        if step % 30 == 5:
            rig.page.protocol.act(TOWARDS[presses % len(TOWARDS)], rig.now_ns)
            presses += 1
        rig.step()
        modes |= {rig.mode} if rig.process.runs else set()
    assert presses > len(TOWARDS)
    assert modes.isdisjoint({Mode.READY, *ACTIVE_MODES})
    assert rig.state.gate.holder == 0
    assert found(rig)
    rig.let_go()
    rig.run(1.0)
    rig.taken(E.TAKE)
    if "moved_while_braked" in rig.reasons:
        rig.taken(E.ACKNOWLEDGE)
    for edge in (E.RESET, E.ARM, E.ARM):
        if rig.mode is not Mode.MANUAL:
            rig.taken(edge)
    assert rig.mode is Mode.MANUAL


def test_acts_of_the_silence_are_not_done_after_it() -> None:
    rig = ConsoleRig()
    rig.run(3.0)
    rig.down.cut = True
    rig.run(SILENT_NS / 1e9 - 0.1)
    numbers = [rig.page.protocol.act(edge, rig.now_ns) for edge in (E.TAKE, E.ARM)]
    rig.up.cut = True
    rig.run(0.4)
    rig.up.cut = rig.down.cut = False
    until_found(rig)
    rig.run(3.0)
    ends = {answer.number: answer.result for answer in rig.page.answers}
    assert ends == dict.fromkeys(numbers, ActResult.NO_ANSWER)
    assert len([frame for frame in frames(rig) if frame.edges & E.ARM]) == 0


@pytest.mark.parametrize("driving", [False, True])
def test_a_session_that_the_vehicle_alone_has_ended_is_proved_anew(*, driving: bool) -> None:
    """As where another station came up with this number: the vehicle stops, and forgets the session."""
    rig = ConsoleRig().manual()
    if driving:
        rig.hold(0.4)
        assert rig.moves(5.0)
    rig.link._doubt(STATION_ID)
    assert not rig.link.sessions.has(STATION_ID)
    rig.run(2.0)
    assert rig.link.sessions.has(STATION_ID)
    assert found(rig)
    assert rig.mode is Mode.HOLD
    assert not rig.moves(2.0)
    rig.let_go()
    rig.run(1.0)
    assert "duplicate_station" in rig.reasons
    for edge in (E.TAKE, E.ACKNOWLEDGE, E.RESET, E.ARM, E.ARM):
        if rig.mode is not Mode.MANUAL:
            rig.taken(edge)
    assert rig.mode is Mode.MANUAL


def test_a_session_is_proved_once_and_not_again_while_both_sides_know_it() -> None:
    rig = ConsoleRig().manual()
    asked = len(sent(rig, "FLAIL_PROOF"))
    rig.run(20.0)
    assert len(sent(rig, "FLAIL_PROOF")) == asked


PHASES_S = (-0.30, -0.03, 0.0, 0.1, 0.5, 1.0, 1.9, 2.0, 2.1, 2.4, 2.5, 2.52, 2.6, 2.8, 3.2, 4.0, 6.0)
"""Time of the press after the end of the old program; the new one runs from 2.5 s on."""
OFF_S = 2.5


@pytest.mark.parametrize("edge", [E.STOP, E.ESTOP])
@pytest.mark.parametrize("pressed_s", every(3, PHASES_S))
def test_stop_arrives_before_during_and_after(
    pressed_s: float, edge: OperatorEdge, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig, took_s = watching(), []
    stop = OperatorLink.stop

    def noted(link: OperatorLink, edges: OperatorEdge) -> None:
        took_s.append(rig.time_s - ended_s)
        assert edges is edge
        stop(link, edges)

    monkeypatch.setattr(OperatorLink, "stop", noted)
    ended_s = rig.time_s + 0.3
    for step in range(-15, round((max(pressed_s, OFF_S) + 1.0) / TICK_S)):
        if step == 0:
            rig.process.dead = True
        if step == round(OFF_S / TICK_S):
            rig.process.restart()
        if step == round(pressed_s / TICK_S):
            rig.page.protocol.stop(rig.now_ns, engine_off=edge is E.ESTOP)
        rig.step()
    first_s = pressed_s if pressed_s < 0.0 else max(pressed_s, OFF_S)
    assert first_s <= took_s[0] <= first_s + 0.4 or (pressed_s < 0.0 and OFF_S <= took_s[0] <= OFF_S + 0.4)
    assert [(answer.edge, answer.result) for answer in rig.page.answers] == [(edge, ActResult.ACCEPTED)]
    if edge is E.ESTOP:  # FAULT: the old program took it, and ended before its latch was on disk
        assert rig.mode in (Mode.ESTOP, Mode.FAULT)
    assert [frame for frame in frames(rig) if frame.hold_to_run or frame.drive or frame.edges is not edge] == []
    until_found(rig)
