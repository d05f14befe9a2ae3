"""Exercises are a simulator's: offered beside it alone, begun and left only where nothing is armed."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from starlette.applications import Starlette

from console.client.protocol import Credentials
from console.client.view import ConsoleView, LinkState
from console.server.board import Board
from console.server.desk import ARMED, Desk, Steered
from console.server.settings import VehicleSettings
from console.server.setup import SetupStore
from console.server.training import Training, TrainingApi, offered, training_section
from flailpilot.demo_console import PipedTrainer
from sim.virtual_time import VirtualClock, run_virtual
from tests.console.planning.asgi import ask
from tests.console.server.support import FakeLink, frame, settings
from vehicle.contracts.messages import Mode

PLACE = ("127.0.0.1", 40_000)
ROOT = Path(__file__).resolve().parents[3]


class Played:
    """A trainer that keeps what it is asked."""

    def __init__(self) -> None:
        self.place, self.state = PLACE, Training()
        self.exercises: tuple[str, ...] = ("first-day", "link-loss")
        self.asked: list[tuple[str, bool] | None] = []

    def begin(self, name: str, *, hints: bool) -> None:
        self.asked.append((name, hints))

    def leave(self) -> None:
        self.asked.append(None)


def desk_at(clock: VirtualClock, place: tuple[str, int] = PLACE, mode: Mode = Mode.DISARMED) -> Desk:
    view = ConsoleView(state=LinkState.OPEN, session=True, tick=100, vehicle=frame(mode=mode), vehicle_age_ms=20.0)
    there = VehicleSettings(id="a", name="a", host=place[0], port=place[1], credentials=Credentials(system_id=250))
    return Desk((Steered(there, FakeLink(view), clock),), clock)  # type: ignore[arg-type]


def asked(body: Any, trainer: Played | None, folder: Path, *, simulation: bool = True, **desk: Any) -> tuple[int, Any]:
    found: list[Any] = []

    async def main(clock: VirtualClock) -> None:
        api = TrainingApi(trainer, settings(folder, simulation=simulation), desk_at(clock, **desk))
        answer = await ask(Starlette(routes=api.routes()), "POST", "/api/training", msgspec.json.encode(body))
        found.append((answer.status, answer.json if answer.body.startswith(b"{") else None))

    run_virtual(main)
    return found[0]


def test_an_exercise_is_begun_and_left(tmp_path: Path) -> None:
    trainer = Played()
    assert asked({"begin": "link-loss"}, trainer, tmp_path) == (200, {"ok": True})
    assert asked({"begin": "first-day", "hints": False}, trainer, tmp_path) == (200, {"ok": True})
    assert asked({"leave": True}, trainer, tmp_path) == (200, {"ok": True})
    assert trainer.asked == [("link-loss", True), ("first-day", False), None]


@pytest.mark.parametrize(
    "body", [{}, {"begin": "none-such"}, {"begin": ["x"]}, {"leave": False}, {"begin": "first-day", "hints": 1}]
)
def test_what_is_no_exercise_is_refused(tmp_path: Path, body: Any) -> None:
    trainer = Played()
    assert asked(body, trainer, tmp_path) == (422, {"error": "training.why.unknown"})
    assert trainer.asked == []


@pytest.mark.parametrize("mode", sorted(ARMED))
def test_nothing_is_begun_or_left_while_the_machine_is_armed(tmp_path: Path, mode: Mode) -> None:
    trainer = Played()
    for body in ({"begin": "link-loss"}, {"leave": True}):
        assert asked(body, trainer, tmp_path, mode=mode) == (409, {"error": "training.why.armed"})
    assert trainer.asked == []


def test_while_the_machine_is_put_back_nothing_more_is_begun(tmp_path: Path) -> None:
    trainer = Played()
    trainer.state = Training(changing=True)
    assert asked({"begin": "link-loss"}, trainer, tmp_path) == (409, {"error": "training.why.changing"})


def test_beside_another_vehicle_than_the_simulators_there_are_none(tmp_path: Path) -> None:
    """Its address was changed on the page, its port is another, or the server is none of a simulation."""
    trainer = Played()
    for change in ({"place": ("192.0.2.10", PLACE[1])}, {"place": (PLACE[0], 14_555)}, {"simulation": False}):
        assert asked({"begin": "link-loss"}, trainer, tmp_path, **change) == (409, {"error": "training.why.real"})
    assert asked({"begin": "link-loss"}, None, tmp_path)[0] == 404
    assert trainer.asked == []


def test_the_page_is_told_of_exercises_beside_the_simulator_alone(tmp_path: Path) -> None:
    found: list[Any] = []

    async def main(clock: VirtualClock) -> None:
        for place, trainer in ((PLACE, Played()), (("192.0.2.10", 1), Played()), (PLACE, None)):
            board = Board(
                desk_at(clock, place), settings(tmp_path, simulation=True), SetupStore(tmp_path), clock, trainer=trainer
            )
            found.append(board.sections("p")["training"])

    run_virtual(main)
    told, other, none = found
    assert (told["exercises"], told["running"]) == (["first-day", "link-loss"], "")
    assert other is None
    assert none is None
    assert training_section(None) is None


def test_only_the_demo_has_a_trainer() -> None:
    """`flailpilot console` builds its server without one, whatever its file says."""
    found = [
        path.relative_to(ROOT).as_posix()
        for folder in ("flailpilot", "console", "vehicle")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if re.search(r"= make_app\(.*trainer=", path.read_text(encoding="utf-8"))
    ]
    assert found == ["flailpilot/demo_console.py"]


def test_wishes_and_states_are_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    trainer = PipedTrainer(PLACE, ("first-day",))
    assert trainer.state.changing, "nothing is known before the simulator told it"
    trainer.heard(msgspec.json.encode(Training(running="first-day", steps=9)))
    assert (trainer.state.running, trainer.state.changing) == ("first-day", False)
    trainer.begin("first-day", hints=False)
    assert trainer.state.changing, "a second wish waits for the answer to the first"
    trainer.leave()
    lines = capsys.readouterr().out.splitlines()
    assert [msgspec.json.decode(line) for line in lines] == [{"begin": "first-day", "hints": False}, {"begin": ""}]


def test_offered_to_whoever_asks_again(tmp_path: Path) -> None:
    async def main(clock: VirtualClock) -> None:
        desk, trainer, simulated = desk_at(clock), Played(), settings(tmp_path, simulation=True)
        assert offered(trainer, simulated, desk) is trainer
        desk.steered.settings = replace(desk.steered.settings, host="192.0.2.10")
        assert offered(trainer, simulated, desk) is None

    run_virtual(main)
