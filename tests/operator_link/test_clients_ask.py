"""What single clients ask beside the common: versions, channels, checks, old mission requests, texts they can show."""

import msgspec
import pytest

from firmware_bridge.mavlink import codec
from tests.operator_link.exchange import SESSION, Exchange, acks, gate_report, names, report, texts
from vehicle.contracts.messages import Event, Mode
from vehicle.operator_link.peer import TEXT_SIZE, lines
from vehicle.operator_link.transfer import MISSION

ACCEPTED, DENIED = 0, 2
TO = {"target_system": 1, "target_component": 1}


@pytest.fixture
def link() -> Exchange:
    made = Exchange(bench=True)
    made.say("HEARTBEAT", type=6)
    made.hear()
    return made


def test_versions_are_answered_by_every_way_of_asking(link: Exchange) -> None:
    for command, params, name in (
        (512, (148.0,), "AUTOPILOT_VERSION"),
        (520, (1.0,), "AUTOPILOT_VERSION"),
        (512, (300.0,), "PROTOCOL_VERSION"),
        (519, (1.0,), "PROTOCOL_VERSION"),
    ):
        heard = link.command(command, *params)
        assert acks(heard) == [ACCEPTED]
        assert name in names(heard)
    link.say("AUTOPILOT_VERSION_REQUEST", **TO)
    assert names(link.hear()) == ["AUTOPILOT_VERSION"]
    version = dict(link.command(512, 300.0))["PROTOCOL_VERSION"]
    assert (version["version"], version["min_version"], version["max_version"]) == (200, 200, 200)


def test_the_arming_checks_are_all_on_and_stay_so(link: Exchange) -> None:
    link.say("PARAM_REQUEST_READ", param_id="ARMING_CHECK", param_index=-1, **TO)
    assert dict(link.hear())["PARAM_VALUE"]["param_value"] == 1.0
    link.say("PARAM_SET", param_id="ARMING_CHECK", param_value=0.0, param_type=9, **TO)
    assert dict(link.hear())["PARAM_VALUE"]["param_value"] == 1.0


def test_channels_are_the_holders_overrides_and_unused_without(link: Exchange) -> None:
    def channels() -> tuple[int, int, int, int]:
        heard = [said for name, said in link.hear(1.2, streams=True) if name == "RC_CHANNELS"]
        last = heard[-1]
        return last["chancount"], last["chan1_raw"], last["chan3_raw"], last["chan18_raw"]

    assert channels() == (0, 65535, 65535, 65535)
    link.vehicle(Mode.READY, holder=255)
    for _ in range(2):
        link.say("RC_CHANNELS_OVERRIDE", chan1_raw=1400, chan3_raw=1600, **TO)
        link.now_ns += 800_000_000
    link.say("RC_CHANNELS_OVERRIDE", chan1_raw=1400, chan3_raw=1600, **TO)
    link.hear(0.02)
    assert link.link.view.pulses[:4] == (1400, 65535, 1600, 65535)
    assert channels()[0] == 0  # a stream that ceased is no stick


def test_the_component_that_asked_is_answered(link: Exchange) -> None:
    for component in (190, 191, 25, 190):
        frame = codec.encode_fields("COMMAND_LONG", {"command": 512, "param1": 148.0, **TO}, 0, 255, component)
        link.link.receive(link.channel, ("127.0.0.1", 14551), frame, link.now_ns)
        said = dict(link.hear())["COMMAND_ACK"]
        assert (said["target_system"], said["target_component"]) == (255, component)
        frame = codec.encode_fields("MISSION_REQUEST_LIST", TO, 0, 255, component)
        link.link.receive(link.channel, ("127.0.0.1", 14551), frame, link.now_ns)
        assert dict(link.hear())["MISSION_COUNT"]["target_component"] == component


def test_an_arming_under_way_answers_the_component_that_asked_and_no_other(link: Exchange) -> None:
    for component in (190, 25):
        frame = codec.encode_fields("COMMAND_LONG", {"command": 400, "param1": 1.0, **TO}, 0, 255, component)
        link.link.receive(link.channel, ("127.0.0.1", 14551), frame, link.now_ns)
    link.vehicle(Mode.READY, holder=255)
    said = [fields for name, fields in link.hear(0.1) if name == "COMMAND_ACK"]
    assert [(one["target_component"], one["result"]) for one in said] == [(190, ACCEPTED), (25, ACCEPTED)]


def upload(link: Exchange, *, old_only: bool, seconds: float = 6.0) -> list[str]:
    """Our own plan sent back by a client that answers one kind of question only."""
    items = link.link.lists.items(MISSION)
    link.say("MISSION_COUNT", count=len(items), mission_type=0, **TO)
    asked: list[str] = []
    for _ in range(round(seconds / 0.02)):
        for name, said in link.hear(0.02):
            asked.append(name)
            wanted = "MISSION_REQUEST" if old_only else "MISSION_REQUEST_INT"
            if name != wanted:
                continue
            item = items[said["seq"]]
            fields = {f"param{number + 1}": value for number, value in enumerate(item.params)}
            fields |= {"seq": said["seq"], "command": item.command, "frame": item.frame, "z": item.z}
            fields |= {"autocontinue": item.autocontinue, "mission_type": 0, **TO}
            link.say("MISSION_ITEM_INT", x=item.x, y=item.y, **fields)
        if "MISSION_ACK" in asked:
            break
    return asked


def test_a_client_that_answers_only_the_old_question_can_upload(link: Exchange) -> None:
    asked = upload(link, old_only=True)
    assert asked[-1] == "MISSION_ACK"
    assert asked.count("MISSION_REQUEST_INT") == 1  # then it is asked as it answers
    assert link.link.lists.taken[MISSION] == 1


def test_who_answers_the_new_question_is_never_asked_the_old_one(link: Exchange) -> None:
    asked = upload(link, old_only=False)
    assert asked[-1] == "MISSION_ACK"
    assert "MISSION_REQUEST" not in asked


def test_positions_as_floats_are_taken_and_told(link: Exchange) -> None:
    link.say("MISSION_COUNT", count=1, mission_type=2, **TO)
    link.hear()
    link.say("MISSION_ITEM", seq=0, command=5100, frame=3, x=39.99, y=46.93, mission_type=2, **TO)
    assert "Positions came as floats: good to 1 m only" in texts(link.hear())


# --- starts ----------------------------------------------------------------------------------------------------------
def far(link: Exchange, mode: Mode, blocked: str) -> None:
    link.vehicle(mode, holder=255)
    now = link.link.view.report
    assert now is not None
    link.link.offer(msgspec.structs.replace(now, start_blocked=blocked))


@pytest.mark.parametrize("command", [(300, ()), (176, (1.0, 10.0)), (193, (1.0,))])
def test_a_start_too_far_from_the_plan_is_refused_before_anything_moves(
    link: Exchange, command: tuple[int, tuple[float, ...]]
) -> None:
    link.ticks(100)
    far(link, Mode.READY, "12.3 m away from the plan, drive there")
    heard = link.command(command[0], *command[1])
    assert acks(heard) == [DENIED]
    assert "12.3 m away from the plan, drive there" in texts(heard)[0]
    assert all(not frame.edges and not frame.hold_to_run for frame in link.ticks(150))
    assert link.link.view.custom_mode != 10
    far(link, Mode.READY, "")
    link.command(command[0], *command[1])
    assert any(frame.edges for frame in link.ticks(150))


def test_armed_is_not_called_a_mission(link: Exchange) -> None:
    link.vehicle(Mode.READY, holder=255)
    link.say("MISSION_COUNT", count=2, mission_type=0, **TO)
    assert texts(link.hear()) == ["mission refused: armed; disarm first"]
    link.vehicle(Mode.AUTO_WORK, holder=255)
    link.say("MISSION_COUNT", count=2, mission_type=0, **TO)
    assert texts(link.hear()) == ["mission refused: a mission is running; hold it,", "disarm"]


@pytest.mark.parametrize("mode", [0.0, 10.0])
def test_a_mode_that_would_not_show_after_a_stop_is_refused_in_words(link: Exchange, mode: float) -> None:
    link.vehicle(Mode.HOLD, ("link_lost",), holder=255)
    heard = link.command(176, 1.0, mode)
    assert acks(heard) == [DENIED]
    assert texts(heard) == ["Radio link lost. Disarm, then arm"]


# --- texts -----------------------------------------------------------------------------------------------------------
def test_a_text_is_said_again_after_ten_seconds_only(link: Exchange) -> None:
    said = 0
    for _ in range(50 * 25):
        link.say("SET_POSITION_TARGET_LOCAL_NED", **TO)
        said += texts(link.hear()).count("Set-points are refused: stick, or plan and Auto")
    assert said == 3


def test_a_reason_that_flickers_is_no_flood(link: Exchange) -> None:
    said: list[str] = []
    for number in range(100):
        name = ("reason: slope", "reason: gnss_lost")[number % 2]
        link.link.event(Event(t_ns=0, tick=number, kind="reason", text=name))
        said += texts(link.hear(0.04))
    assert sorted(said) == ["No GNSS. Drive by stick, or wait", "Too steep. Disarm, arm, SMART_RTL"]


@pytest.mark.parametrize("words", ["", "short", "x" * 50, "y" * 51, "a word " * 40, "unbroken" * 30, "\u00e4 \u4e2d"])
def test_long_lines_become_lines_that_a_station_shows_whole(words: str) -> None:
    cut = lines(words)
    assert all(len(line) <= TEXT_SIZE and line.isascii() for line in cut)
    assert "".join("".join(cut).split()) == "".join(words.encode("ascii", "replace").decode().split())


def test_no_text_needs_another_frame_to_be_read(link: Exchange) -> None:
    link.link.event(Event(t_ns=0, tick=1, kind="plan", text="a long line " * 12))
    heard = [said for name, said in link.hear(0.1) if name == "STATUSTEXT"]
    assert len(heard) >= 3
    assert all((said["id"], said["chunk_seq"]) == (0, 0) for said in heard)
    assert report(gate_report()).session_id == SESSION
