"""What people tell from one console is held by the vehicle, recorded, and told to all others."""

import pytest
from msgspec.structs import replace

from firmware_bridge.types import Observation, ObservationKind, ObservationVerdict
from tests.console.rig import ConsoleRig
from vehicle.contracts import skipped
from vehicle.contracts.ledger_types import Observed
from vehicle.contracts.messages import Mode

pytestmark = pytest.mark.long
US = 1_000


def observed(rig: ConsoleRig, kind: ObservationKind, **rest: object) -> ObservationVerdict:
    gnss = rig.state.wire.gnss
    assert gnss is not None
    base = Observation(
        station_id=7, session_id=0, sequence=0, kind=kind, who="leader",
        time_utc_us=gnss.time_utc_us or 1_790_000_000_000_000 + rig.now_ns // US,
    )  # fmt: skip
    number = rig.page.protocol.observe(replace(base, **rest))
    rig.run(0.6)
    return rig.page.protocol.results[number].result


def test_a_skipped_swath_is_told_to_every_console_and_moves_nothing() -> None:
    rig = ConsoleRig().manual()
    plan = rig.state.mission.plan
    assert plan is not None
    work = rig.page.protocol.work
    assert work is not None
    before = work.day_count
    text = skipped.text_of(plan.plan_hash, "wet", "water in the ruts")
    assert observed(rig, ObservationKind.SKIP_SWATH, value=1.0, text=text) is ObservationVerdict.RECORDED
    assert rig.mode is Mode.MANUAL
    assert rig.page.protocol.work is not None
    assert rig.page.protocol.work.day_count == before + 1
    (skip,) = rig.state.checks.skips
    assert [row.kind for row in rig.state.ledger.acts if isinstance(row, Observed)] == ["skip_swath"]
    assert skip.why == "swath 1: too wet: water in the ruts (leader)"
    stale = skipped.text_of("0" * 16, "wet", "water")
    assert observed(rig, ObservationKind.SKIP_SWATH, value=1.0, text=stale) is ObservationVerdict.REFUSED
