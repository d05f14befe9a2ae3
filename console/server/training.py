"""Exercises of a simulator, started and left from the page; beside a real vehicle there are none."""

from typing import Any, Final, Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from console.server.api import body, refused
from console.server.desk import ARMED, Desk
from console.server.settings import ServerSettings

CONFLICT: Final = 409


class Training(msgspec.Struct, frozen=True, kw_only=True):
    """What runs now, as the simulator's process tells it. `running`: name of the exercise, "" for none.

    `changing`: the machine is put back to the start. `hint`: of the present step, "" where the operator has to notice
    what happens; `result`: lines of the last result sheet, of the exercise `result_of`.
    """

    running: str = ""
    changing: bool = False
    goal: str = ""
    hint: str = ""
    hints: bool = True
    steps_done: int = 0
    steps: int = 0
    time_s: int = 0
    reached: bool = False
    result_of: str = ""
    result: tuple[str, ...] = ()


class Trainer(Protocol):
    """The simulator's process. `place`: host and port of its vehicle; `exercises`: names of those that it knows."""

    place: tuple[str, int]
    exercises: tuple[str, ...]
    state: Training

    def begin(self, name: str, *, hints: bool) -> None:
        """Put the machine back to the start of its plan, and begin this exercise."""
        ...

    def leave(self) -> None:
        """End the exercise; the machine is put back to the start, without one."""
        ...


def offered(trainer: Trainer | None, settings: ServerSettings, desk: Desk) -> Trainer | None:
    """Return the trainer where the steered vehicle is its own simulator; None beside any other vehicle."""
    if trainer is None or not settings.simulation:
        return None
    steered = desk.steered.settings
    return trainer if (steered.host, steered.port) == trainer.place else None


def training_section(trainer: Trainer | None) -> dict[str, Any] | None:
    """Return the exercises and what runs; None where none is offered."""
    if trainer is None:
        return None
    return {"exercises": list(trainer.exercises), **msgspec.to_builtins(trainer.state)}


class TrainingApi:
    """The request that begins or leaves an exercise; there is no such request without a trainer."""

    def __init__(self, trainer: Trainer | None, settings: ServerSettings, desk: Desk) -> None:
        self._trainer, self._settings, self._desk = trainer, settings, desk

    def routes(self) -> list[Route]:
        """Return routes below /api; the caller checks the token."""
        return [] if self._trainer is None else [Route("/api/training", self._train, methods=["POST"])]

    async def _train(self, request: Request) -> Response:
        asked = await body(request)
        trainer = offered(self._trainer, self._settings, self._desk)
        if trainer is None:
            return refused("training.why.real", CONFLICT)
        if why := self._why_not(trainer):
            return refused(why, CONFLICT)
        name, hints = asked.get("begin"), asked.get("hints", True)
        if name is None and asked.get("leave") is True:
            trainer.leave()
        elif name in trainer.exercises and isinstance(hints, bool):
            trainer.begin(str(name), hints=hints)
        else:
            return refused("training.why.unknown", 422)
        return JSONResponse({"ok": True})

    def _why_not(self, trainer: Trainer) -> str:
        """Return why the machine cannot be put back now: key of a text, "" if it can."""
        if trainer.state.changing:
            return "training.why.changing"
        vehicle = self._desk.steered.link.view.vehicle
        return "training.why.armed" if vehicle is not None and vehicle.mode in ARMED else ""
