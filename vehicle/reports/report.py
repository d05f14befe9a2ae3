"""report.html: one page that a quality officer can read, print and file. No script, nothing loaded from elsewhere."""

import base64
import math
from collections import Counter
from html import escape
from pathlib import Path
from typing import Final

from vehicle.contracts.messages import Event
from vehicle.contracts.units import NS_PER_S, missed_text
from vehicle.planning.files.outside import swept_outside_m2
from vehicle.reports.about import job_values
from vehicle.reports.facts import STATEMENT, JobFacts
from vehicle.reports.gaps import REASON_TEXT, GapReason
from vehicle.reports.layers import depths_cm
from vehicle.reports.palette import LISTED_TEXT, marked
from vehicle.reports.report_style import STYLE

PHASE_TEXT: Final = {
    "work": "flailing",
    "move": "moving, tool up",
    "lower": "lowering the tool",
    "raise": "raising the tool",
    "spin_up": "spinning up",
    "back_off": "backing off for re-entry",
    "paused": "paused",
    "idle": "waiting for the operator",
    "done": "finished, disarming",
}
EVENTS_MAX: Final = 400
"""Lines of the log on the page; the recording holds all of them."""

BECAUSE_TICKS: Final = 25
"""Half a second: a reason that appeared so shortly before a stop is told with it."""


def write_report(path: Path, facts: JobFacts, map_path: Path) -> None:
    """Write the page with the map embedded; `map_path` is the PNG that `draw_map` wrote."""
    picture = base64.b64encode(map_path.read_bytes()).decode("ascii")
    parts = [
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{_title(facts)}</title>",
        f"<meta name='viewport' content='width=device-width'><style>{STYLE}</style></head><body>",
        "<p class='simulated'>SIMULATED: no machine worked this ground</p>" if facts.simulated else "",
        f"<h1>{_title(facts)}</h1>",
        f"<p class='soft'>{escape(facts.plan.machine.name)}, plan {escape(facts.plan.plan_hash)}</p>",
        _verdict(facts),
        f"<p class='statement'>{escape(STATEMENT)}</p>",
        _warnings(facts),
        f"<h2>Map</h2><img alt='map of processed ground' src='data:image/png;base64,{picture}'>",
        _balance(facts),
        _depths(facts),
        _hours(facts),
        _untreatable(facts),
        _missed(facts),
        _events(facts),
        _job(facts),
        _rule(facts),
        _signatures(),
        "</body></html>",
    ]
    path.write_text("\n".join(part for part in parts if part), encoding="utf-8")


def _title(facts: JobFacts) -> str:
    return f"Processed-ground report: {escape(facts.site.name or 'unnamed site')}"


def _verdict(facts: JobFacts) -> str:
    return _missed_told(facts) + _provisional(facts)


def _provisional(facts: JobFacts) -> str:
    """A day without a closing check of the base says so."""
    if facts.provisional_m2 == 0.0:
        return ""
    return (
        f"<p class='open'><b>{facts.provisional_m2:,.1f} m² of the processed ground are provisional</b>: no closing "
        "check of the base stands at their end, or no opening check at their beginning.</p>"
    )


def _missed_told(facts: JobFacts) -> str:
    found = facts.found
    if found.missed_m2 > 0.0:
        area = escape(missed_text(found.missed_m2))
        return (
            f"<p class='open'><b>{area} m² of the work area were missed</b> and are listed below with "
            "the reason. The task is not complete.</p>"
        )
    return (
        f"<p class='done'><b>No ground was missed.</b> Every square metre of the work area is processed "
        f"({found.processed_m2:,.1f} m²) or listed with a reason ({found.listed_m2:,.1f} m²).</p>"
    )


def _warnings(facts: JobFacts) -> str:
    """What of the site file was left out, assumed or read otherwise: it changes which ground is worked."""
    if not facts.warnings:
        return ""
    rows = "".join(f"<li>{escape(line)}</li>" for line in facts.warnings)
    return f"<h2>Read from the site file otherwise than drawn, or assumed</h2><ul class='warnings'>{rows}</ul>"


def _table(title: str, heads: list[str], rows: list[list[str]], note: str = "") -> str:
    """A section with a table; cells are HTML already. Heads that end with a unit in brackets align right."""
    numeric = [head.endswith("]") for head in heads]
    classes = [" class='n'" if is_number else "" for is_number in numeric]
    head = "".join(f"<th{kind}>{text}</th>" for text, kind in zip(heads, classes, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{kind}>{cell}</td>" for cell, kind in zip(row, classes, strict=True)) + "</tr>"
        for row in rows
    )
    caption = f"<caption>{note}</caption>" if note else ""
    return f"<h2>{title}</h2><table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _balance(facts: JobFacts) -> str:
    found = facts.found
    rows = [
        ("Work area without keep-outs", found.area_m2),
        ("Processed to the required depth", found.processed_m2),
        ("of the processed: provisional, no closing check of the base yet", facts.provisional_m2),
        ("Not workable by machine, and not processed", found.listed_m2),
        ("Missed", found.missed_m2),
        ("of the unprocessed: passed by the tool, not proven", found.swept_not_credited_m2),
        ("of the unprocessed: worked, below the required depth", found.below_depth_m2),
        ("of the unprocessed: claimed once, withdrawn since", found.withdrawn_m2),
        ("Beyond the work area: swept with it by the plan", swept_outside_m2(facts.plan, facts.site.work_area)),
    ]
    area_m2 = found.area_m2 or 1.0
    return _table(
        "Balance",
        ["ground", "area [m²]", "share [%]"],
        [[text, escape(missed_text(value_m2)), f"{100.0 * value_m2 / area_m2:.2f}"] for text, value_m2 in rows],
        f"{facts.rate_m2_per_h:,.0f} m²/h over the whole time of {_clock(facts.time_s)}.",
    )


def _bars(rows: list[tuple[str, float, str]]) -> list[list[str]]:
    """Rows of label, value text, bar."""
    most = max((value for _, value, _ in rows), default=0.0) or 1.0
    return [
        [label, text, f"<span class='bar' style='width:{18.0 * value / most:.2f}rem'></span>"]
        for label, value, text in rows
    ]


def _depths(facts: JobFacts) -> str:
    counts = depths_cm(facts.ledger)
    found = [(depth_cm, float(count) * facts.cell_m**2) for depth_cm, count in enumerate(counts.tolist()) if count]
    rows = _bars([(f"{cm} to {cm + 1} cm", area_m2, f"{area_m2:,.1f}") for cm, area_m2 in found])
    note = (
        f"Proven depth: measured against the undisturbed ground ahead of the rotor, less "
        f"{facts.config.mission.k_depth:g} sigma of its mean, the least of each cell's dwell. Required: "
        f"{facts.config.mission.required_depth_m * 100.0:.1f} cm. Ground outside the work area included."
    )
    return _table("Depth", ["proven depth", "area [m²]", ""], rows, note)


def _hours(facts: JobFacts) -> str:
    phases = sorted(facts.phase_s.items(), key=lambda row: -row[1])
    total_s = sum(facts.phase_s.values()) or 1.0
    rows = [
        (escape(PHASE_TEXT.get(name, name)), time_s, f"{_clock(time_s)}, {100.0 * time_s / total_s:.0f} %")
        for name, time_s in phases
    ]
    return _table("Hours", ["activity", "time [h]", ""], _bars(rows)) if rows else ""


def _untreatable(facts: JobFacts) -> str:
    listed = [row for row in facts.plan.untreatable if row.area_m2 >= 0.005]
    rest_m2 = sum(row.area_m2 for row in facts.plan.untreatable) - sum(row.area_m2 for row in listed)
    rows = [
        [str(number), escape(LISTED_TEXT[row.reason]), f"{row.area_m2:,.2f}", _place(facts, row.rings_m[0][0])]
        for number, row in enumerate(sorted(listed, key=lambda row: -row.area_m2), start=1)
    ]
    note = f"Smaller pieces together: {rest_m2:.4f} m². Outlines: layer untreatable of the exports."
    return _table("Not workable by machine", ["no.", "reason", "area [m²]", "place (lat, lon)"], rows, note)


def _missed(facts: JobFacts) -> str:
    gaps = facts.found.gaps
    if not gaps:
        return "<h2>Missed ground</h2><p>None.</p>"
    rows = [
        [str(number), escape(REASON_TEXT[gap.reason]), f"{gap.area_m2:,.4f}", _place(facts, gap.rings_m[0][0])]
        for number, gap in enumerate(gaps[:100], start=1)
    ]
    by_reason = ", ".join(
        f"{reason.value.replace('_', ' ')} {sum(gap.area_m2 for gap in gaps if gap.reason is reason):,.2f} m²"
        for reason in GapReason
        if any(gap.reason is reason for gap in gaps)
    )
    note = f"{len(gaps)} pieces: {by_reason}. Outlines: layer missed of the exports."
    return _table("Missed ground", ["no.", "reason", "area [m²]", "place (lat, lon)"], rows, note)


def _events(facts: JobFacts) -> str:
    """Changes line by line; the reasons that come and go by themselves only as a count."""
    numbers = {id(event): str(number) for number, _, event in marked(facts.events)}
    lines = [event for event in facts.events if event.kind != "reason" or id(event) in numbers]
    rows = [
        [
            numbers.get(id(event), ""),
            _clock_s(event.t_ns / NS_PER_S),
            escape(event.text + (_because(facts, event) if id(event) in numbers else "")),
            "" if event.east_m is None or event.north_m is None else _place(facts, (event.east_m, event.north_m)),
        ]
        for event in lines[:EVENTS_MAX]
    ]
    counts = Counter(event.text.removeprefix("reason: ") for event in facts.events if event.kind == "reason")
    told = ", ".join(f"{escape(text)} {count}x" for text, count in counts.most_common())
    note = "Numbers are those on the map." + (f" Reasons shown to the operator: {told}." if told else "")
    if len(lines) > len(rows):
        note += f" {len(lines) - len(rows)} further lines are in the recording."
    return _table("Events", ["no.", "time", "what happened", "place (lat, lon)"], rows, note) if rows else ""


def _because(facts: JobFacts, stop: Event) -> str:
    """Reasons that appeared within half a second before a stop."""
    reasons = [
        event.text.removeprefix("reason: ")
        for event in facts.events
        if event.kind == "reason" and 0 <= stop.tick - event.tick <= BECAUSE_TICKS
    ]
    return f" ({', '.join(dict.fromkeys(reasons))})" if reasons else ""


def _job(facts: JobFacts) -> str:
    names = {"task_id": "task", "cell_m": "cell of the record [m]"}
    rows = [
        [escape(names.get(name, name.replace("_", " "))), escape(value) or "<span class='soft'>not stated</span>"]
        for name, value in job_values(facts).items()
        if name != "statement"
    ]
    rows += [["remark", escape(remark)] for remark in facts.remarks]
    return _table("Job", ["field", "value"], rows)


def _rule(facts: JobFacts) -> str:
    mission = facts.config.mission
    return (
        f"<h2>What counts as processed</h2><p>A cell of {facts.cell_m * 100.0:g} cm counts only if all of it lay under "
        "the tool while, in every 20 ms of its dwell, the rotor was measured at "
        f"{mission.rotor_at_speed_ratio:.0%} of its working speed or more, the depth less {mission.k_depth:g} sigma of "
        f"its mean reached {mission.required_depth_m * 100.0:.1f} cm, the ground speed left no unstruck ground between "
        f"blows, and the position was RTK fixed. Strips are drawn in by {mission.k_sigma:g} sigma of the position on "
        "all sides. Later knowledge withdraws credit by a record in the journal, never by a change.</p>"
    )


def _signatures() -> str:
    signers = ("team leader", "quality officer", "authority")
    cells = "".join(f"<td class='soft'>{signer}, date</td>" for signer in signers)
    return f"<h2>Signatures</h2><table class='sign'><tr>{cells}</tr></table>"


def _place(facts: JobFacts, point_m: tuple[float, float]) -> str:
    lat_deg, lon_deg, _ = facts.plan.datum.geodetic_from_enu(*point_m)
    return f"{lat_deg:.7f}, {lon_deg:.7f}"


def _clock(time_s: float) -> str:
    minutes = math.floor(time_s / 60.0 + 0.5)
    return f"{minutes // 60}:{minutes % 60:02d}"


def _clock_s(time_s: float) -> str:
    return f"{int(time_s) // 3600}:{int(time_s) % 3600 // 60:02d}:{int(time_s) % 60:02d}"
