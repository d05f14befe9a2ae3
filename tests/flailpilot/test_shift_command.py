"""`flailpilot shift`: what is refused in one line, what a script is told, the guide, and the real link."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from console.client.link import console_link
from console.client.protocol import Credentials
from firmware_bridge.types import Observation, ObservationKind, ObservationResult, ObservationVerdict
from flailpilot import cli, shift, shift_text
from flailpilot.exit_status import DONE, FAILED
from tests.operator_link.live_vehicle import PATIENCE_S, live_vehicle
from vehicle.contracts import shift_state
from vehicle.contracts.errors import InputError
from vehicle.contracts.ledger_types import Observed
from vehicle.contracts.shift_state import ShiftAct, ShiftNow, ShiftState
from vehicle.contracts.shift_table import BLOCKS_START, SHIFT_ITEMS, said_of
from vehicle.host.clock import SystemClock
from vehicle.operator_link.keystore import KeyStore

RUN = CliRunner()
HERE = ["--vehicle", "192.0.2.10:14555"]
WHO = ["--who", "first person"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([*WHO], "name the vehicle once"),
        (["drive.toml", *HERE, *WHO], "name the vehicle once"),
        (["none.toml", *WHO], "none.toml"),
        (["--vehicle", "192.0.2.10", *WHO], "write HOST:PORT"),
        ([*HERE], "--who NAME"),
        ([*HERE, "--done", "strop"], "--who NAME"),
        ([*HERE, *WHO, "--done", "coffee"], "'coffee' is no item of a shift (there are: site-brief"),
        ([*HERE, *WHO, "--not-done", "wash"], "--because"),
        ([*HERE, *WHO, "--done", "wash", "--because", "dry"], "goes with --not-done"),
        ([*HERE, *WHO, "--done", "wash", "--list"], "--done and --list: one of them"),
        ([*HERE, *WHO, "--done", "strop", "--not-done", "wash"], "--done and --not-done: one of them"),
        ([*HERE, *WHO, "--done", "strop", "--minutes", "5min"], "--minutes takes"),
        ([*HERE, *WHO, "--done", "strop", "--minutes", "-1"], "value: 0 to 840"),
        ([*HERE, *WHO, "--done", "strop", "--minutes", "841"], "value: 0 to 840"),
        ([*HERE, *WHO, "--done", "hand-over"], "who takes over with --to NAME"),
        ([*HERE, *WHO, "--done", "sign-in"], "the role with --role ROLE"),
        ([*HERE, "--who", "x" * 21, "--done", "strop"], "who: at most 20 bytes"),
        ([*HERE, *WHO, "--not-done", "wash", "--because", "x" * 50], "text: at most 50 bytes"),
        ([*HERE, *WHO, "--done", "strop", "--minutes", "5"], "observer.json"),
        ([*HERE, *WHO, "--done", "strop"], "how long it took with --minutes MIN"),
        ([*HERE, *WHO, "--done", "strop", "--minutes", "5", "--to", "B"], "--to: goes with --done hand-over"),
        ([*HERE, *WHO, "--done", "hand-over", "--to", "B", "--role", "medic"], "--role: goes with --done sign-in"),
        ([*HERE, *WHO, "--not-done", "hand-over", "--because", "rain", "--to", "B"], "--to: goes with"),
        ([*HERE, *WHO, "--not-done", "wash", "--because", "dry", "--minutes", "5"], "--minutes: goes with --done"),
        ([*HERE, *WHO, "--minutes", "5"], "--minutes: goes with --done"),
        ([*HERE, *WHO, "--list", "--because", "dry"], "--because: goes with --not-done"),
    ],
)
def test_a_mistake_is_one_line(
    tmp_path: Path, arguments: list[str], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = RUN.invoke(cli.app, ["shift", *arguments])
    assert isinstance(told.exception, InputError), told.output
    assert says in str(told.exception)
    assert "\n" not in str(told.exception)


class Desk:
    """A vehicle in memory: it records what it is told. `refuses`: its answer, None: none comes."""

    def __init__(self, refuses: str | None = "") -> None:
        self.state = ShiftState(used=True, missing=BLOCKS_START)
        self._refuses = refuses

    async def shift(self) -> ShiftState:
        return self.state

    async def tell(self, observation: Observation) -> ObservationResult | None:
        if self._refuses is None:
            return None
        if self._refuses:
            return ObservationResult(station_id=1, sequence=0, result=ObservationVerdict.REFUSED, text=self._refuses)
        said = said_of(observation.text)
        assert said is not None
        assert observation.time_utc_us is not None
        now = ShiftNow(utc_us=observation.time_utc_us, t_ns=None)
        act = ShiftAct(
            item=said[0].name, done=observation.kind is ObservationKind.SHIFT_DONE, minutes=observation.value,
            who=observation.who, words=said[1], utc_us=observation.time_utc_us,
        )  # fmt: skip
        state = shift_state.told(self.state, act, now)
        self.state = msgspec.structs.replace(state, missing=shift_state.missing(state, now))
        return ObservationResult(station_id=1, sequence=0, result=ObservationVerdict.RECORDED)


def answers(*lines: str) -> Callable[[str], object]:
    left = list(lines)

    async def read(_: str) -> str:
        return left.pop(0) if left else "q"

    return read


def guided(desk: Desk, *lines: str) -> list[str]:
    shown: list[str] = []
    assert asyncio.run(shift.guide(desk, "first person", answers(*lines), shown.append)) == DONE  # type: ignore[arg-type]
    return shown


def told(desk: Desk) -> list[tuple[str, bool, float, str]]:
    return [(act.item, act.done, act.minutes, act.words) for act in desk.state.acts]


def test_the_guide_asks_in_order_and_can_be_ended_and_started_again() -> None:
    desk = Desk()
    guided(desk, "d", "d 7.5", "n no water", "q")
    assert told(desk) == [
        ("site-brief", True, 15.0, ""),
        ("programs", True, 7.5, ""),
        ("machine-check", False, 0.0, "no water"),
    ]
    shown = guided(desk, "d 4")
    assert told(desk)[-1] == ("strop", True, 4.0, "")
    assert "recorded: strop, 4 min" in shown


def test_the_guide_takes_another_item_and_leaves_one_for_later() -> None:
    desk = Desk()
    guided(desk, "s", "d", "hand-over", "d 9", "second person", "sign-in", "d", "operator", "n", "not today")
    assert told(desk) == [
        ("programs", True, 5.0, ""),
        ("hand-over", True, 9.0, "second person"),
        ("sign-in", True, 2.0, "operator"),
        ("machine-check", False, 0.0, "not today"),
    ]


@pytest.mark.parametrize("line", ["d many", "d -1", "d 841", "x", "d nan", "wash away"])
def test_the_guide_asks_again_after_a_line_it_does_not_understand(line: str) -> None:
    desk = Desk()
    shown = guided(desk, line, "d 5")
    assert len([one for one in shown if one.startswith("shift: ")]) == 1
    assert told(desk) == [("site-brief", True, 5.0, "")]


def test_a_whole_day_by_the_guide_ends_with_nothing_due() -> None:
    desk = Desk()
    opening = [
        line for item in SHIFT_ITEMS if item.part == "opening" for line in ("d", *(["role"] if item.words_told else []))
    ]
    guided(desk, *opening, "d")  # the ring is asked again before the first block
    assert desk.state.missing == ()
    shown = guided(desk, "drive-in", "d", *["d"] * 7)
    assert desk.state.closed
    assert "due now: nothing" in shown[-1]
    guided(desk, "d")
    assert told(desk) == [("site-brief", True, 15.0, "")], "the next day begins with its first item"


@pytest.mark.parametrize(("refuses", "says"), [("who: nobody", "refused: who: nobody"), (None, "no answer")])
def test_a_script_is_told_what_was_not_recorded(refuses: str | None, says: str) -> None:
    shown: list[str] = []
    act = shift.act_of("strop", done=True, minutes=5, who="A", words="")
    assert asyncio.run(shift.told(Desk(refuses), act, shown.append)) == FAILED
    assert shown[0].startswith(says)


def test_the_list_says_what_blocks_and_its_exit_status_too() -> None:
    desk, shown = Desk(), list[str]()
    assert asyncio.run(shift.listed(desk, shown.append)) == FAILED
    assert "START of a mission is refused until they are told done: strop, ring, estop-moving" in shown[0]
    for name in BLOCKS_START:
        act = shift.act_of(name, done=True, minutes=1, who="A", words="")
        assert asyncio.run(shift.told(desk, act, shown.append)) == DONE
    assert asyncio.run(shift.listed(desk, shown.append)) == DONE
    assert "nothing blocks START" in shown[-1]


def test_every_line_of_the_list_fits_a_wide_terminal() -> None:
    lines = [line for line in shift_text.page(ShiftState(used=True), 0).splitlines() if " min " in line]
    assert len(lines) == len(SHIFT_ITEMS)
    assert [item.name for item in SHIFT_ITEMS if not any(f" {item.name} " in line for line in lines)] == []
    assert max(map(len, lines)) <= 110


def test_what_is_shown_is_plain_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    page = shift_text.page(ShiftState(used=True, missing=BLOCKS_START), 0)
    shift_text.show(page)
    assert capsys.readouterr().out == f"{page}\n"


@pytest.mark.real
def test_acts_are_told_over_the_link_recorded_and_read_back(tmp_path: Path) -> None:
    store = KeyStore(tmp_path / "keys.json")
    key = store.create("leader", 251)
    held = Credentials(system_id=251, secret=key.secret, machine_id=store.load().machine_id)

    async def main() -> None:
        async with live_vehicle(store.path) as live, console_link("127.0.0.1", live.port, held, SystemClock()) as link:
            await link.opened(PATIENCE_S)
            desk, shown = shift.LinkDesk(link, "here"), list[str]()
            act = shift.act_of("hand-over", done=True, minutes=9.5, who="first person", words="second person")
            assert await shift.told(desk, act, shown.append) == DONE
            (line,) = (one for one in live.vehicle.state.ledger.acts if isinstance(one, Observed))
            assert (line.kind, line.value, line.by, line.text) == (
                "shift_done",
                9.5,
                "first person",
                "hand-over second person",
            )
            (held_act,) = (await desk.shift()).acts
            assert (held_act.item, held_act.words, held_act.who) == ("hand-over", "second person", "first person")
            assert await shift.listed(desk, shown.append) == DONE
            assert "this task does not work in shifts" in shown[-1]
            assert live.vehicle.state.gate.stations == ()

    asyncio.run(main())
