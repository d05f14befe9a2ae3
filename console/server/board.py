"""The state of the steered vehicle as sections for the pages; computed once per period for all pages."""

from collections.abc import Callable
from typing import Any, Final

import console.server.sections as make
from console.server.catalogue import language_names
from console.server.day_section import day_section
from console.server.desk import Desk
from console.server.engine_section import engine_section
from console.server.rings import rings_section
from console.server.settings import ServerSettings
from console.server.setup import SetupStore
from console.server.training import Trainer, offered, training_section
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.units import NS_PER_MS
from vehicle.host.clock import Clock

PERIOD_NS: Final = 100 * NS_PER_MS
"""Pages get an update ten times a second."""


VERSION: Final = 1
"""Version of the protocol between page and server."""


Jobs = Callable[[], list[dict[str, Any]]]
TimeLeft = Callable[[], float | None]


def no_jobs() -> list[dict[str, Any]]:
    """Return no jobs; used without planning."""
    return []


def not_known() -> None:
    """Return no time; used without planning."""


class Board:
    """Sections by name. `to_parking_s`: time of the way to the parking, None if it is not known.

    `trainer`: of a simulator.
    """

    def __init__(
        self,
        desk: Desk,
        settings: ServerSettings,
        store: SetupStore,
        clock: Clock,
        *,
        jobs: Jobs = no_jobs,
        to_parking_s: TimeLeft = not_known,
        trainer: Trainer | None = None,
    ) -> None:
        self._jobs, self._to_parking_s, self._trainer = jobs, to_parking_s, trainer
        self._desk, self._settings, self._store, self._clock = desk, settings, store, clock
        self._languages = language_names(settings.page / "text")

    def sections(self, page: str) -> dict[str, Any]:
        """Return the sections for the page with this id."""
        seat = self._desk.seat
        steering = "none" if seat is None else "this" if page and seat.page == page else "other"
        return {"server": self._server(steering), **self._shared()}

    def _server(self, steering: str) -> dict[str, Any]:
        settings, kept = self._settings, self._store.kept
        return {
            "version": VERSION,
            "console_name": kept.console_name or settings.console_name,
            "simulation": settings.simulation,
            "speed": settings.speed,
            "vehicles": [
                {"id": one.settings.id, "name": one.settings.name, "machine_id": one.settings.credentials.machine_id}
                for one in self._desk.vehicles.values()
            ],
            "vehicle": self._desk.steered.settings.id,
            "steering": steering,
            "by_sight": self._store.by_sight(settings),
            "checklist_due": not settings.simulation and self._checklist_due(),
            "language": settings.language,
            "languages": self._languages,
        }

    def _checklist_due(self) -> bool:
        steered = self._desk.steered
        day = steered.keeper.day
        driving = day.people.driving if day is not None else None
        here = driving is not None and driving.station_id == steered.settings.credentials.system_id
        return self._store.checklist_due(steered.settings.id, driving.name if driving is not None and here else None)

    def _shared(self) -> dict[str, Any]:
        steered = self._desk.steered
        view = make.in_vehicle_time(make.of_ours(steered.link.view), self._settings.speed)
        settings = steered.settings
        datum = LocalFrame(*steered.datum) if steered.datum is not None else None
        seen, now = make.recent(view), make.fresh(view)
        frame, work = seen.vehicle, seen.work
        inside = steered.inside.look(steered.site, steered.mirror)
        unproven = steered.near.look(steered.site, steered.mirror, make.stand_of(now.vehicle, datum))
        late, work_late = frame is not now.vehicle, work is not now.work
        return {
            "link": make.link_section(
                view, f"{settings.host}:{settings.port}", steered.link.problem, steered.link.problem_kind
            ),
            "vehicle": make.vehicle_section(view, settings.credentials.system_id, steered.keeper.names),
            "rings": rings_section(view, datum),
            "pose": make.aged(make.pose_section(frame, datum), old=late),
            "tool": make.aged(make.tool_section(seen), old=late),
            "mission": make.aged(make.mission_section(seen, steered.site, inside), old=late),
            "limits": make.aged(make.limits_section(work, steered.site), old=work_late),
            "due": make.due_section(work, (view.work_age_ms or 0.0) / 1e3 if work_late else 0.0),
            "gnss": make.aged(make.gnss_section(work), old=work_late),
            "engine": make.aged(engine_section(work, self._to_parking_s()), old=work_late),
            "checks": make.aged(make.checks_section(work), old=work_late),
            "near": make.aged(make.near_section(work, unproven), old=work_late),
            "day": day_section(steered.keeper.day),
            "jobs": self._jobs(),
            "training": training_section(offered(self._trainer, self._settings, self._desk)),
            "texts": make.texts_section(view),
            "ground": make.ground_section(steered.mirror),
        }
