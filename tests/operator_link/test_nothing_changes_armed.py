"""What was begun while it stood disarmed does not take effect under an armed machine, nor end the program."""

import struct
from pathlib import Path

import msgspec
import pytest
import shapely

from campaign.fault_scenario import FaultScenario, swath_plan
from campaign.sim_operator import Goal
from firmware_bridge.mavlink.framing import frame_bytes
from firmware_bridge.mavlink.tables import SPEC_BY_NAME
from firmware_bridge.types import OperatorEdge
from tests.builders import DATUM, plug
from tests.operator_link.exchange import Exchange, names, texts
from tests.operator_link.test_one_site import AROUND
from tests.operator_link.test_site_planning import Planned, own_site
from tests.operator_link.test_transfer import FENCE, MISSION, RALLY, SQUARE, SURVEY, TO, Row, at, result, upload
from vehicle.contracts.errors import InputError
from vehicle.contracts.geometry import Ring, edges_of
from vehicle.contracts.messages import Mode
from vehicle.contracts.plan import Plan
from vehicle.control.plan_assignment import boundary_of
from vehicle.operator_link.mission_upload import MissionUpload
from vehicle.polygons.boundary import joined, rings_of
from vehicle.runtime.plan_holder import PlanHolder

ARMED = [Mode.READY, Mode.MANUAL, Mode.AUTO_MOVE, Mode.AUTO_WORK, Mode.RECOVERY]
DENIED = 14


@pytest.fixture
def link() -> Exchange:
    made = Exchange()
    made.say("HEARTBEAT", type=6)
    made.hear()
    return made


def square(half_m: float) -> Ring:
    return ((-half_m, -half_m), (half_m, -half_m), (half_m, half_m), (-half_m, half_m))


LISTS: dict[str, tuple[int, list[Row]]] = {
    "mission": (MISSION, SURVEY),
    "fence": (FENCE, SQUARE),
    "fence that is none": (FENCE, [at(0, 0, 5000)]),
    "rally": (RALLY, [at(1, 1, 5100)]),
}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("mode", ARMED)
def test_an_upload_that_ends_while_armed_is_denied_whenever_it_began(link: Exchange, mode: Mode, name: str) -> None:
    kind, rows = LISTS[name]
    assert result(upload(link, FENCE, AROUND)) == 0
    held, proposals = link.link.lists.held(kind), len(link.proposals)
    link.say("MISSION_COUNT", count=len(rows), mission_type=kind, **TO)
    for number, row in enumerate(rows[:-1]):
        link.say("MISSION_ITEM_INT", seq=number, mission_type=kind, **TO, **row)
    link.hear()
    link.vehicle(mode, holder=250)
    link.say("MISSION_ITEM_INT", seq=len(rows) - 1, mission_type=kind, **TO, **rows[-1])
    heard = link.hear()
    assert result(heard) == DENIED
    assert "refused" in " ".join(texts(heard))
    assert link.link.lists.held(kind) == held
    assert len(link.proposals) == proposals
    assert not link.link.lists.uploading
    assert "MISSION_REQUEST_INT" not in names(link.hear(3.0))
    link.vehicle()
    assert result(upload(link, kind, rows)) == 0


@pytest.mark.parametrize("name", ["PARAM_REQUEST_READ", "PARAM_SET"])
@pytest.mark.parametrize("raw", [b"\xff" * 16, b"\xe9t\xe9", b"\xf0\x9f\x98\x80" * 4, b"A\x80"])
def test_a_parameters_name_that_is_no_text_is_answered(link: Exchange, name: str, raw: bytes) -> None:
    frame = _with_id(name, raw)
    link.link.receive(link.channel, ("127.0.0.1", 14551), frame, link.now_ns)
    assert "PARAM_ERROR" in names(link.hear())
    assert link.hear(2.0, streams=True)


def _with_id(name: str, raw: bytes) -> bytes:
    """A frame whose name holds these bytes, whatever they say."""
    spec = SPEC_BY_NAME[name]
    payload = (
        struct.pack("<hBB16s", -1, 1, 1, raw)
        if name == "PARAM_REQUEST_READ"
        else struct.pack("<fBB16sB", 1.0, 1, 1, raw, 9)
    )
    return frame_bytes(spec.header_id, spec.seed, payload, 0, 255, 190)


def test_an_answer_that_cannot_be_packed_is_dropped_and_counted(link: Exchange) -> None:
    (peer,) = link.link.peers.values()
    long = "PARAM_ERROR", {"param_id": "\ufffd" * 16, "param_index": 0, "error": 1}
    wide = "PARAM_ERROR", {"param_id": "A", "param_index": 1 << 20, "error": 1}
    before = peer.dropped
    peer.put([long, wide, ("PARAM_ERROR", {"param_id": "A", "param_index": 0, "error": 1})])
    assert names(link.hear()) == ["PARAM_ERROR"]
    assert peer.dropped == before + 2


# --- the loop --------------------------------------------------------------------------------------------------------
def by_stick() -> tuple[FaultScenario, Plan]:
    """A machine that holds a plan, driven by stick, and that plan."""
    drill = FaultScenario()
    drill.run(0.5)
    plan = swath_plan(drill.parts.config.machine)
    drill.plans.assign(drill.state, plan, (square(200.0),))
    drill.drive(Goal.MANUAL, 0.2)
    assert drill.until((Mode.MANUAL,), 20.0)
    return drill, plan


@pytest.mark.parametrize("rings_m", [(), (square(100.0),)])
@pytest.mark.parametrize("with_plan", [True, False])
def test_no_boundary_changes_under_an_armed_machine(rings_m: tuple[Ring, ...], with_plan: bool) -> None:
    drill, plan = by_stick()
    loop = drill.process.loop
    before = loop.state.gate.fence
    assert before is not None
    assert drill.plans.assign(drill.state, plan if with_plan else None, rings_m) == ""
    drill.run(0.2)
    assert loop.state.gate.fence is before
    drill.drive(Goal.REST, 0.0)
    drill.hands.pressed = OperatorEdge.STOP
    assert drill.until((Mode.HOLD,), 20.0)
    drill.run(0.1)
    after = loop.state.gate.fence
    if rings_m:
        assert after is not None
        assert after.tolist() == edges_of(rings_m).tolist()
    else:
        assert after is None


@pytest.mark.long
def test_the_old_plan_is_withdrawn_before_a_new_one_waits() -> None:
    """In HOLD a start would else drive what no station is shown any more."""
    drill = FaultScenario()
    drill.run(0.5)
    drill.drive(Goal.MISSION)
    assert drill.until((Mode.AUTO_MOVE, Mode.AUTO_WORK), 60.0)
    loop = drill.process.loop
    desk = MissionUpload(DATUM)
    holder = PlanHolder(loop.state, desk)
    plug(loop, holder)
    old = loop.state.mission.plan
    assert old is not None
    new = msgspec.structs.replace(old, plan_hash="new")
    holder.hold(new, boundary_of(new), "")
    drill.run(1.0)
    assert loop.state.mission.plan == old, "a mission that is driving goes on until it stops"
    drill.hands.pressed = OperatorEdge.STOP
    drill.drive(Goal.REST)
    drill.run(0.2)
    drill.hands.pressed = OperatorEdge.NONE
    assert drill.until((Mode.HOLD,), 10.0)
    assert loop.state.mission.plan is None
    assert desk.no_start
    drill.drive(Goal.MISSION)
    for _ in range(50 * 20):
        drill.step()
        driven = loop.state.mission.plan
        assert drill.mode not in (Mode.AUTO_MOVE, Mode.AUTO_WORK) or driven == new
        assert driven != old
    if drill.mode not in (Mode.BOOT, Mode.DISARMED):
        assert loop.state.mission.plan in (None, new)


# --- a fence that leaves nothing -------------------------------------------------------------------------------------
def test_a_fence_inside_a_keep_out_is_no_boundary() -> None:
    with pytest.raises(InputError, match="leave no ground"):
        joined((square(5.0),), (square(10.0),))
    assert joined((), (square(10.0),))
    assert joined((), ()) == ()
    assert rings_of(shapely.Polygon()) == ()
    assert rings_of(shapely.MultiPolygon([shapely.Polygon(), shapely.Polygon(square(1.0))]))


@pytest.mark.parametrize("rings_m", [((),), (((1.0, 1.0),),), ((), ((2.0, 2.0), (2.0, 2.0)))])
def test_rings_without_an_edge_are_refused_and_the_old_boundary_stays(rings_m: tuple[Ring, ...]) -> None:
    drill = FaultScenario()
    drill.run(0.2)
    loop = drill.process.loop
    drill.plans.assign(drill.state, None, (square(50.0),))
    drill.run(0.1)
    assert "no place" in drill.plans.assign(drill.state, None, rings_m)
    drill.run(0.1)
    assert loop.state.gate.fence is not None
    assert len(loop.state.gate.fence) == 4


def test_a_fence_within_a_keep_out_of_the_own_site_is_refused(tmp_path: Path) -> None:
    made = Planned(tmp_path / "uploads", own=own_site(tmp_path))
    assert made.send(MISSION, []) == 0
    held = len(made.held)
    inside = [{**at(0, 0, 5001, 4.0)} for _ in range(4)]
    for row, (north_m, east_m) in zip(inside, [(9.5, 14.5), (9.5, 15.5), (10.5, 15.5), (10.5, 14.5)], strict=True):
        row["x"], row["y"] = row["x"] + round(north_m * 90), row["y"] + round(east_m * 90 * 1.3)
    heard = upload(made.link, FENCE, inside)
    assert result(heard) not in (0, DENIED)
    assert "leave no ground" in " ".join(texts(heard))
    assert len(made.held) == held
    assert made.link.desk.lists.held(FENCE) == ()
