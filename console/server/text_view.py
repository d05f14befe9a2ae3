"""The state of a vehicle as text for a terminal, if there is no browser. Pure: sections in, lines out."""

from typing import Any, Final

from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from console.server.catalogue import catalogue, reason_rows
from console.server.settings import PAGE
from vehicle.reports.words import ENGLISH

UNKNOWN: Final = "unknown"
STOPPED: Final = frozenset({"STOPPING", "HOLD", "ESTOP", "FAULT"})
WAIT: Final = "WAIT"
HINT: Final = "SPACE stops the vehicle.  Q ends this program; it drives nothing."
_NAMES: Final = {row["code"]: row["name"] for row in reason_rows()}
_ENGLISH: Final = catalogue(PAGE / "text", ENGLISH)
Sections = dict[str, Any]
LATE: Final = "late"
"""Marks each figure of a report that stopped while others arrive: it is not current."""


def page(known: Sections, said: str) -> Group:
    """Return the whole page; `said`: result of the last key."""
    return Group(_head(known), _reasons(known), _figures(known), Text(said, style="bold"), Text(HINT))


def _head(known: Sections) -> Panel:
    server, link, vehicle = known["server"], known["link"], known["vehicle"]
    live = link["quality"] in ("good", "slow")
    mode = UNKNOWN if vehicle is None else vehicle["mode"] or UNKNOWN
    words = f"{mode}: {_ENGLISH[f'mode.{mode}']}" if f"mode.{mode}" in _ENGLISH else mode
    line = words if live else f"NO LINK; last seen: {words}. {_why(link)}".rstrip()
    style = "white on red" if not live or mode in STOPPED else "black on yellow" if mode == WAIT else "bold"
    age = "never heard" if link["age_ms"] is None else f"{link['age_ms']:.0f} ms ago"
    names = {one["id"]: one["name"] for one in server["vehicles"]}
    title = f"{'SIMULATION  ' if server['simulation'] else ''}{names[server['vehicle']]}  {link['address']}"
    return Panel(Text(f" {line} ", style=style), title=title, subtitle=f"link {link['state']}, {age}")


def _why(link: Sections) -> str:
    """Return why nothing is received and what to do, "" if unknown."""
    key = f"link.problem.{link['problem']}" if link["problem"] else link["text"]
    words = str(_ENGLISH.get(key, "")) if link["problem"] or link["state"] not in ("open", "lost", "searching") else ""
    return words.replace("{address}", link["address"]).replace("{text}", link["problem_text"] or "")


def _reasons(known: Sections) -> Text:
    """Return every reason in force, worst first, in the vehicle's own words."""
    vehicle = known["vehicle"]
    told = Text()
    for code in vehicle["reasons"] if vehicle is not None else []:
        name = _NAMES.get(code)
        parts = (
            (f"reason {code}",) if name is None else (_ENGLISH[f"reason.{name}.{part}"] for part in ("cause", "steps"))
        )
        told.append(" ".join(parts).strip() + "\n", style="bold" if code == vehicle["worst"] else "")
    return told


def _figures(known: Sections) -> Table:
    table = Table(show_header=False, box=None, padding=(0, 2))
    pose, tool, mission = known["pose"] or {}, known["tool"] or {}, known["mission"] or {}
    limits, due, link = known["limits"] or {}, known["due"] or {}, known["link"]
    vehicle, near, engine = known["vehicle"] or {}, known["near"] or {}, known["engine"] or {}
    holder = "this console" if vehicle.get("mine") else vehicle.get("holder_name") or vehicle.get("holder")
    if (driving := (known.get("day") or {}).get("driving")) is not None:
        holder = f"{driving['name']} ({holder})"
    rows = [
        ("held by", _value(holder), "round trip", _value(link["rtt_ms"], "ms")),
        ("speed", _figure(pose, "speed_mps", "m/s"), "limit", _figure(limits, "speed_cap_mps", "m/s")),
        ("heading", _figure(pose, "heading_deg", "deg"), "position to", _position(pose, known["gnss"] or {})),
        ("rotor", _figure(tool, "rotor_rpm", "rpm"), "required", _figure(tool, "rotor_required_rpm", "rpm")),
        ("depth", _figure(tool, "depth_m", "m"), "required", _figure(tool, "depth_required_m", "m")),
        ("segment", _marked(mission, _swath(mission)), "processed", _processed(mission)),
        ("next", _marked(mission, _next(mission)), "keep-out", _marked(near, _near(near))),
        (*_countdown(vehicle, due), "time left", _figure(mission, "time_left_s", "s")),
        ("fuel", _marked(engine, _fuel(engine)), "parking in", _figure(engine, "parking_min", "min")),
    ]
    for row in rows:
        table.add_row(*row)
    return table


def _processed(mission: Sections) -> str:
    """Return the processed area and what it is not, as every page that shows it says."""
    shown = _figure(mission, "processed_m2", "m2")
    return shown if shown == UNKNOWN else f"{shown}: not for feet"


def _position(pose: Sections, gnss: Sections) -> str:
    """Return the uncertainty of the position and the receiver's fix."""
    fix = gnss.get("fix")
    words = UNKNOWN if fix is None else str(_ENGLISH.get(f"fix.{fix}", fix))
    return f"{_figure(pose, 'sigma_m', 'm')}, {_marked(gnss, words)}"


def _countdown(vehicle: Sections, due: Sections) -> tuple[str, str]:
    """Return name and figure of what counts down: a WAIT, the wait after a detonation, else the answer due."""
    mode = vehicle.get("mode")
    if mode == WAIT:
        return "stops in", _figure(due, "arm_unused_s", "s")
    if mode in STOPPED and due.get("arm_unused_s") is not None:
        return "acknowledge in", _figure(due, "arm_unused_s", "s")
    return "answer within", _figure(due, "attention_s", "s")


def _next(mission: Sections) -> str:
    """Return the next step of a mission in the page's words, and the distance to it."""
    name, left_m = mission.get("next"), mission.get("next_m")
    if name is None:
        return UNKNOWN
    words = str(_ENGLISH.get(f"next.{name}", name))
    return words if left_m is None else f"{words} in {left_m} m"


def _fuel(engine: Sections) -> str:
    """Return the share of a full tank, and for how long it lasts at work if that is known."""
    ratio, left_min = engine.get("fuel_ratio"), engine.get("fuel_min")
    share = UNKNOWN if ratio is None else f"{100 * ratio:.0f} %"
    low = ", LOW" if engine.get("fuel_low") else ""
    return f"{share}{low}" if left_min is None else f"{share}, {left_min} min{low}"


def _near(near: Sections) -> str:
    distance = _value(near.get("keep_out_m"), "m")
    return f"{distance} {near['keep_out_side'] or ''}".rstrip() if near.get("keep_out_m") is not None else distance


def _swath(mission: Sections) -> str:
    if not mission or not mission["segments"]:
        return UNKNOWN if not mission else "none"
    return f"{min(mission['segment'] + 1, mission['segments'])} of {mission['segments']}"


def _figure(section: Sections, name: str, unit: str) -> str:
    """Return a figure of a section, with its age if it is late."""
    return _marked(section, _value(section.get(name), unit))


def _marked(section: Sections, words: str) -> str:
    return f"{words}, {LATE}" if section.get("old") and words != UNKNOWN else words


def _value(value: Any, unit: str = "") -> str:
    return UNKNOWN if value is None else f"{value} {unit}".rstrip()
