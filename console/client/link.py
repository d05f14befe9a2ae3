"""The console's end of the operator link, for asyncio: session, signing, hold-to-run, acts, supervision.

    async with console_link(host, port, credentials, clock) as link:
        await link.opened()                           # proved to each other, nothing recorded counts
        link.feed(Reading(number=1, vehicle_tick=link.view.tick, hold=True, drive=0.4))
        answer = await link.done(link.act(OperatorEdge.TAKE))

`feed` is called once for each look at the sticks, about 50 times a second. Each reading is sent at most once. Without
a new reading nothing is sent, and the vehicle stops: a frozen console must not look alive. `stop` needs neither sticks
nor a session. `LinkProtocol` (`console/client/protocol.py`) is the pure part, without a socket.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import msgspec

from console.client.acts import ActAnswer
from console.client.endpoint import Endpoint
from console.client.files import Download, Transfer, TransferError, Upload
from console.client.protocol import Credentials, LinkProtocol
from console.client.readings import Reading
from console.client.view import ConsoleView
from firmware_bridge.console_types import StrokesFrame
from firmware_bridge.types import Observation, ObservationResult, OperatorEdge, VehicleFrame
from vehicle.host.clock import Clock
from vehicle.operator_link.staging import REFUSED, STAGED, TAKEN, Staged

__all__ = [
    "ActAnswer",
    "ConsoleLink",
    "ConsoleView",
    "Credentials",
    "LinkProtocol",
    "Reading",
    "TransferError",
    "console_link",
]

LOOK_NS = 10_000_000
"""What waits for its turn is looked at so often; a reading, a report or a stop is looked at when it comes."""
ANSWERS_MAX = 64
STAGE_NS, STAGE_LOOK_NS = 180_000_000_000, 1_000_000_000
"""A plan that was handed over is read and checked beside the tick; what became of it is asked for so often."""


def _nobody(_: ActAnswer) -> None:
    """Who asks for no answers is told none."""


def _no_tick(_: int) -> None:
    """Who shows no tick is told none."""


def _nothing(_: StrokesFrame) -> None:
    """Who keeps no ground is told none."""


class ConsoleLink:
    """The protocol on a UDP socket. `on_answer` is called at the end of each act; it must not block."""

    def __init__(self, protocol: LinkProtocol, clock: Clock) -> None:
        self.protocol, self._clock = protocol, clock
        self.on_answer: Callable[[ActAnswer], None] = _nobody
        self.on_tick: Callable[[int], None] = _no_tick
        """Called with each newer tick of the vehicle, at once: hands that are shown it make younger frames."""
        self.on_strokes: Callable[[StrokesFrame], None] = _nothing
        """Called with each change of the record of ground that is heard; it must not block."""
        self._files = asyncio.Lock()
        self._ended = False
        self._session = 0
        self.vehicle_id = ""
        """Which of this console's vehicles it leads to; "" where there is only one."""
        self.problem = ""
        """What the socket says, such as that nobody listens there; "" where it says nothing."""
        self._transport: asyncio.DatagramTransport | None = None
        self._changed = asyncio.Event()
        self._answers: dict[int, ActAnswer] = {}

    # --- the operator ------------------------------------------------------------------------------------------------
    @property
    def view(self) -> ConsoleView:
        """What is known now; frozen."""
        return self.protocol.view(self._clock.now_ns())

    @property
    def changed(self) -> asyncio.Event:
        """Set whenever something was heard; whoever waits clears it first."""
        return self._changed

    def feed(self, reading: Reading) -> bool:
        """One new reading; False where it is no new one, impossible, or there is no session."""
        taken = self.protocol.feed(reading, self._clock.now_ns())
        if taken:
            self._send()
        return taken

    def drop_acts(self) -> None:
        """The page that pressed them is gone: no act of it is done any more but what ends motion."""
        self.protocol.acts.drop()
        self._tell()

    def act(self, edge: OperatorEdge, shown_tick: int | None = None) -> int:
        """One act; its number, under which `on_answer` is called. It rides on the next reading, for at most 3 s.

        `shown_tick`: the newest tick that was shown to whoever pressed: what was raised later was not seen.
        """
        number = self.protocol.act(edge, self._clock.now_ns(), shown_tick)
        self._tell()
        return number

    def stop(self, *, engine_off: bool = False) -> int:
        """Stop now; never refused, needs no session and no reading, goes on until it is seen or 3 s are over."""
        number = self.protocol.stop(self._clock.now_ns(), engine_off=engine_off)
        self._send()
        return number

    @property
    def stopping(self) -> bool:
        """A stop is not seen yet; it goes on, for 3 s at most."""
        return self.protocol.acts.stopping

    @property
    def engine_off(self) -> bool:
        """That stop is ENGINE OFF."""
        return self.protocol.acts.engine_off

    async def done(self, number: int) -> ActAnswer:
        """Wait for the end of an act: within 3 s there is one."""
        while number not in self._answers:
            self._changed.clear()
            await self._changed.wait()
        return self._answers[number]

    async def until(self, true: Callable[[VehicleFrame], bool], timeout_s: float = 10.0) -> VehicleFrame:
        """Wait for a report that satisfies `true`.

        Raises:
            TimeoutError: none came.
        """
        async with asyncio.timeout(timeout_s):
            while True:
                vehicle = self.protocol.vehicle
                if vehicle is not None and true(vehicle):
                    return vehicle
                self._changed.clear()
                await self._changed.wait()

    async def opened(self, timeout_s: float = 5.0) -> None:
        """Wait until console and vehicle have proved themselves to each other.

        Raises:
            TimeoutError: no vehicle answered, or it does not know this key.
        """
        async with asyncio.timeout(timeout_s):
            while not self.protocol.open:
                self._changed.clear()
                await self._changed.wait()

    async def observe(
        self, observation: Observation, timeout_s: float = 10.0, *, sequence: int | None = None
    ) -> ObservationResult:
        """Tell the vehicle what was measured or seen, and what became of it.

        `sequence`: a number of the caller's own, the same for each try, so that it is recorded once.

        Raises:
            ValueError: it cannot be; the text names what.
            TimeoutError: no answer; whether it is recorded is not known.
        """
        sequence = self.protocol.observe(observation, sequence)
        try:
            async with asyncio.timeout(timeout_s):
                while sequence not in self.protocol.results:
                    self._changed.clear()
                    await self._changed.wait()
        finally:
            self.protocol.withdraw(sequence)
        return self.protocol.results[sequence]

    async def fetch(self, path: str) -> bytes:
        """A file of the vehicle; goes on after breaks of the radio. One after the other.

        Raises:
            TransferError: there is none, or no answer for half a minute.
        """
        return await self._transferred(lambda session: Download(path, session))

    async def store(self, path: str, data: bytes) -> str:
        """Write the vehicle's file of this name and wait for what comes of it: the hash that the vehicle reckoned.

        Raises:
            TransferError: not taken; the text says why.
        """
        await self._transferred(lambda session: Upload(path, session, data))
        deadline_ns = self._clock.now_ns() + STAGE_NS
        while True:
            told = msgspec.json.decode(await self.fetch(STAGED), type=Staged)
            if told.state == TAKEN:
                return told.plan_hash
            if told.state == REFUSED or self._clock.now_ns() > deadline_ns:
                raise TransferError(told.text or "the vehicle did not say what became of it")
            await self._clock.sleep_until_ns(self._clock.now_ns() + STAGE_LOOK_NS)

    async def _transferred(self, make: Callable[[int], Transfer]) -> bytes:
        async with self._files:
            if self._ended:
                raise TransferError("the link was ended")
            self._session = (self._session + 1) & 0xFF
            transfer = self.protocol.transfer = make(self._session)
            try:
                while not transfer.finished:
                    self._changed.clear()
                    await self._changed.wait()
            finally:
                self.protocol.transfer = None
        if transfer.content is None:
            raise TransferError(transfer.failed)
        return transfer.content

    # --- the wire ----------------------------------------------------------------------------------------------------
    def attach(self, transport: asyncio.DatagramTransport) -> None:
        """The socket."""
        self._transport = transport

    def received(self, data: bytes) -> None:
        """A datagram."""
        self.problem = ""
        before = self.protocol.tick
        self.protocol.receive(data, self._clock.now_ns())
        if self.protocol.tick > before:
            self.on_tick(self.protocol.tick)
        self._send()
        self._changed.set()

    def ended(self) -> None:
        """It is closed: whoever waits for a file is told."""
        self._ended = True
        if self.protocol.transfer is not None:
            self.protocol.transfer.give_up()
        self._changed.set()

    def failed(self, error: OSError) -> None:
        """The socket refused; the vehicle may still come."""
        self.problem = (error.strerror or str(error)).lower()

    def _send(self) -> None:
        for frame in self.protocol.send(self._clock.now_ns()):
            if self._transport is not None:
                self._transport.sendto(frame)
        self._tell()

    def _tell(self) -> None:
        told, self.protocol.strokes = self.protocol.strokes, []
        for one in told:
            self.on_strokes(one)
        transfer = self.protocol.transfer
        if transfer is not None and transfer.finished:
            self._changed.set()
        for answer in self.protocol.answers():
            while len(self._answers) >= ANSWERS_MAX:
                self._answers.pop(next(iter(self._answers)))
            self._answers[answer.number] = answer
            self._changed.set()
            self.on_answer(answer)

    async def run(self) -> None:
        """Send what is due, until cancelled."""
        while True:
            self._send()
            await self._clock.sleep_until_ns(self._clock.now_ns() + LOOK_NS)


@contextlib.asynccontextmanager
async def console_link(
    host: str, port: int, credentials: Credentials, clock: Clock, clock_stamp: int = 0, *, patient: bool = False
) -> AsyncIterator[ConsoleLink]:
    """Open, run, close. `patient`: an address that leads nowhere now is tried again every 2 s; `problem` says why.

    Raises:
        OSError: The address leads nowhere, and the caller is not patient.
    """
    link = ConsoleLink(LinkProtocol(credentials, clock_stamp), clock)
    endpoint = Endpoint(host, port, link, clock)
    try:
        await endpoint.open()
    except OSError as refusal:
        if not patient:
            raise
        link.failed(refusal)
    tasks = [asyncio.ensure_future(part) for part in (link.run(), endpoint.keep())]
    try:
        yield link
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        endpoint.close()
        link.ended()
        for end in ends:
            if isinstance(end, Exception):  # no cancellation
                raise end
