"""A team that does the rows of docs/WORKING_DAY.md: commands through the program's own command line, acts as texts say.

A command of a page is parsed by the command line of today, and what it would send is sent to the simulated vehicle by
radio. The engine is started and stopped by its key, and the E-stop pressed, only in the parking bay.
"""

import re
import shlex
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import pytest
from typer.testing import CliRunner

from campaign.days_parts import Hands
from campaign.fault_scenario import FaultScenario
from campaign.shift import Shift
from campaign.sim_operator import Goal
from firmware_bridge.types import Observation, ObservationKind, OperatorEdge
from flailpilot import cli
from flailpilot import observe as observing
from flailpilot import shift as shifting
from tests.campaign.text_operator import STATION, TextOperator
from tests.campaign.text_reader import Act, cells, commands_of, page
from vehicle.contracts.messages import Mode
from vehicle.contracts.people import PeopleState
from vehicle.contracts.shift_state import ShiftState
from vehicle.contracts.shift_table import BLOCKS_START, ITEM_OF
from vehicle.control.checks_state import ChecksState
from vehicle.host.utc import EPOCH

RUN: Final = CliRunner()
MORNING: Final = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)
BAY_S: Final = 32.0
STRIP_M: Final = 3.0
_OBSERVED: Final = ("observe", "shift")


def day() -> dict[str, list[str]]:
    """The rows of the day by their first bold words, the first row of each."""
    found: dict[str, list[str]] = {}
    for line in page("WORKING_DAY").partition("## The day in minutes")[2].partition("\n\nThe day has")[0].splitlines():
        bold = re.search(r"\*\*(.+?)\*\*", line)
        if line.startswith("| +") and bold is not None:
            found.setdefault(bold[1].rstrip(".:").partition(",")[0] if "trial" not in bold[1] else bold[1], cells(line))
    return found


class Team:
    """Operator, mechanic, team leader, sentry: whoever a row names. `said`: commands and acts that were told."""

    def __init__(self) -> None:
        self.drill = drill = FaultScenario()
        drill.hands = Hands(drill.radio.station, 1)
        drill.world.gnss.utc_zero_us = round((MORNING - EPOCH).total_seconds() * 1e6)
        Shift(drill, 1)
        checks = drill.state.checks
        fresh = ChecksState(
            calibration=checks.calibration,
            calibration_due=False,
            shift=ShiftState(used=True, missing=BLOCKS_START),
            people=PeopleState(used=True),
        )
        drill.process.loop.state = msgspec.structs.replace(drill.state, checks=fresh)
        self.operator = TextOperator(drill)
        self.said: list[str] = []
        self.operator.run(3.0)

    @property
    def missing(self) -> tuple[str, ...]:
        """Acts for which START waits."""
        return self.drill.state.checks.shift.missing

    @property
    def now_us(self) -> int:
        """UTC of the shift."""
        return (self.drill.world.gnss.utc_zero_us or 0) + self.drill.now_ns // 1000

    def commands(self, cell: str) -> None:
        """Give every command of a cell that tells the vehicle something; raises AssertionError if one is refused."""
        for line in commands_of(cell):
            words = shlex.split(line)
            if words[0] in _OBSERVED:
                self._give(words)

    def _give(self, words: list[str]) -> None:
        lat_deg, lon_deg, _ = self.drill.state.datum.geodetic_from_enu(*self.newest_m, 0.0)
        words = [word.replace("LAT,LON", f"{lat_deg:.8f},{lon_deg:.8f}") for word in words]
        asked: list[Any] = []
        room = observing if words[0] == "observe" else shifting
        here = [] if words[0] == "observe" else ["--vehicle", "192.0.2.10:14555"]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(room, "run", lambda one, *_: asked.append(one) or 0)
            told = RUN.invoke(cli.app, [*words, "--who", "team leader", *here])
        assert told.exit_code == 0, told.output
        observation = room.observation_of(asked[0])
        assert observation is not None
        self.tell(observation, " ".join(words))

    def act(self, item: str, words: str = "") -> None:
        """Tell an act of the shift as done."""
        needs = ITEM_OF[item].words_told
        told = shifting.act_of(
            item, done=True, minutes=ITEM_OF[item].planned_min, who="team leader", words=words or needs
        )
        self.tell(told, f"act {item}")

    def tell(self, observation: Observation, words: str, station_id: int | None = None) -> None:
        """Send it; raises AssertionError if it is refused."""
        observation = msgspec.structs.replace(observation, time_utc_us=self.now_us)
        refused = self.operator.tell(observation.kind, station_id=station_id or STATION, observation=observation)
        assert refused == "", (words, refused)
        self.said.append(words)

    @property
    def newest_m(self) -> tuple[float, float]:
        """Middle of the tool's axis, where it worked last."""
        true = self.drill.world.truth()
        (left_e, left_n), (right_e, right_n) = self.worked_m or (true.tool_left_m, true.tool_right_m)
        return 0.5 * (left_e + right_e), 0.5 * (left_n + right_n)

    worked_m: tuple[tuple[float, float], tuple[float, float]] | None = None

    def engine_off(self) -> None:
        """Turn its key, in the parking bay."""
        self.drill.world.engine.stall()
        self.operator.run(4.0)

    def radio_estop(self, words: str) -> None:
        """A trial, and the steps behind it, in their order: receiver, reset button, RESET, engine."""
        controller = self.drill.world.controller
        controller.estop_chain_open = True
        self.operator.run(1.5)
        assert self.drill.mode is Mode.ESTOP, self.drill.mode
        assert "estop_machine" in self.drill.reasons
        assert not self.drill.world.engine.running, "the engine runs on"
        controller.estop_chain_open = False
        self.operator.hands_off()
        self.operator.run(0.5)
        controller.reset_at_machine()
        self.operator.do(Act.RESTS, "rotor stands")
        self.operator.do(Act.RESET, words)
        self.drill.start_engine()
        self.operator.run(3.0)

    def strip(self, words: str) -> None:
        """Work a piece by stick, raise the tool, drive back, DISARM, engine off; then the engine by its key."""
        hands, world = self.drill.hands, self.drill.world
        assert isinstance(hands, Hands)
        before = world.truth()
        hands.goal, hands.rotor, hands.depth_m = Goal.MANUAL, True, 0.17
        self._until(lambda: world.truth().depth_m > 0.15)
        hands.drive = 0.3
        self._until(lambda: self._off(before) > STRIP_M)
        hands.drive = 0.0
        self.operator.run(1.0)
        true = world.truth()
        self.worked_m = (true.tool_left_m, true.tool_right_m)
        hands.rotor, hands.depth_m = False, -0.3
        self.operator.run(4.0)
        hands.drive = -0.3
        self._until(lambda: self._off(before) < 0.05)
        hands.drive, hands.depth_m = 0.0, None
        self.operator.run(1.0)
        hands.goal = Goal.REST
        for act in (Act.DISARM, Act.RESET, Act.DISARM):  # in *Stick* DISARM is a stop
            self.operator.do(act, words)
        self.engine_off()

    def _off(self, before: Any) -> float:
        true = self.drill.world.truth()
        return float(((true.east_m - before.east_m) ** 2 + (true.north_m - before.north_m) ** 2) ** 0.5)

    def _until(self, done: Any, limit_s: float = 60.0) -> None:
        for _ in range(round(limit_s * 5.0)):
            if done():
                return
            self.operator.run(0.2)
        raise AssertionError((self.drill.mode, self.drill.reasons, self.drill.world.truth()))

    def hand_over(self, text: str) -> None:
        """The steps below *Hand-over*, at one console."""
        kinds = ObservationKind
        assert all(words in text for words in ("Offer a hand-over", "name and role", "Sign and give up control"))
        self._people(kinds.HAND_OVER_OFFER, "first operator", "")
        offered = self.drill.state.checks.people.hand_over
        assert offered is not None
        self._people(kinds.HAND_OVER_READ, "second operator", f"{offered.mark} operator")
        self._people(kinds.HAND_OVER_SIGN, "first operator", offered.mark)
        self.operator.press(OperatorEdge.RELEASE)
        self._people(kinds.SIGN_IN, "second operator", "operator")
        self.operator.do(Act.TAKE, text)

    def _people(self, kind: ObservationKind, who: str, text: str) -> None:
        told = Observation(station_id=1, session_id=0, sequence=0, kind=kind, who=who, text=text)
        self.tell(told, kind.name.lower(), station_id=1)

    def sign_in(self, who: str) -> None:
        """*Write name and role*, before TAKE."""
        self._people(ObservationKind.SIGN_IN, who, "operator")
