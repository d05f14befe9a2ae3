"""Files that take longer than a tick to make are made once, and again where what they are made of is another."""

from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from tests.builders import DATUM, config
from tests.operator_link.small_plan import small_plan
from vehicle.operator_link import vehicle_files
from vehicle.operator_link.site_file import SITE, SiteArea
from vehicle.operator_link.staging import HELD, SiteSource, read_stage
from vehicle.operator_link.vehicle_files import VehicleFiles


def test_a_large_file_is_made_once_for_each_plan_and_site(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def counted(name: str) -> Any:
        whole = getattr(vehicle_files, name)
        return lambda *of: (made.append(name), whole(*of))[1]

    for name in ("site_file", "packed_stage"):
        monkeypatch.setattr(vehicle_files, name, counted(name))
    reports = SimpleNamespace(plan=None)
    files = VehicleFiles(cast("Any", None), cast("Any", reports), DATUM, config().machine)
    bare = files.read(SITE)
    assert files.read(HELD) is None
    reports.plan = plan = small_plan()
    files.sources[plan.site_hash] = SiteSource(site_base64=b"QQ==")
    first = files.read(SITE), files.read(HELD)
    assert (files.read(SITE), files.read(HELD)) == first
    assert first[0] != bare
    assert made == ["site_file", "site_file", "packed_stage"]
    assert read_stage(first[1] or b"").plan == plan
    # each of these is another file
    files.areas[plan.site_hash] = (SiteArea(role="work_area", rings_m=(((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)),)),)
    second = files.read(SITE)
    files.facts = msgspec.structs.replace(files.facts, ring_m=50.0)
    third = files.read(SITE)
    reports.plan = small_plan(swath_m=7.0)
    assert len({bare, first[0], second, third, files.read(SITE)}) == 5
    held = files.read(HELD)
    assert held != first[1]
    files.sources[plan.site_hash] = SiteSource(site_base64=b"QUE=")
    assert files.read(HELD) != held
