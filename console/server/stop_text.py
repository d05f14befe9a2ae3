"""The text view of a stop-only station in a terminal, with the words of the phone's page. Pure: view in, lines out."""

from typing import Final

from rich.console import Group
from rich.panel import Panel
from rich.text import Text

from console.client.stop_station import StopLink, StopState, StopView
from console.server.catalogue import catalogue
from console.server.settings import PAGE
from console.server.stop_page import Place
from vehicle.reports.words import ENGLISH

_ENGLISH: Final = catalogue(PAGE / "text", ENGLISH)
_STYLES: Final = {
    StopLink.CONNECTED: "bold",
    StopLink.LATE: "bold black on yellow",
    StopLink.LOST: "bold white on red",
}
KEYS: Final = "ENTER or SPACE = STOP.   Q ends this program; that stops nothing."


def page(view: StopView, place: Place, problem: str = "") -> Group:
    """Return the whole page; `problem`: error of the socket."""
    style = _STYLES[view.link]
    link = Text("\n".join(line for line in (link_words(view, place), problem) if line), style=style)
    title = f"{place.name}   {place.address}"
    mode = Text(mode_words(view), style="bold")
    stop = Text(stop_words(view), style="bold white on red" if view.stop is StopState.SENDING else "bold")
    head = Panel(link, title=title, style=style)
    return Group(head, mode, stop, Text(""), Text(KEYS), Text(_ENGLISH["stop_page.help"]))


def link_words(view: StopView, place: Place) -> str:
    """Return the link's state, its age, and what is wrong with it."""
    known = view.age_ms is not None
    key = f"stop_page.{view.link}_age" if known or view.link is not StopLink.LOST else "stop_page.lost"
    words = str(_ENGLISH[key]).format(age=f"{(view.age_ms or 0.0) / 1000:.1f}")
    if view.link is not StopLink.LOST:
        return words
    why = str(_ENGLISH[f"stop_page.why.{view.why}"]).format(address=place.address)
    return f"{words}\n{_ENGLISH['stop_page.use_radio']} {why}"


def mode_words(view: StopView) -> str:
    """Return the vehicle's mode in the page's words; unknown while the link is late."""
    mode = view.mode if view.link is StopLink.CONNECTED else None
    return str(_ENGLISH["stop_page.mode_unknown" if mode is None else f"mode.{mode.name}"])


def stop_words(view: StopView) -> str:
    """Return the result of STOP; "" before the first press."""
    if view.stop is StopState.SENDING:
        return str(_ENGLISH["stop_page.sending_lost" if view.link is StopLink.LOST else "stop_page.sending"])
    if view.stop is StopState.TAKEN:
        return str(_ENGLISH["stop_page.taken"]).format(time=f"{(view.stop_ms or 0.0) / 1000:.2f}")
    return ""
