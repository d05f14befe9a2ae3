"""Decides who steers which vehicle: a link for each vehicle, one chosen vehicle, one driving page, stops from any."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import msgspec

from console.client.acts import ActAnswer, ActResult
from console.client.link import ConsoleLink
from console.client.readings import Reading
from console.client.view import LinkState
from console.server.drive_frames import ACT_NAMES, AWAY_FROM_MOTION, PageAct
from console.server.ground import GroundMirror
from console.server.hands import neutral
from console.server.inside_area import InsideArea
from console.server.keeper import Keeper
from console.server.near_ground import NearGround
from console.server.settings import VehicleSettings
from vehicle.contracts.messages import ACTIVE_MODES, Mode
from vehicle.host.clock import Clock

ACT_AGE_MAX_MS: Final = 500.0
"""An act towards motion that took longer from the page is dropped."""
SHOWN_NOTHING: Final = 1
"""Tick of a page that was shown nothing; not 0, because 0 means a console that sends no tick."""
TAIL_NS: Final = 150_000_000
TAIL_STEP_NS: Final = 50_000_000
FORGOTTEN_MS: Final = 5_000.0
"""A vehicle that was silent for this time has stopped by itself."""
TURNING_AWAY_MPS: Final = 0.02
ARMED: Final = frozenset({Mode.READY, *ACTIVE_MODES, Mode.STOPPING})


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to the page's act `no`; `why` is a key of the catalogue, `reason` the code of a stop reason."""

    act: str
    no: int
    result: str
    why: str = ""
    params: dict[str, str | float] = {}
    reason: int | None = None


def _no_tick(_: int) -> None:
    """Ignore ticks, for a page that needs none."""


class Seat:
    """A page that drives; `left` is set when it has to leave.

    `told` is called with the results of its acts, `ticked` at once with each newer tick of its vehicle.
    """

    def __init__(self, page: str, told: Callable[[Answer], None], ticked: Callable[[int], None] = _no_tick) -> None:
        self.page, self.told, self.ticked = page, told, ticked
        self.left = asyncio.Event()


def _unheard(_: ActAnswer) -> None:
    """Ignore a call of a closed link."""


class Steered:
    """A vehicle and its link. Readings are counted here, over all pages that have driven."""

    def __init__(self, settings: VehicleSettings, link: ConsoleLink, clock: Clock) -> None:
        self.settings, self.link, self._clock = settings, link, clock
        self.readings = 0
        self.ticked: Callable[[int], None] = _no_tick
        """Called at once with each newer tick of the vehicle."""
        self._another = asyncio.Event()
        self._know_nothing()
        self._waiting: dict[int, tuple[Seat, PageAct]] = {}
        self._early: list[ActAnswer] | None = None
        self._listen()

    def _listen(self) -> None:
        self.link.on_answer = self.answered
        self.link.on_tick = self._tick

    def _know_nothing(self) -> None:
        """Forget ground and site."""
        self.mirror, self.near, self.inside = GroundMirror(), NearGround(), InsideArea()
        self.keeper = Keeper(self.link, self.mirror, self._clock)

    def _tick(self, tick: int) -> None:
        self.ticked(tick)

    def relinked(self, settings: VehicleSettings, link: ConsoleLink) -> None:
        """Use the link to another address, and forget everything known from the old one.

        An unconfirmed stop is also sent to the new address; the old link repeats it as long as it exists.
        """
        before, self.link.on_answer, self.link.on_tick = self.link, _unheard, _no_tick
        self.settings, self.link = settings, link
        if before.stopping:
            link.stop(engine_off=before.engine_off)
        self._waiting.clear()
        self._know_nothing()
        self._another.set()
        self._listen()

    @property
    def site(self) -> dict[str, Any] | None:
        """The vehicle's site and plan, None while unknown."""
        return self.keeper.site

    @property
    def datum(self) -> tuple[float, float, float] | None:
        """Origin of the metres: from the vehicle's site, else from its record, else from the settings."""
        told = (self.site or {}).get("datum")
        return tuple(told) if told else self.mirror.datum or self.settings.datum

    @property
    def mine(self) -> bool:
        """Whether this console holds control of the vehicle, as far as known."""
        vehicle = self.link.view.vehicle
        return vehicle is not None and vehicle.lease_holder == self.settings.credentials.system_id

    async def keep(self) -> None:
        """Keep ground and site complete over all links of this vehicle, until cancelled."""
        while True:
            self._another.clear()
            tasks = [asyncio.ensure_future(part) for part in (self.keeper.run(), self._another.wait())]
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
            for task in done:
                task.result()

    def feed(self, made: Callable[[int], Reading]) -> bool:
        """Send a new reading, built with its number."""
        self.readings += 1
        return self.link.feed(made(self.readings))

    def act(self, seat: Seat, act: PageAct) -> None:
        """Pass on an act; the page of `seat` gets its result."""
        self._early = []  # the answer may come before its number is known here
        try:
            number = self.link.act(act.edge, max(act.vehicle_tick, SHOWN_NOTHING))
        finally:
            early, self._early = self._early, None
        self._waiting[number] = (seat, act)
        for answer in early:
            self.answered(answer)

    def answered(self, answer: ActAnswer) -> None:
        """Handle the vehicle's answer, or the lack of one."""
        seat, act = self._waiting.pop(answer.number, (None, None))
        if seat is None or act is None:
            if self._early is not None:
                self._early.append(answer)
            return
        why = f"act.why.{answer.why}" if answer.why else ""
        seat.told(Answer(act=ACT_NAMES[act.act], no=act.number, result=answer.result, why=why, reason=answer.reason))

    def busy(self) -> str:
        """Why the operator may not change to another vehicle now: key of the catalogue, "" if allowed."""
        view = self.link.view
        if view.vehicle is None or not self.mine or (view.vehicle_age_ms or 0.0) > FORGOTTEN_MS:
            return ""
        if abs(view.vehicle.speed_mps or 0.0) > TURNING_AWAY_MPS:
            return "vehicle.why.moving"
        return "vehicle.why.armed" if view.vehicle.mode in ARMED else ""


class Desk:
    """All vehicles of this console, at least one."""

    def __init__(
        self, vehicles: tuple[Steered, ...], clock: Clock, *, by_sight: Callable[[], bool] = lambda: False
    ) -> None:
        self.vehicles = {one.settings.id: one for one in vehicles}
        self.steered, self._clock, self._by_sight = vehicles[0], clock, by_sight
        self.seat: Seat | None = None
        self._tail: asyncio.Task[None] | None = None

    # --- one page drives ---------------------------------------------------------------------------------------------
    def sit(self, seat: Seat) -> bool:
        """Take the driver's seat; False if another page has it."""
        if self.seat is not None:
            return False
        self.seat = seat
        self._end_tail()
        self.steered.link.drop_acts()
        self.steered.ticked = seat.ticked
        return True

    def stand_up(self, seat: Seat) -> None:
        """Leave the seat: send neutral readings for 150 ms, then nothing, so that the vehicle stops.

        Of the page's acts only those that end motion are still sent; the neutral readings carry no others.
        """
        if self.seat is seat:
            self.seat = None
            self._end_tail()
            self.steered.ticked = _no_tick
            self.steered.link.drop_acts()
            self._tail = asyncio.get_running_loop().create_task(self._neutral(self.steered))

    async def _neutral(self, steered: Steered) -> None:
        begun_ns = now_ns = self._clock.now_ns()
        while now_ns - begun_ns <= TAIL_NS:
            steered.feed(lambda number: neutral(number, steered.link.view.tick))
            await self._clock.sleep_until_ns(now_ns + TAIL_STEP_NS)
            now_ns = self._clock.now_ns()

    def _end_tail(self) -> None:
        if self._tail is not None:
            self._tail.cancel()
            self._tail = None

    async def close(self) -> None:
        """End driving; the neutral readings of the last page are sent to their end."""
        if self.seat is not None:
            self.stand_up(self.seat)
        if self._tail is not None:
            await asyncio.wait([self._tail])

    @property
    def by_sight(self) -> bool:
        """Whether no picture is needed: driving by sight is recorded, or the vehicle has no camera."""
        return self._by_sight() or self.steered.settings.video_port is None

    # --- acts --------------------------------------------------------------------------------------------------------
    def act(self, seat: Seat, act: PageAct, age_ms: float) -> None:
        """Send an act of the driving page, which gets the result."""
        why = ""
        if self.seat is not seat:
            why = "act.why.not_steered"
        elif age_ms > ACT_AGE_MAX_MS and not act.edge & AWAY_FROM_MOTION:
            why = "act.why.too_old"
        elif self.steered.link.view.state is not LinkState.OPEN:
            why = "act.why.no_link"
        if why:
            seat.told(Answer(act=ACT_NAMES[act.act], no=act.number, result=ActResult.REFUSED, why=why))
            return
        self.steered.act(seat, act)

    def stop(self, *, engine_off: bool = False) -> None:
        """Send the STOP of any page to the shown vehicle and to every other one that this console controls."""
        for one in self.vehicles.values():
            if one is self.steered or one.mine:
                one.link.stop(engine_off=engine_off)

    # --- several vehicles --------------------------------------------------------------------------------------------
    def turn_to(self, vehicle_id: str) -> str:
        """Choose another vehicle; return "" or the refusal. The driving page must connect again."""
        wanted = self.vehicles.get(vehicle_id)
        if wanted is None:
            return "vehicle.why.unknown"
        if wanted is self.steered:
            return ""
        why = self.steered.busy()
        if why:
            return why
        self.send_away()
        for one in (self.steered, wanted):
            one.link.drop_acts()
        self.steered = wanted
        return ""

    def send_away(self) -> None:
        """Make the driving page connect again, because its vehicle or the vehicle's address has changed."""
        if self.seat is not None:
            self.seat.left.set()
            self.stand_up(self.seat)
