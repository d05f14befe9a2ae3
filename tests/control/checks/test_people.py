"""Sign-in and hand-over: who is named in the record, what is refused, and that a name gives and takes nothing."""

from collections.abc import Iterable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.mavlink.observation_adapters import TEXT_BYTES, observation_fault
from firmware_bridge.types import Observation, ObservationKind, ObservationVerdict
from tests import builders
from tests.control.checks.test_room import observation
from tests.operator_link.small_plan import small_plan
from vehicle.contracts import people
from vehicle.contracts.ledger_types import Claim, Observed
from vehicle.contracts.messages import Due, Margin, MissionPhase, Mode, RotorState
from vehicle.contracts.people import OFFER_NS, SIGNED_NS, PeopleState
from vehicle.contracts.shift_state import ShiftAct, ShiftState
from vehicle.contracts.skipped import SkippedSwath
from vehicle.contracts.stop_codes import StopReason
from vehicle.control.checks import room
from vehicle.control.checks.open_items import ITEMS_MAX, open_items
from vehicle.control.checks.people import NOT_AT_REST, RESTS, Around
from vehicle.control.checks_state import ChecksState
from vehicle.control.state import GateState, LedgerState, MissionState, WireState

K = ObservationKind
S = 1_000_000_000
ITEMS = ("depth reading is due", "fuel: nobody told how much there is")


class Desk:
    """The checks' room with a vehicle round it: two consoles, a holder, a mode, and its own time."""

    def __init__(self) -> None:
        self.state = ChecksState(people=PeopleState(used=True))
        self.mode, self.holder, self.stands = Mode.DISARMED, 0, True
        self.items: tuple[str, ...] = ITEMS
        self.now_ns, self._number = S, 0
        self.rows: list[Observed] = []

    @property
    def people(self) -> PeopleState:
        return self.state.people

    def tell(self, kind: ObservationKind, station: int, who: str, text: str = "") -> str:
        """Why it was refused; "" where it stands in the record."""
        self._number += 1
        told = observation(kind, station_id=station, sequence=self._number, who=who, text=text)
        assert not observation_fault(told)
        self.state, rows = self._step(told)
        (result,) = self.state.results
        assert (result.result is ObservationVerdict.RECORDED) == (not result.text)
        assert len(result.text.encode()) <= TEXT_BYTES
        self.rows += [row for row in rows if isinstance(row, Observed)]
        self.tick()
        return result.text

    def tick(self, seconds: float = 0.02) -> None:
        self.now_ns += round(seconds * S)
        rests = self.stands and self.mode in RESTS
        self.state, rows = room.followed(self.state, self.holder, WireState(), self.now_ns, rests=rests)
        self.rows += rows

    def hold(self, station: int) -> None:
        """The gate has given control to this station."""
        self.holder = station
        self.tick()

    def control(self) -> list[tuple[str, str]]:
        return [(row.by, row.text) for row in self.rows if row.kind == people.CONTROL]

    def _step(self, *told: Observation) -> tuple[ChecksState, Iterable[object]]:
        def claimed(_: tuple[float, float]) -> Claim | None:
            return None

        around = Around(mode=self.mode, holder=self.holder, stands=self.stands, items=lambda: self.items)
        return room.step(
            self.state, told, WireState(), LedgerState(), claimed, config=builders.config(), datum=builders.DATUM,
            session_id=77, now_ns=self.now_ns, plan=small_plan(), around=around,
        )  # fmt: skip


def driving(name: str = "A", station: int = 7) -> Desk:
    desk = Desk()
    assert desk.tell(K.SIGN_IN, station, name, "operator") == ""
    desk.hold(station)
    return desk


def offered(desk: Desk) -> str:
    assert desk.tell(K.HAND_OVER_OFFER, 7, "A") == ""
    assert desk.people.hand_over is not None
    return desk.people.hand_over.mark


# --- who has control -------------------------------------------------------------------------------------------------
def test_control_is_recorded_with_the_name_of_who_signed_in() -> None:
    desk = driving()
    assert desk.control() == [("A", "operator has control; nobody had it before")]
    first = desk.rows[0]
    assert (first.kind, first.by, first.text, first.station_id) == ("sign_in", "A", "operator", 7)
    desk.tick(100.0)
    assert len(desk.control()) == 1


def test_a_station_where_nobody_signed_in_has_control_all_the_same_and_is_recorded_as_such() -> None:
    desk = Desk()
    desk.hold(9)
    assert desk.control() == [(people.NOBODY, "a console has control; nobody had it before")]
    desk.tell(K.SIGN_IN, 9, "B", "mechanic")
    assert desk.control()[-1] == ("B", "mechanic has control; signed in after TAKE")


def test_a_take_without_a_hand_over_says_whom_it_came_after() -> None:
    desk = driving()
    desk.tell(K.SIGN_IN, 9, "B", "operator")
    desk.hold(9)  # the first console was lost
    assert desk.control()[-1] == ("B", "operator has control; no hand-over: A was lost")
    desk.hold(0)
    desk.hold(7)
    assert desk.control()[-2:] == [
        ("B", "has control no more"),
        (people.NOBODY, "a console has control; no hand-over: control of B had ended"),
    ]


def test_an_old_sign_in_names_nobody() -> None:
    desk = Desk()
    desk.tell(K.SIGN_IN, 7, "A", "operator")
    desk.tick(SIGNED_NS / S + 1.0)
    desk.hold(7)
    assert desk.people.driving is None
    desk.tick(1.0)
    assert [name for name, _ in desk.control()] == [people.NOBODY], "whoever was there minutes ago may have gone"


def test_signing_in_again_by_the_same_name_is_no_change_of_control() -> None:
    desk = driving()
    desk.tell(K.SIGN_IN, 7, "A", "team leader")
    assert len(desk.control()) == 1


def test_another_name_at_the_console_in_control_waits_for_rest() -> None:
    desk = driving()
    for mode in set(Mode) - set(RESTS):
        desk.mode = mode
        assert desk.tell(K.SIGN_IN, 7, "B", "operator") == NOT_AT_REST
        assert desk.tell(K.SIGN_IN, 9, "B", "operator") == "", "a watcher may sign in at any time"
    desk.mode, desk.stands = Mode.DISARMED, False
    assert desk.tell(K.SIGN_IN, 7, "B", "operator") == NOT_AT_REST
    desk.stands = True
    assert desk.tell(K.SIGN_IN, 7, "B", "operator") == ""
    assert desk.control()[-1] == ("B", "operator has control; no hand-over from A")


@pytest.mark.parametrize(("who", "text", "why"), [(" ", "operator", "a name"), ("A", " ", "the role")])
def test_a_sign_in_has_a_name_and_a_role(who: str, text: str, why: str) -> None:
    assert why in Desk().tell(K.SIGN_IN, 7, who, text)


# --- hand-over -------------------------------------------------------------------------------------------------------
def test_a_hand_over_has_a_list_two_signatures_and_then_control_changes() -> None:
    desk = driving()
    mark = offered(desk)
    assert [row.text for row in desk.rows if row.kind == people.ITEM] == [f"{mark} {text}" for text in ITEMS]
    assert desk.tell(K.HAND_OVER_SIGN, 7, "A", mark) == "nobody has read the open items yet"
    assert desk.tell(K.HAND_OVER_READ, 9, "B", f"{mark} operator") == ""
    assert desk.tell(K.HAND_OVER_SIGN, 7, "A", mark) == ""
    assert desk.holder == 7, "a signature gives control to nobody"
    desk.hold(0)
    desk.tell(K.SIGN_IN, 9, "B", "operator")
    desk.hold(9)
    assert desk.control()[-1] == ("B", f"operator has control; hand-over from A, list {mark}")
    assert desk.people.hand_over is None
    kinds = [row.kind for row in desk.rows if row.kind.startswith("hand_over")]
    assert kinds == ["hand_over_offer", "hand_over_read", "hand_over_sign"]


def test_a_hand_over_at_one_console_is_between_two_people() -> None:
    desk = driving()
    mark = offered(desk)
    assert desk.tell(K.HAND_OVER_READ, 7, "A", f"{mark} operator") == "who takes over is another person"
    assert desk.tell(K.HAND_OVER_READ, 7, "B", f"{mark} operator") == ""
    assert desk.people.driving is not None
    assert desk.people.driving.name == "A"
    assert desk.tell(K.HAND_OVER_SIGN, 7, "A", mark) == ""
    desk.hold(0)
    desk.tell(K.SIGN_IN, 7, "B", "operator")
    desk.hold(7)
    assert desk.control()[-1] == ("B", f"operator has control; hand-over from A, list {mark}")


def test_a_third_person_takes_without_a_hand_over() -> None:
    desk = driving()
    mark = offered(desk)
    desk.tell(K.HAND_OVER_READ, 9, "B", f"{mark} operator")
    desk.tell(K.HAND_OVER_SIGN, 7, "A", mark)
    desk.hold(0)
    desk.tell(K.SIGN_IN, 11, "C", "operator")
    desk.hold(11)
    assert desk.control()[-1] == ("C", "operator has control; no hand-over: control of A had ended")
    assert [row.text for row in desk.rows if row.kind == people.ENDED] == ["C has control"]


@pytest.mark.parametrize("mode", sorted(set(Mode) - set(RESTS)))
def test_nothing_is_offered_read_or_signed_but_at_rest(mode: Mode) -> None:
    desk = driving()
    desk.mode = mode
    assert desk.tell(K.HAND_OVER_OFFER, 7, "A") == NOT_AT_REST
    desk.mode = Mode.DISARMED
    mark = offered(desk)
    desk.mode = mode
    assert desk.tell(K.HAND_OVER_READ, 9, "B", f"{mark} operator") == NOT_AT_REST
    assert desk.people.hand_over is None, "who arms goes on alone"
    assert [row.text for row in desk.rows if row.kind == people.ENDED] == ["the machine does not rest, or is armed"]


def test_a_machine_that_rolls_is_not_handed_over() -> None:
    desk = driving()
    desk.stands = False
    assert desk.tell(K.HAND_OVER_OFFER, 7, "A") == NOT_AT_REST


def test_only_the_one_in_control_offers_and_signs_and_by_their_own_name() -> None:
    desk = driving()
    assert "TAKE first" in desk.tell(K.HAND_OVER_OFFER, 9, "A")
    assert "sign in first" in desk.tell(K.HAND_OVER_OFFER, 7, "B")
    mark = offered(desk)
    desk.tell(K.HAND_OVER_READ, 9, "B", f"{mark} operator")
    for station, who in ((9, "A"), (7, "B"), (9, "B")):
        assert "A signs at" in desk.tell(K.HAND_OVER_SIGN, station, who, mark)


def test_a_signature_is_of_one_list() -> None:
    desk = driving()
    assert desk.tell(K.HAND_OVER_READ, 9, "B", "00000000 operator") == "no hand-over is offered"
    old = offered(desk)
    desk.tell(K.HAND_OVER_READ, 9, "B", f"{old} operator")
    desk.items = (*ITEMS, "not acknowledged: detonation")
    new = offered(desk)
    assert new != old
    assert "read it again" in desk.tell(K.HAND_OVER_SIGN, 7, "A", old)
    assert desk.tell(K.HAND_OVER_SIGN, 7, "A", new) == "nobody has read the open items yet"


def test_an_offer_does_not_wait_for_ever_and_ends_with_control() -> None:
    desk = driving()
    offered(desk)
    desk.tick(OFFER_NS / S + 1.0)
    assert desk.people.hand_over is None
    offered(desk)
    desk.hold(0)
    assert [row.text for row in desk.rows if row.kind == people.ENDED] == [
        "it took longer than 15 min: offer it again",
        "control ended before both had signed",
    ]


def test_what_is_not_used_writes_nothing_by_itself() -> None:
    desk = Desk()
    desk.state = ChecksState()
    desk.hold(7)
    desk.hold(0)
    assert desk.rows == []


def test_a_restart_knows_who_had_control_last_and_gives_it_to_nobody() -> None:
    desk = driving()
    again = people.restored(desk.rows, used=True)
    assert (again.last, again.holder, again.driving, again.people, again.given) == ("A", 0, None, (), False)


def test_a_restart_knows_that_who_had_control_last_had_given_it_up() -> None:
    desk = driving()
    desk.hold(0)
    again = people.restored(desk.rows, used=True)
    assert (again.last, again.given) == ("A", True)


PEOPLE_KINDS = [K.SIGN_IN, K.HAND_OVER_OFFER, K.HAND_OVER_READ, K.HAND_OVER_SIGN]
ACT = st.tuples(
    st.sampled_from(PEOPLE_KINDS), st.sampled_from([7, 9]), st.sampled_from("AB"), st.sampled_from(["", "operator"])
)


@settings(max_examples=8, deadline=None)
@given(st.lists(ACT, max_size=8))
def test_no_order_of_acts_changes_anything_but_names(acts: list[tuple[ObservationKind, int, str, str]]) -> None:
    desk = driving()
    before = msgspec.structs.replace(desk.state, people=PeopleState(), answers=(), results=())
    for kind, station, who, text in acts:
        mark = desk.people.hand_over.mark if desk.people.hand_over is not None else "0"
        desk.tell(kind, station, who, text if kind is K.SIGN_IN else f"{mark} {text}")
        assert desk.people.holder == desk.holder == 7
    assert msgspec.structs.replace(desk.state, people=PeopleState(), answers=(), results=()) == before


# --- the list --------------------------------------------------------------------------------------------------------
def row(kind: str, value: float = 0.0, text: str = "", utc_us: int | None = None) -> Observed:
    return Observed(kind=kind, value=value, sigma=None, place_m=(3.0, 2.0), by="A", text=text, station_id=7, t_ns=0,
                    utc_us=utc_us)  # fmt: skip


NOON_US = 1_790_000_000_000_000 // 86_400_000_000 * 86_400_000_000 + 43_200_000_000


def test_the_list_names_all_that_is_open() -> None:
    skip = SkippedSwath(swath=3, plan_hash="p", ring_m=(), reason="wet", words="water", by="A", utc_us=None)
    shift = ShiftState(
        used=True, missing=("strop",),
        acts=(ShiftAct(item="wash", done=False, minutes=0.0, who="A", words="no water", utc_us=NOON_US),),
    )  # fmt: skip
    checks = ChecksState(
        due=Due(depth=True), margin=Margin(withheld="1 hammer missing"), skips=(skip,), shift=shift,
        seen=(row("detonation_class", 3.0, "unclear", NOON_US), row("note", 0.0, "fuel 60 l", NOON_US),
              row("find", 2.0, "fuse", NOON_US - 17 * 3_600_000_000)),
    )  # fmt: skip
    gate = GateState(
        mode=Mode.HOLD, reset_due=True, shown=1 << StopReason.SLOPE, latched=1 << StopReason.DETONATION,
        rotor=RotorState.SPIN_DOWN, estop_latched=True,
    )  # fmt: skip
    mission = MissionState(plan=small_plan(), index=1, phase=MissionPhase.PAUSED)
    assert open_items(checks, gate, mission, WireState(), NOON_US) == (
        "an emergency stop by radio is not released",
        "RESET is due after: slope",
        "not acknowledged: detonation",
        "the rotor is not measured at rest",
        "depth reading is due",
        "nothing is credited, no mission starts: 1 hammer missing",
        "detonation, class 3 at 3.0 m east, 2.0 m north: unclear (A, 12:00 UTC)",
        "skipped: swath 3: too wet: water (A)",
        "shift: strop is due",
        "shift, wash not done: no water (A)",
        "fuel 60 l (A, 12:00 UTC)",
        "work: plan test, segment 2 of 2 is next",
    )


def test_fuel_is_the_controllers_where_it_tells_it() -> None:
    wire = WireState(status=builders.status(fuel_ratio=0.42))
    items = open_items(ChecksState(), GateState(), MissionState(), wire, None)
    assert "fuel: 42 % of the tank" in items
    assert items[-1] == "work: no plan is held"


def test_a_long_list_says_how_much_is_left_out() -> None:
    skips = tuple(
        SkippedSwath(swath=n, plan_hash="p", ring_m=(), reason="wet", words="x", by="A", utc_us=None)
        for n in range(1, 100)
    )
    items = open_items(ChecksState(skips=skips), GateState(), MissionState(), WireState(), None)
    assert len(items) == ITEMS_MAX
    assert items[-1].endswith("more: look at the record")
