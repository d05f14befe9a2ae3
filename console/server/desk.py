"""Who steers what: vehicles with a link each, one of them chosen, one page that drives, stops from any page."""

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
from vehicle.contracts.messages import Mode
from vehicle.host.clock import Clock

ACT_AGE_MAX_MS: Final = 500.0
"""An act towards motion that took longer from the page is not meant any more."""
SHOWN_NOTHING: Final = 1
"""The tick of a page that was shown nothing: the vehicle takes 0 for one that does not tell."""
TAIL_NS: Final = 150_000_000
TAIL_STEP_NS: Final = 50_000_000
FORGOTTEN_MS: Final = 5_000.0
"""A vehicle that was silent for so long has stopped by itself."""
TURNING_AWAY_MPS: Final = 0.02
ARMED: Final = frozenset({Mode.READY, Mode.MANUAL, Mode.AUTO_MOVE, Mode.AUTO_WORK, Mode.RECOVERY, Mode.STOPPING})


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the page is told of its act `no`; `why` is a key of the catalogue, `reason` the code of a stop reason."""

    act: str
    no: int
    result: str
    why: str = ""
    params: dict[str, str | float] = {}
    reason: int | None = None


def _no_tick(_: int) -> None:
    """Of a page that waits for none."""


class Seat:
    """A page that drives; `left` is set when it has to go.

    `told` is called with what became of its acts, `ticked` with each newer tick of what it steers, at once.
    """

    def __init__(self, page: str, told: Callable[[Answer], None], ticked: Callable[[int], None] = _no_tick) -> None:
        self.page, self.told, self.ticked = page, told, ticked
        self.left = asyncio.Event()


def _unheard(_: ActAnswer) -> None:
    """Of a link that is closed."""


class Steered:
    """A vehicle and its link. Readings are counted here, over all pages that ever steered."""

    def __init__(self, settings: VehicleSettings, link: ConsoleLink, clock: Clock) -> None:
        self.settings, self.link, self._clock = settings, link, clock
        self.readings = 0
        self.ticked: Callable[[int], None] = _no_tick
        """Called with each newer tick of the vehicle, at once."""
        self._another = asyncio.Event()
        self._know_nothing()
        self._waiting: dict[int, tuple[Seat, PageAct]] = {}
        self._early: list[ActAnswer] | None = None
        self._listen()

    def _listen(self) -> None:
        self.link.on_answer = self.answered
        self.link.on_tick = self._tick

    def _know_nothing(self) -> None:
        """Of ground and site, as before anything was heard."""
        self.mirror, self.near, self.inside = GroundMirror(), NearGround(), InsideArea()
        self.keeper = Keeper(self.link, self.mirror, self._clock)

    def _tick(self, tick: int) -> None:
        self.ticked(tick)

    def relinked(self, settings: VehicleSettings, link: ConsoleLink) -> None:
        """Another address: a link of its own, and nothing of the other is known any more.

        A stop that was not seen yet goes to the new address too; the old one is told of it as long as its link lasts.
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
        """The vehicle's site and plan, None while nobody knows."""
        return self.keeper.site

    @property
    def datum(self) -> tuple[float, float, float] | None:
        """What metres count from: of the vehicle's site, else of its record, else as it was set up."""
        told = (self.site or {}).get("datum")
        return tuple(told) if told else self.mirror.datum or self.settings.datum

    @property
    def mine(self) -> bool:
        """This console holds control of it, as far as is known."""
        vehicle = self.link.view.vehicle
        return vehicle is not None and vehicle.lease_holder == self.settings.credentials.system_id

    async def keep(self) -> None:
        """Keep ground and site whole, over all links that this vehicle ever has, until cancelled."""
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
        """A new reading, made for its number."""
        self.readings += 1
        return self.link.feed(made(self.readings))

    def act(self, seat: Seat, act: PageAct) -> None:
        """Pass an act on; the page of `seat` is told what becomes of it."""
        self._early = []  # it may be answered before it has its number
        try:
            number = self.link.act(act.edge, max(act.vehicle_tick, SHOWN_NOTHING))
        finally:
            early, self._early = self._early, None
        self._waiting[number] = (seat, act)
        for answer in early:
            self.answered(answer)

    def answered(self, answer: ActAnswer) -> None:
        """The vehicle's answer, or that there was none."""
        seat, act = self._waiting.pop(answer.number, (None, None))
        if seat is None or act is None:
            if self._early is not None:
                self._early.append(answer)
            return
        why = f"act.why.{answer.why}" if answer.why else ""
        seat.told(Answer(act=ACT_NAMES[act.act], no=act.number, result=answer.result, why=why, reason=answer.reason))

    def busy(self) -> str:
        """Why the operator may not turn to another vehicle now: key of the catalogue, "" where nothing hinders."""
        view = self.link.view
        if view.vehicle is None or not self.mine or (view.vehicle_age_ms or 0.0) > FORGOTTEN_MS:
            return ""
        if abs(view.vehicle.speed_mps or 0.0) > TURNING_AWAY_MPS:
            return "vehicle.why.moving"
        return "vehicle.why.armed" if view.vehicle.mode in ARMED else ""


class Desk:
    """All vehicles of this console. At least one."""

    def __init__(
        self, vehicles: tuple[Steered, ...], clock: Clock, *, by_sight: Callable[[], bool] = lambda: False
    ) -> None:
        self.vehicles = {one.settings.id: one for one in vehicles}
        self.steered, self._clock, self._by_sight = vehicles[0], clock, by_sight
        self.seat: Seat | None = None
        self._tail: asyncio.Task[None] | None = None

    # --- one page drives ---------------------------------------------------------------------------------------------
    def sit(self, seat: Seat) -> bool:
        """True where nobody drives yet."""
        if self.seat is not None:
            return False
        self.seat = seat
        self._end_tail()
        self.steered.link.drop_acts()
        self.steered.ticked = seat.ticked
        return True

    def stand_up(self, seat: Seat) -> None:
        """The page is gone: neutral for 150 ms, then silence, and the vehicle stops.

        Of its acts only those that end motion are still done, the neutral readings carry no others.
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
        """Nobody drives any more; what the last page left is sent to its end."""
        if self.seat is not None:
            self.stand_up(self.seat)
        if self._tail is not None:
            await asyncio.wait([self._tail])

    @property
    def by_sight(self) -> bool:
        """No picture is needed: driving by sight is recorded, or the vehicle has no camera."""
        return self._by_sight() or self.steered.settings.video_port is None

    # --- acts --------------------------------------------------------------------------------------------------------
    def act(self, seat: Seat, act: PageAct, age_ms: float) -> None:
        """An act of the page that drives; it is told what became of it."""
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
        """STOP of any page: the vehicle that is shown, and every other one that this console holds."""
        for one in self.vehicles.values():
            if one is self.steered or one.mine:
                one.link.stop(engine_off=engine_off)

    # --- several vehicles --------------------------------------------------------------------------------------------
    def turn_to(self, vehicle_id: str) -> str:
        """Choose another vehicle; why not, "" where it was done. The page that drives has to connect anew."""
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
        """The page that drives has to connect anew: what it steers is another vehicle, or the same elsewhere."""
        if self.seat is not None:
            self.seat.left.set()
            self.stand_up(self.seat)
