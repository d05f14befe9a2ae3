"""A fence or survey by radio becomes a plan: read at once, planned elsewhere, offered whole, or refused in words."""

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sim.drill import Drill, swath_plan
from sim.hands import Goal
from tests.builders import DATUM, config
from tests.operator_link.exchange import Exchange, texts
from tests.operator_link.test_transfer import FENCE, HOLE, MISSION, SQUARE, SURVEY, at, result, upload
from vehicle import site_planning
from vehicle.coverage.site import load_site
from vehicle.frames import LocalFrame
from vehicle.messages import Mode
from vehicle.operator_link.items import Proposal
from vehicle.plan import Plan, SegmentKind
from vehicle.site_planning import SitePlanning, Wanted, planned


def thread() -> Executor:
    return ThreadPoolExecutor(1)


class Planned:
    """Planning with what it was given and what it said."""

    def __init__(
        self, folder: Path, outside: str | None = "safe", refuse: str = "", make: Callable[[], Executor] | None = thread
    ) -> None:
        self.plans: list[Plan] = []
        self.said: list[str] = []
        self.refuse = refuse
        self.planning = SitePlanning(config(), DATUM, folder, outside, self._offer, self.said.append, make)

    def _offer(self, plan: Plan) -> str:
        self.plans.append(plan)
        return self.refuse

    async def done(self) -> None:
        task = asyncio.create_task(self.planning.run())
        async with asyncio.timeout(240.0):
            while self.planning.busy:
                await asyncio.wait({task}, timeout=0.02)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def proposal(rows: list[dict[str, Any]], kind: int) -> Proposal:
    link = Exchange()
    link.say("HEARTBEAT", type=6)
    link.hear()
    assert result(upload(link, kind, rows)) == 0
    return link.proposals[0]


@pytest.mark.parametrize(("rows", "kind"), [(SQUARE + HOLE, FENCE), (SURVEY, MISSION)])
def test_an_upload_becomes_a_plan_in_the_machines_own_frame(
    tmp_path: Path, rows: list[dict[str, Any]], kind: int
) -> None:
    made = Planned(tmp_path)

    async def main() -> None:
        assert made.planning.propose(proposal(rows, kind)) == ""
        assert "another site" in made.planning.propose(proposal(rows, kind))
        await made.done()

    asyncio.run(main())
    (plan,) = made.plans
    assert plan.datum == DATUM
    assert any(segment.kind is SegmentKind.SWATH for segment in plan.segments)
    assert not plan.outside_assumed
    site = load_site(tmp_path / "upload-001.geojson", "safe", DATUM)
    assert plan.area_m2 == pytest.approx(site.work_area.difference(site.keep_out).area, rel=1e-6)
    assert made.said[0] == "Site taken, planning"
    assert plan.plan_hash[:8] in made.said[1]


def test_without_a_word_on_the_ground_outside_no_site_is_taken(tmp_path: Path) -> None:
    made = Planned(tmp_path, outside=None)
    assert "upload_outside" in made.planning.propose(proposal(SQUARE, FENCE))
    assert list(tmp_path.iterdir()) == []


def test_what_the_site_reader_refuses_is_refused_with_the_upload(tmp_path: Path) -> None:
    link = Exchange()
    link.say("HEARTBEAT", type=6)
    link.hear()
    huge = [at(0, 0, 5001, 4.0), at(0, 12_000, 5001, 4.0), at(12_000, 12_000, 5001, 4.0), at(12_000, 0, 5001, 4.0)]
    planning = Planned(tmp_path).planning
    link.propose = planning.propose
    heard = upload(link, FENCE, huge)
    assert result(heard) != 0
    assert "fence item 0" in " ".join(texts(heard))
    assert not planning.busy
    assert link.link.lists.items(FENCE) == ()


def test_what_the_planner_cannot_do_is_told_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Wanted) -> Plan:
        raise RuntimeError

    monkeypatch.setattr(site_planning, "planned", broken)
    made = Planned(tmp_path)

    async def main() -> None:
        assert made.planning.propose(proposal(SQUARE, FENCE)) == ""
        await made.done()

    asyncio.run(main())
    assert made.plans == []
    assert "old one holds" in made.said[-1]


def test_a_machine_that_is_armed_keeps_its_plan(tmp_path: Path) -> None:
    made = Planned(tmp_path, refuse="the machine is in MANUAL")

    async def main() -> None:
        assert made.planning.propose(proposal(SQUARE, FENCE)) == ""
        await made.done()

    asyncio.run(main())
    assert made.said[-1] == "Plan not taken: the machine is in MANUAL"


def test_the_loop_changes_its_plan_while_disarmed_only() -> None:
    drill = Drill()
    drill.run(0.5)
    loop = drill.process.loop
    plan = msgspec.structs.replace(swath_plan(drill.parts.config.machine), plan_hash="another")
    elsewhere = msgspec.structs.replace(plan, datum=LocalFrame(12.3, 45.6, 0.0))
    assert "datum" in loop.take_plan(elsewhere)
    assert loop.take_plan(plan) == ""
    drill.run(0.04)
    assert loop.state.mission.plan == plan
    drill.drive(Goal.MANUAL, 0.2)
    assert drill.until((Mode.MANUAL,), 20.0)
    assert "disarm" in loop.take_plan(swath_plan(drill.parts.config.machine))
    drill.run(0.1)
    assert loop.state.mission.plan == plan


@pytest.mark.real
def test_a_process_of_its_own_plans_the_same(tmp_path: Path) -> None:
    made = Planned(tmp_path, make=None)

    async def main() -> None:
        assert made.planning.propose(proposal(SQUARE, FENCE)) == ""
        await made.done()

    asyncio.run(main())
    here = planned(Wanted(tmp_path / "upload-001.geojson", "safe", DATUM, config()))
    assert msgspec.structs.replace(here) == made.plans[0]
