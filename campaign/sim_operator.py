"""A simulated operator with a goal: drives by stick, runs a mission or retreats, and after a stop follows the texts.

It knows only what comes by radio. Some attributes let faults change what operator and console do.
"""

import math
from collections.abc import Callable
from enum import Enum

import msgspec

from console.client.station import Controls, Station, is_due
from firmware_bridge.mavlink import adapters
from firmware_bridge.mavlink.framing import frame_bytes
from firmware_bridge.mavlink.tables import SPEC_BY_NAME
from firmware_bridge.ports import BytePort
from firmware_bridge.types import OperatorEdge, OperatorFrame, VehicleFrame
from sim import manual_text
from sim.picture_word import PictureWord
from vehicle.contracts.messages import Mode

PRESS_FRAMES = 3
PAUSE_FRAMES = 9
"""Time between two acts: 450 ms."""
ANSWER_FRAMES = 40
"""The question for a sign of attention is answered 2 s after it is on the screen."""
DRIVING = (Mode.MANUAL, Mode.AUTO_MOVE, Mode.AUTO_WORK, Mode.RECOVERY)
STOPPED = (Mode.HOLD, Mode.ESTOP, Mode.FAULT)
_E = OperatorEdge
_OPERATOR = SPEC_BY_NAME["FLAIL_OPERATOR"]
_DRIVE_FIELD = 5


class Goal(Enum):
    """What the operator wants. REST: hands off, with the console on. STAND: armed in MANUAL, sticks centred."""

    REST = 0
    STAND = 1
    MANUAL = 2
    MISSION = 3
    RETREAT = 4


class Other(msgspec.Struct):
    """Another console on the same radio; it echoes the tick that the first one sees."""

    station: Station
    controls: Controls = Controls()
    sequence_offset: int = 0


class SimOperator:
    """Sends frames at 20 Hz.

    `goal`, `drive`, `turn`, `rotor` are what the operator wants; `forgets` are acts left out. `at_machine` is called
    when a text asks for an act at the machine; `walks` counts the calls. `created_ns`: number of each frame -> time
    when it was made. Attributes for faults: `silent` (console crashed), `frozen` (it repeats its last controls, samples
    and edges), `released` (stick unplugged: the console sends RELEASE), `stick` (deflected whatever is wanted),
    `hold_stuck`, `lets_go` (hold-to-run is released, the stick is not), `broken_stick` (NaN), `battery_ratio`,
    `tilt_rad`, `video_age_ms`, `pressed` (edges held down), `others`.
    """

    def __init__(self, port: BytePort, station_id: int = 1, at_machine: Callable[[], None] = lambda: None) -> None:
        self._port, self.at_machine = port, at_machine
        self.station = Station(station_id)
        self._reader = adapters.MessageReader(adapters.STATION_DECODERS)
        self.word = PictureWord(station_id)
        self.seen: VehicleFrame | None = None
        self.goal, self.drive, self.turn, self.rotor = Goal.REST, 0.0, 0.0, False
        self.silent = self.frozen = self.released = self.hold_stuck = self.broken_stick = False
        self.stick: float | None = None
        self.lets_go = False
        self.video_age_ms = 0
        self.battery_ratio, self.tilt_rad, self.pressed = 1.0, 0.0, _E.NONE
        self.others: list[Other] = []
        self.created_ns: dict[int, int] = {}
        self.walks = 0
        self.forgets = _E.NONE
        self._last: OperatorFrame | None = None
        self._press, self._press_left, self._pause, self._asked = _E.NONE, 0, PAUSE_FRAMES, 0
        self._round = 0
        self._sent_ns = 0
        self._count = 0

    @property
    def mode(self) -> Mode:
        """Mode as the screen shows it; BOOT before anything was heard."""
        return Mode(self.seen.mode) if self.seen is not None else Mode.BOOT

    @property
    def screen(self) -> tuple[str, ...]:
        """Texts of the reasons shown, the worst first."""
        if self.seen is None:
            return ()
        return manual_text.texts(self.seen.reasons | self.seen.reasons_high << 64)

    def step(self, now_ns: int) -> None:
        """Read what arrived, and send a frame 20 times a second."""
        new_report = False
        for message in self._reader.feed(self._port.read()):
            if isinstance(message, VehicleFrame):
                self.seen, new_report = message, True
                for station in (self.station, *(other.station for other in self.others)):
                    station.seen(message.session_id, message.tick)
        if not is_due(now_ns, self._sent_ns, new_report=new_report):
            return
        self._sent_ns = now_ns
        if not self.silent:
            frame = self._frame()
            self.created_ns[frame.sequence] = now_ns
            self._send(frame)
            self._speak()
        for other in self.others:
            frame = other.station.frame(other.controls)
            self._send(msgspec.structs.replace(frame, sequence=frame.sequence + other.sequence_offset))

    def _speak(self) -> None:
        """Say what the picture shows, where a text asks for it and the mission is wanted."""
        if self.seen is None or self.goal is not Goal.MISSION:
            return
        word = self.word.step(self.mode, self.seen.session_id, self.screen)
        if word is not None:
            self._port.write(word)

    def _send(self, frame: OperatorFrame) -> None:
        self._count = (self._count + 1) & 0xFF
        encoded = adapters.encode_operator(frame, self._count)
        mine = frame.station_id == self.station.station_id
        self._port.write(_with_broken_stick(encoded, self._count) if self.broken_stick and mine else encoded)

    def _frame(self) -> OperatorFrame:
        controls = self._controls()
        frame = self.station.frame(controls)
        if self.frozen and self._last is not None:
            last = self._last
            frame = msgspec.structs.replace(last, sequence=frame.sequence, echo_tick=frame.echo_tick)
        self._last = msgspec.structs.replace(
            frame, battery_ratio=self.battery_ratio, tilt_rad=self.tilt_rad, video_age_ms=self.video_age_ms
        )
        return self._last

    def _controls(self) -> Controls:
        mode = self.mode
        hold = (mode in (Mode.MANUAL, Mode.RECOVERY) and self.goal is not Goal.REST) or self.hold_stuck
        hold = hold or (mode is Mode.WAIT and self.goal is Goal.MISSION)
        hold = hold and not self.lets_go
        steers = (self.goal is Goal.MANUAL and mode is Mode.MANUAL) or (
            self.goal is Goal.RETREAT and mode is Mode.RECOVERY
        )
        steers = steers and not manual_text.centres(self.screen)
        drive, turn = (self.drive, self.turn) if steers else (0.0, 0.0)
        if self.stick is not None:
            drive = self.stick
        edges = self._edges(mode) | self.pressed | (_E.RELEASE if self.released else _E.NONE)
        return Controls(hold_to_run=hold, drive=drive, turn=turn, rotor_request=self.rotor and steers, edges=edges)

    def _edges(self, mode: Mode) -> OperatorEdge:
        if self._press_left > 0:
            self._press_left -= 1
            return self._press
        if self._pause > 0:
            self._pause -= 1
            return _E.NONE
        if self.goal is Goal.REST or self.seen is None:
            return _E.NONE
        act = self._next_act(mode)
        if act & self.forgets:
            self._round += 1
        elif act is not _E.NONE:
            self._press, self._press_left, self._pause, self._asked = act, PRESS_FRAMES, PAUSE_FRAMES, 0
            self._round += 1
        return _E.NONE

    def _next_act(self, mode: Mode) -> OperatorEdge:
        assert self.seen is not None
        if self.seen.lease_holder != self.station.station_id:
            return _E.TAKE
        if mode in STOPPED:
            return self._after_stop()
        if mode in (Mode.BOOT, Mode.DISARMED):
            # ARM is what the manual says; if it has no effect, the acts that the screen names are tried next
            listed = (*(edge for edge in manual_text.acts(self.screen) if edge is not _E.TAKE), _E.ARM)
            return listed[self._round % len(listed)]
        if mode is Mode.READY:
            arm = _E.RECOVERY if self.goal is Goal.RETREAT else _E.ARM
            return _E.ACKNOWLEDGE if _E.ACKNOWLEDGE in manual_text.acts(self.screen) and self._round % 2 else arm
        if mode is Mode.RECOVERY and self.goal is not Goal.RETREAT:
            return _E.DISARM
        if mode is Mode.MANUAL and self.goal is Goal.MISSION:
            asked = manual_text.acts(self.screen)
            return _E.ACKNOWLEDGE if _E.ACKNOWLEDGE in asked and self._round % 2 else _E.MISSION_START
        return self._in_mission(mode)

    def _in_mission(self, mode: Mode) -> OperatorEdge:
        """ATTENTION when asked for it; in a WAIT START once the screen shows no cause; else it is a stop."""
        assert self.seen is not None
        if mode in (Mode.AUTO_MOVE, Mode.AUTO_WORK):
            self._asked = self._asked + 1 if manual_text.asks(self.screen) else 0
            return _E.ATTENTION if self._asked >= ANSWER_FRAMES else _E.NONE
        if mode is not Mode.WAIT:
            return _E.NONE
        there = manual_text.waits_for(self.seen.reasons | self.seen.reasons_high << 64)
        return _E.MISSION_START if self.goal is Goal.MISSION and not there else _E.NONE

    def _after_stop(self) -> OperatorEdge:
        """Return the next of the acts that the texts name; acts at the machine come first."""
        if manual_text.needs_machine(self.screen) and self._round % 8 == 0:
            self.walks += 1
            self.at_machine()
        listed = manual_text.acts(self.screen)
        return listed[self._round % len(listed)]


def _with_broken_stick(encoded: bytes, count: int) -> bytes:
    """Return the frame with NaN for a stick and a correct checksum; the encoder itself refuses to send one."""
    payload = encoded[10:-2].ljust(_OPERATOR.max_length, b"\0")
    values = list(_OPERATOR.packer.unpack(payload))
    values[_DRIVE_FIELD] = math.nan
    return frame_bytes(
        _OPERATOR.header_id, _OPERATOR.seed, _OPERATOR.packer.pack(*values), count, encoded[5], encoded[6]
    )
