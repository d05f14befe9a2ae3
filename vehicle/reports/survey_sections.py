"""Sections of the report for use in the field: survey, lots for sampling, swaths in order."""

from collections.abc import Iterable
from html import escape

import shapely

from vehicle.contracts.frames import heading_deg_from_yaw
from vehicle.contracts.plan import SegmentKind
from vehicle.reports.facts import JobFacts
from vehicle.reports.html_parts import hour, place, table
from vehicle.reports.products import Feature
from vehicle.reports.story import first_worked_s
from vehicle.reports.survey import legs, named_points, perimeter


def survey(facts: JobFacts) -> str:
    """Return bearings and distances of benchmark, turning points and perimeter, and the perimeter corner by corner."""
    points = named_points(facts.site)
    rows = [
        [
            point.name, point.kind, place(facts, (point.east_m, point.north_m)), point.from_name or "-",
            f"{point.bearing_deg:.2f}" if point.from_name else "-",
            f"{point.distance_m:.2f}" if point.from_name else "-",
        ]
        for point in points
    ]  # fmt: skip
    datum = facts.plan.datum
    source = getattr(facts.site, "source_system", "") or "not stated in the site file"
    told = (
        f"Frame: WGS 84 as the base station's coordinates realise it; the site file's system: {escape(source)}. "
        "Epoch: that of "
        "the base's coordinates, no motion of the ground is reckoned in. Bearings from true north in the plane "
        "that touches "
        f"the ellipsoid at the datum, {datum.lat_deg:.9f}, {datum.lon_deg:.9f}, height {datum.alt_m:.1f} m."
    )
    if not facts.site.benchmarks_m:
        told += " <b>The site file names no benchmark</b>: bearings are from the first corner instead."
    parts = [
        table(
            "Benchmark, turning points, perimeter",
            ["point", "what", "lat, lon", "from", "bearing [°]", "distance [m]"],
            rows,
            told,
        )
    ]
    first, walk = 1, []
    for ring in perimeter(facts.site.work_area):
        walk += [[a, b, f"{bearing:.2f}", f"{length:.2f}"] for a, b, bearing, length in legs(ring, first)]
        first += len(ring)
    parts.append(
        table("The perimeter on foot, outside it", ["from", "to", "bearing [°]", "distance [m]"], walk, level=3)
    )
    return "\n".join(parts)


def lots(features: Iterable[Feature]) -> str:
    """Return the section on lots for sampling."""
    rows = []
    for feature in features:
        if feature.layer == "processed":
            row = feature.values
            span = (
                f"{str(row['from_utc'])[11:19]} to {str(row['until_utc'])[11:19]}" if row["from_utc"] else "not known"
            )
            rows.append(
                [
                    str(row["lot"]), escape(str(row["machine"])), str(row["day_utc"] or "-"), span,
                    escape(str(row["ended_by"])), escape(str(row["check_reading"]) or "-"), f"{row['inside_m2']:,.2f}",
                    f"{row['depth_least_cm']}",
                ]
            )  # fmt: skip
    told = (
        "One machine, one day, one interval between depth checks. Samples are drawn by lot; where one fails, all of "
        "the lot is worked again."
    )
    heads = ["lot", "machine", "day", "UTC", "ended by", "reading", "in the work area [m²]", "least depth [cm]"]
    return table("Lots for sampling", heads, rows, told)


def swath_order(facts: JobFacts) -> str:
    """Return the swaths in plan order, and when the tool worked in each."""
    same = [number for number, row in enumerate(facts.runs) if row.plan_hash == facts.plan.plan_hash] or [0]
    worked = first_worked_s(facts.samples, same) if facts.samples is not None else {}
    rows = []
    swaths = (segment for segment in facts.plan.segments if segment.kind is SegmentKind.SWATH)
    for number, segment in enumerate(swaths, start=1):
        times = worked.get(segment.seq)
        rows.append(
            [
                str(number), str(segment.seq), place(facts, segment.points_m[0]), place(facts, segment.points_m[-1]),
                f"{heading_deg_from_yaw(segment.yaw_start_rad):.1f}",
                f"{shapely.LineString(segment.points_m).length:.1f}",
                f"{hour(facts, times[0])} to {hour(facts, times[1])}" if times else "not recorded",
            ]
        )  # fmt: skip
    heads = ["swath", "segment", "start (lat, lon)", "end (lat, lon)", "heading [°]", "length [m]", "worked"]
    return table(
        "Annex: swaths in their order",
        heads,
        rows,
        "Of the machine's body origin, by the newest plan; times are those of the runs that drove it.",
    )
