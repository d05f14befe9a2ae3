"""A scripted operator who follows the manual: take, arm, arm, hold, start; after a stop: reset, arm, start again.

A WAIT is answered by START with hold, once the screen shows no cause any more; else it runs into its stop. Where a text
asks for a word on the picture, the operator looks and says it.

Knows only what the station shows: the vehicle's reports. Reaction times are fixed, so that runs repeat.
"""

import msgspec

from console.client.station import NEUTRAL, Controls, Station, is_due
from firmware_bridge.mavlink import adapters
from firmware_bridge.ports import BytePort
from firmware_bridge.types import OperatorEdge, VehicleFrame
from sim import manual_text
from sim.picture_word import PictureWord
from vehicle.contracts.messages import Mode

PRESS_FRAMES = 3
"""A button is down for 150 ms; the vehicle counts its edge once, even when a frame is lost."""
PAUSE_FRAMES = 12
"""Time between two acts: 600 ms, because arming needs two separate edges."""
ANSWER_FRAMES = 40
"""The operator answers the question for a sign of attention 2 s after it is on the screen."""

NOTICE_FRAMES = 30
"""A WAIT that may go on is noticed after 1.5 s; whoever watches a mission looks at the screen all the time."""
STARTS_FROM = (Mode.MANUAL, Mode.WAIT)

ACTS = {
    Mode.DISARMED: OperatorEdge.ARM,
    Mode.READY: OperatorEdge.ARM,
    Mode.HOLD: OperatorEdge.RESET,
    Mode.ESTOP: OperatorEdge.RESET,
    Mode.FAULT: OperatorEdge.RESET,
    Mode.MANUAL: OperatorEdge.MISSION_START,
    Mode.WAIT: OperatorEdge.MISSION_START,
}

LEAVING = {
    Mode.AUTO_MOVE: OperatorEdge.STOP,
    Mode.AUTO_WORK: OperatorEdge.STOP,
    Mode.MANUAL: OperatorEdge.STOP,
    Mode.HOLD: OperatorEdge.RESET,
    Mode.READY: OperatorEdge.DISARM,
}
"""How a mission is left for another plan."""


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """After this many stops the operator leaves the machine stopped."""

    stops_max: int = 500


class ScriptedOperator:
    """Sends frames at 20 Hz; reads and writes them through the radio like any console."""

    def __init__(self, port: BytePort, script: Script) -> None:
        self._port, self._script = port, script
        self._station = Station(station_id=1)
        self._word = PictureWord(station_id=1)
        self._reader = adapters.MessageReader(adapters.STATION_DECODERS)
        self._seen: VehicleFrame | None = None
        self._press, self._pause, self._asked = OperatorEdge.NONE, PAUSE_FRAMES, 0
        self._press_left = self._noticed = 0
        self._sent_ns = 0
        self._sequence = 0
        self.stops = self.presses = 0
        self.gave_up = False
        self.done = False
        self._leaves = False

    @property
    def seen(self) -> VehicleFrame | None:
        """The newest report on the screen."""
        return self._seen

    @property
    def echo_tick(self) -> int:
        """The newest vehicle tick that the station saw."""
        return self._station.echo_tick

    def step(self, now_ns: int) -> None:
        """Read what arrived, and send a frame 20 times a second."""
        new_report = False
        for vehicle in self._reader.feed(self._port.read()):
            if isinstance(vehicle, VehicleFrame):
                self._notice(vehicle)
                new_report = True
        if not is_due(now_ns, self._sent_ns, new_report=new_report):
            return
        self._sent_ns = now_ns
        self._sequence = (self._sequence + 1) & 0xFF
        self._port.write(adapters.encode_operator(self._station.frame(self._controls()), self._sequence))
        self._speak()

    def _speak(self) -> None:
        """Say what the picture shows, where a text asks for it."""
        vehicle = self._seen
        if vehicle is None or self.gave_up:
            return
        shown = manual_text.texts(vehicle.reasons | vehicle.reasons_high << 64)
        word = self._word.step(Mode(vehicle.mode), vehicle.session_id, shown)
        if word is not None:
            self._port.write(word)
            self.presses += 1

    def _notice(self, vehicle: VehicleFrame) -> None:
        moving = (Mode.AUTO_MOVE, Mode.AUTO_WORK, Mode.WAIT)
        if self._seen is not None and self._seen.mode in moving and vehicle.mode not in moving and not self.done:
            self.stops += 1
            self.gave_up = self.stops > self._script.stops_max
        self._seen = vehicle
        self._station.seen(vehicle.session_id, vehicle.tick)

    def finish(self) -> None:
        """Disarm, because the mission is done."""
        self.done = True

    def leave(self) -> None:
        """Stop the mission and come to DISARMED by RESET, so that another plan can be handed over and armed for."""
        self._leaves = True

    def go_on(self) -> None:
        """Arm and start again, as after any stop."""
        self._leaves = False

    def _controls(self) -> Controls:
        vehicle = self._seen
        if vehicle is None or self.gave_up:
            return NEUTRAL
        mode = Mode(vehicle.mode)
        hold = mode in STARTS_FROM
        if self._press_left > 0:
            self._press_left -= 1
            return Controls(hold_to_run=hold, edges=self._press)
        if self._pause > 0:
            self._pause -= 1
            return Controls(hold_to_run=hold)
        self._noticed = self._noticed + 1 if _may_go_on(vehicle) else 0
        self._choose(mode, vehicle.lease_holder, manual_text.texts(vehicle.reasons | vehicle.reasons_high << 64))
        return Controls(hold_to_run=hold)

    def _choose(self, mode: Mode, lease_holder: int, shown: tuple[str, ...]) -> None:
        """Return the next act of the manual for this mode; none if there is no act to do."""
        act = ACTS.get(mode, OperatorEdge.NONE)
        if self._leaves:
            act = LEAVING.get(mode, OperatorEdge.NONE)
        elif self.done:
            act = OperatorEdge.DISARM if mode is not Mode.DISARMED else OperatorEdge.NONE
        elif lease_holder != self._station.station_id:
            act = OperatorEdge.TAKE
        elif mode in (Mode.AUTO_MOVE, Mode.AUTO_WORK):
            self._asked = self._asked + 1 if manual_text.asks(shown) else 0
            act = OperatorEdge.ATTENTION if self._asked >= ANSWER_FRAMES else OperatorEdge.NONE
        elif mode is Mode.WAIT and self._noticed < NOTICE_FRAMES:
            act = OperatorEdge.NONE
        if act is OperatorEdge.NONE:
            return
        self._press, self._press_left, self._pause, self._asked = act, PRESS_FRAMES, PAUSE_FRAMES, 0
        self.presses += 1


def _may_go_on(vehicle: VehicleFrame) -> bool:
    """Whether the screen shows a WAIT whose cause has ended."""
    return vehicle.mode == Mode.WAIT and not manual_text.waits_for(vehicle.reasons | vehicle.reasons_high << 64)
