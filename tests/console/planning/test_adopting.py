"""A plan that another console made, or the vehicle itself: taken over as it is, continued here, or refused in words."""

from pathlib import Path

import msgspec
import pytest

from console.server.planning.adopting import ANOTHER, AdoptAsked, adopted, profile_of
from console.server.planning.replanning import replanned
from tests.console.planning.test_replanning import SMALL, asked, made, missing, nobody, plan_of, worked
from vehicle.contracts.errors import InputError
from vehicle.contracts.plan import Plan, SegmentKind
from vehicle.operator_link.staging import SiteSource, packed_stage
from vehicle.planning.coverage.closing import plan_hash_of

pytestmark = pytest.mark.long
__all__ = ["made"]
SOURCE = SiteSource(site_base64=SMALL.read_bytes(), site_name="small.geojson", outside="safe", tripwires="none")


def taken_over(folder: Path, plan: Plan, source: SiteSource = SOURCE, wanted: str = "") -> Path:
    data = folder / "held.z"
    data.write_bytes(packed_stage(plan, source))
    plans = str(folder / "plans")
    return Path(adopted(AdoptAsked(data=str(data), plans=plans, wanted=wanted or plan.plan_hash)))


def test_what_is_left_of_it_is_planned_as_where_it_was_made(made: Path, tmp_path: Path) -> None:
    plan = plan_of(made)
    folder = taken_over(tmp_path, plan)
    assert plan_of(folder) == plan
    ledger = worked(plan, missing(plan))
    for name, origin in (("here", folder), ("there", made)):
        (tmp_path / name).mkdir()
        replanned(asked(tmp_path / name, origin, ledger), nobody)
    assert plan_of(tmp_path / "here").plan_hash == plan_of(tmp_path / "there").plan_hash


def test_what_cannot_be_continued_here_is_refused_and_leaves_nothing(made: Path, tmp_path: Path) -> None:
    plan = plan_of(made)
    driven = msgspec.structs.replace(
        plan, segments=tuple(one for one in plan.segments if one.kind is not SegmentKind.SWATH)
    )
    foreign = msgspec.structs.replace(plan.machine, name="of the yard", tool_width_m=plan.machine.tool_width_m + 0.01)
    elsewhere = msgspec.structs.replace(SOURCE, site_base64=SMALL.read_bytes().replace(b"46.93", b"46.94"))
    with pytest.raises(InputError, match=ANOTHER):
        taken_over(tmp_path, plan, wanted="0" * 16)
    with pytest.raises(InputError, match=ANOTHER):
        taken_over(tmp_path, msgspec.structs.replace(plan, area_m2=1.0))
    with pytest.raises(InputError, match="a way that another console made"):
        taken_over(tmp_path, msgspec.structs.replace(driven, plan_hash=plan_hash_of(driven)))
    with pytest.raises(InputError, match="No profile of this console is the vehicle's of the yard"):
        profile_of(foreign)
    with pytest.raises(InputError):
        taken_over(tmp_path, plan, elsewhere)
    assert not list((tmp_path / "plans").glob("*"))
