"""The console's end of the operator link, for asyncio: session, signing, hold-to-run, acts, supervision.

    async with console_link(host, port, credentials, clock) as link:
        await link.opened()                           # proved to each other, nothing recorded counts
        link.feed(Reading(number=1, vehicle_tick=link.view.tick, hold=True, drive=0.4))
        answer = await link.done(link.act(OperatorEdge.TAKE))

`feed` is called once for each reading of the sticks, about 50 times a second. Each reading is sent at most once.
Without a new reading nothing is sent, and the vehicle stops: a frozen console must not look alive. `stop` needs neither
sticks nor a session. `LinkProtocol` (`console/client/protocol.py`) is the pure part, without a socket.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import msgspec

from console.client.acts import ActAnswer
from console.client.endpoint import kept_open, kind_of
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
"""Period for sending due data; a reading, a report or a stop is handled when it arrives."""
ANSWERS_MAX = 64
STAGE_NS, STAGE_LOOK_NS = 180_000_000_000, 1_000_000_000
"""Longest wait for the result of a handed-over plan, which the vehicle checks beside its tick, and period of asking."""


def _nobody(_: ActAnswer) -> None:
    """Ignore answers; the default of `on_answer`."""


def _no_tick(_: int) -> None:
    """Ignore ticks; the default of `on_tick`."""


def _nothing(_: StrokesFrame) -> None:
    """Ignore changes of the ground; the default of `on_strokes`."""


class ConsoleLink:
    """The protocol on a UDP socket. `on_answer` is called at the end of each act; it must not block."""

    def __init__(self, protocol: LinkProtocol, clock: Clock) -> None:
        self.protocol, self._clock = protocol, clock
        self.on_answer: Callable[[ActAnswer], None] = _nobody
        self.on_tick: Callable[[int], None] = _no_tick
        """Called at once with each newer tick of the vehicle: readings made after it is shown have a smaller age."""
        self.on_strokes: Callable[[StrokesFrame], None] = _nothing
        """Called with each received change of the record of ground; it must not block."""
        self._files = asyncio.Lock()
        self._ended = False
        self._session = 0
        self.vehicle_id = ""
        """Which of this console's vehicles the link leads to; "" if there is only one."""
        self.problem = ""
        """Error of the socket, such as a closed port at the vehicle; "" if there is none."""
        self.problem_kind = ""
        """The error's kind as a key (`kind_of` in `console/client/endpoint.py`)."""
        self._transport: asyncio.DatagramTransport | None = None
        self._changed = asyncio.Event()
        self._answers: dict[int, ActAnswer] = {}

    # --- the operator ------------------------------------------------------------------------------------------------
    @property
    def view(self) -> ConsoleView:
        """A frozen view of what is known now."""
        return self.protocol.view(self._clock.now_ns())

    @property
    def changed(self) -> asyncio.Event:
        """Set whenever something was received; clear it before waiting for it."""
        return self._changed

    def feed(self, reading: Reading) -> bool:
        """Take a new reading; False if it is not new, is impossible, or there is no session."""
        taken = self.protocol.feed(reading, self._clock.now_ns())
        if taken:
            self._send()
        return taken

    def drop_acts(self) -> None:
        """Drop the acts of a page that has gone, except those that end motion."""
        self.protocol.acts.drop()
        self._tell()

    def act(self, edge: OperatorEdge, shown_tick: int | None = None) -> int:
        """Send one act and return its number, with which `on_answer` is called later.

        The act goes out with the next reading, for at most 3 s. `shown_tick`: the newest tick on the screen at the
        press; reasons raised later had not been seen.
        """
        number = self.protocol.act(edge, self._clock.now_ns(), shown_tick)
        self._tell()
        return number

    def stop(self, *, engine_off: bool = False) -> int:
        """Stop now: never refused, needs no session and no reading, repeated until confirmed or for 3 s."""
        number = self.protocol.stop(self._clock.now_ns(), engine_off=engine_off)
        self._send()
        return number

    @property
    def stopping(self) -> bool:
        """Whether a stop is unconfirmed; it is repeated for 3 s at most."""
        return self.protocol.acts.stopping

    @property
    def engine_off(self) -> bool:
        """Whether the unconfirmed stop is ENGINE OFF."""
        return self.protocol.acts.engine_off

    async def done(self, number: int) -> ActAnswer:
        """Wait for the end of an act, which comes within 3 s."""
        while number not in self._answers:
            self._changed.clear()
            await self._changed.wait()
        return self._answers[number]

    async def until(self, true: Callable[[VehicleFrame], bool], timeout_s: float = 10.0) -> VehicleFrame:
        """Wait for a report that satisfies `true`.

        Raises:
            TimeoutError: No such report came.
        """
        async with asyncio.timeout(timeout_s):
            while True:
                vehicle = self.protocol.vehicle
                if vehicle is not None and true(vehicle):
                    return vehicle
                self._changed.clear()
                await self._changed.wait()

    async def opened(self, timeout_s: float = 5.0) -> None:
        """Wait until console and vehicle have authenticated each other.

        Raises:
            TimeoutError: No vehicle answered, or it does not know this key.
        """
        async with asyncio.timeout(timeout_s):
            while not self.protocol.open:
                self._changed.clear()
                await self._changed.wait()

    async def observe(
        self, observation: Observation, timeout_s: float = 10.0, *, sequence: int | None = None
    ) -> ObservationResult:
        """Send an observation to the vehicle and return the result.

        `sequence`: a number chosen by the caller, the same for each try, so that the observation is recorded once.

        Raises:
            ValueError: The observation is impossible; the text says why.
            TimeoutError: No answer; it is unknown whether it was recorded.
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
        """Read a file of the vehicle; continues after interruptions of the radio. Files are read one after another.

        Raises:
            TransferError: There is no such file, or no answer came for half a minute.
        """
        return await self._transferred(lambda session: Download(path, session))

    async def store(self, path: str, data: bytes) -> str:
        """Write a file to the vehicle under this name and return the hash that the vehicle computed.

        Raises:
            TransferError: The vehicle did not accept the file; the text says why.
        """
        await self._transferred(lambda session: Upload(path, session, data))
        deadline_ns = self._clock.now_ns() + STAGE_NS
        while True:
            told = msgspec.json.decode(await self.fetch(STAGED), type=Staged)
            if told.state == TAKEN:
                return told.plan_hash
            if told.state == REFUSED or self._clock.now_ns() > deadline_ns:
                raise TransferError(told.text or "the vehicle did not report the result")
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
        """Use this socket."""
        self._transport = transport

    def received(self, data: bytes) -> None:
        """A datagram."""
        self.problem = self.problem_kind = ""
        before = self.protocol.tick
        self.protocol.receive(data, self._clock.now_ns())
        if self.protocol.tick > before:
            self.on_tick(self.protocol.tick)
        self._send()
        self._changed.set()

    def ended(self) -> None:
        """Note that the link is closed; callers that wait for a file get an error."""
        self._ended = True
        if self.protocol.transfer is not None:
            self.protocol.transfer.give_up()
        self._changed.set()

    def failed(self, error: OSError) -> None:
        """Note an error of the socket; the vehicle may still answer later."""
        self.problem = (error.strerror or str(error)).lower()
        self.problem_kind = kind_of(error)

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
        """Send due data until cancelled."""
        while True:
            self._send()
            await self._clock.sleep_until_ns(self._clock.now_ns() + LOOK_NS)


@contextlib.asynccontextmanager
async def console_link(
    host: str, port: int, credentials: Credentials, clock: Clock, clock_stamp: int = 0, *, patient: bool = False
) -> AsyncIterator[ConsoleLink]:
    """Open, run and close a link. `patient`: retry an unreachable address every 2 s; `problem` says why it fails.

    Raises:
        OSError: The address is unreachable, and `patient` is False.
    """
    link = ConsoleLink(LinkProtocol(credentials, clock_stamp), clock)
    try:
        async with kept_open(host, port, link, clock, patient=patient):
            yield link
    finally:
        link.ended()
