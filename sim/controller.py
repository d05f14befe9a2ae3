"""The controller twin: real frames in and out, with the rules of the safety half as in the C reference.

It acts like the firmware on the serial line. A command ends by the controller's own clock, counted from the stamp in
the command, and by a watchdog on silence after it arrived. After a stop nothing moves before neutral sticks.
"""

import math

import msgspec

from firmware_bridge.handshake import PROTOCOL_VERSION, WATCHDOG_MAX_MS
from firmware_bridge.mavlink import adapters
from firmware_bridge.mavlink.command_adapters import command_kills
from firmware_bridge.mavlink.framing import FrameParser
from firmware_bridge.mavlink.tables import CRC_EXTRA, SPEC_BY_NAME
from firmware_bridge.ports import BytePort
from firmware_bridge.types import (
    ControllerFault,
    ControllerHello,
    ControllerState,
    EngineMode,
    GnssFix,
    ImuSample,
)
from sim.controller_outputs import OutputParams, OutputStage
from sim.controller_rules import Rules
from sim.controller_status import Counters, compose, dead_encoders, greeting
from sim.engine_plant import EnginePlant
from sim.flail_plant import FlailPlant
from sim.sensors import ToolSensors
from vehicle.config.vehicle import MachineConfig
from vehicle.contracts.units import NS_PER_MS, NS_PER_S

NEVER_NS = 1 << 62
_ESTOP, _BOOT, _RUN = ControllerState.ESTOP, ControllerState.BOOT, ControllerState.RUN
"""An attribute of an enumeration takes ten times as long to read as a global name; these are read in every tick."""
SHOCK_TOLD_MS = 500
"""The largest shock stays told for at least so long after its contact opened, as in the C reference."""
HELLO_ID = SPEC_BY_NAME["FLAIL_HELLO"].msg_id


class ControllerParams(msgspec.Struct, frozen=True, kw_only=True):
    """Constants of the firmware.

    `watchdog_ms`: longest life of a command after it arrived, announced in the handshake. `hardware_watchdog_s`: a hung
    controller restarts after this. `handshake`: see `sim.controller_rules.Rules`. `whole_steps`: the whole of an
    interval is driven by the state at its end, as firmware does, not each part by its own state.
    """

    watchdog_ms: int = 200
    boot_s: float = 0.3
    hardware_watchdog_s: float = 0.1
    status_period_ms: int = 100
    hello_period_ms: int = 1000
    handshake: bool = False
    whole_steps: bool = False
    outputs: OutputParams = OutputParams()


class ControllerTwin:
    """Reads and writes one end of a port. Its attributes for faults hold until they are set back.

    Contacts: `estop_chain_open`, `fire`, `shock`, `oil_pressure_low`. `shock_peak_g`: what the shock input's sensor
    measures at this instant, 0 where it has none. Failures: `faults_present` (of `ControllerFault`;
    `fault_bits` latches them), `hang` (outputs freeze and the last status repeats until the hardware watchdog restarts
    it), `reboot`, `lease_timer_dead`, `mute` (it hears and obeys, but its answers are lost). `reset_at_machine` is the
    key at the machine: only it releases what the E-stop chain has latched.
    """

    def __init__(
        self,
        port: BytePort,
        machine: MachineConfig,
        sensors: ToolSensors,
        flail: FlailPlant,
        engine: EnginePlant,
        *,
        config_hash: bytes,
        params: ControllerParams | None = None,
    ) -> None:
        self._port, self._sensors, self._flail, self._engine = port, sensors, flail, engine
        self._params = params = params or ControllerParams()
        self._config_hash = config_hash
        self.outputs = OutputStage(machine, params.outputs, sensors, flail, engine)
        self.estop_chain_open = self.fire = self.shock = self.oil_pressure_low = False
        self.shock_peak_g = 0.0
        # plain ints: an IntFlag operation costs 1 us, and these are needed three times a step
        self.faults_present = 0
        self.lease_timer_dead = self.mute = False
        self.boot_count = 0
        self._frame_number = self._status_count = 0
        self._last_status = b""
        self._now_ns = 0
        self.reboot(0)

    def reboot(self, now_ns: int, *, by_watchdog: bool = False) -> None:
        """Power up: outputs off, all state lost but the boot counter; a released fire suppression stays released."""
        self.outputs.cut()
        self.boot_count = (self.boot_count + 1) & 0xFFFF
        self._parser = FrameParser({msg_id: CRC_EXTRA[msg_id] for msg_id in adapters.CONTROLLER_DECODERS})
        self._boot_ns = now_ns
        self._awake_ns = now_ns + round(self._params.boot_s * NS_PER_S)
        self._hung_since_ns = NEVER_NS
        faults = ControllerFault.WATCHDOG_RESET if by_watchdog else ControllerFault(0)
        if not 0 < self._params.watchdog_ms <= WATCHDOG_MAX_MS:
            faults |= ControllerFault.CONFIG
        self._rules = Rules(self._params.watchdog_ms, handshake=self._params.handshake, fault_bits=int(faults))
        self._rules.estop_local = self.estop_chain_open
        self.shock_told, self.shock_told_g, self._shock_ms = False, 0.0, 0
        self._agreed = False
        self._told_state = ControllerState.BOOT
        self._next_status_ns = self._next_hello_ns = self._awake_ns
        self._status_count = 0

    def hang(self, now_ns: int) -> None:
        """Hang the firmware: outputs stay as they are until the hardware watchdog restarts it."""
        self._hung_since_ns = now_ns

    @property
    def fault_bits(self) -> int:
        """Latched faults."""
        return self._rules.fault_bits

    @property
    def lease_expired(self) -> bool:
        """Whether the last run ended because its lease ran out."""
        return self._rules.lease_expired

    def reset_at_machine(self) -> None:
        """Press the reset button at the machine: latches whose cause has ended are released; nothing starts."""
        self._rules.press_reset()

    @property
    def gnss_restart(self) -> bool:
        """Whether the newest command asks the receiver to fix anew."""
        command = self._rules.command
        return command is not None and command.gnss_restart

    @property
    def setpoint_mps(self) -> tuple[float, float]:
        """Belt speeds [m/s] commanded at this instant: zero as soon as no lease is live."""
        command = self._rules.command
        if command is None or not self._rules.drives:
            return 0.0, 0.0
        return command.track_left_mps, command.track_right_mps

    @property
    def awake(self) -> bool:
        """Whether it neither boots nor hangs, as of the last interval."""
        return self._now_ns >= self._awake_ns and self._now_ns < self._hung_since_ns

    @property
    def killed(self) -> bool:
        """Whether a command pulled the kill line and no reset followed."""
        return self._rules.estop_command

    @property
    def state(self) -> ControllerState:
        """State as reported in the status."""
        return self._rules.state

    def receive(self, now_ns: int) -> None:
        """Read what arrived by `now_ns` and answer each command at once."""
        data = self._port.read()
        if now_ns >= self._hung_since_ns:
            self._repeat_or_restart(now_ns)
            return
        if now_ns < self._awake_ns:
            return
        for frame in self._parser.feed(data):
            if frame.msg_id == HELLO_ID:
                self._open_session(adapters.decode_hello(frame), now_ns)
                continue
            command = adapters.decode_command(frame)
            if command is not None:
                self._rules.take(command, self.time_ms(now_ns))
            else:
                self._rules.refuse(kills=command_kills(frame))
            self._step(now_ns)
            self._answer(now_ns)
        if now_ns >= self._next_status_ns:
            self._answer(now_ns)
        if now_ns >= self._next_hello_ns:
            self._greet(now_ns)

    def control(self, from_ns: int, to_ns: int) -> None:
        """Drive the outputs over an interval; a lease that ends inside it stops the machine from that instant on."""
        self._now_ns = to_ns
        if from_ns >= self._hung_since_ns:
            return
        if from_ns < self._awake_ns:
            self.outputs.cut()
            return
        rules = self._rules
        rules.lease_timer_dead = self.lease_timer_dead
        end_ns = min(max(self._boot_ns + rules.ends_ms * NS_PER_MS, from_ns), to_ns)
        if self._params.whole_steps:
            end_ns = from_ns
        self.outputs.watch(self.time_ms(to_ns))
        self._drive(end_ns - from_ns)
        self._step(to_ns)
        if end_ns < to_ns:  # the step has already set the outputs
            self._drive(to_ns - end_ns)
        if rules.state is not self._told_state:
            self._answer(to_ns)

    def _step(self, now_ns: int) -> None:
        rules = self._rules
        present = self.faults_present | dead_encoders(self._sensors)
        rules.step(self.time_ms(now_ns), present, chain_open=self.estop_chain_open, fire=self.fire)
        self._hold_shock(self.time_ms(now_ns))
        self.outputs.ask_starter(asked=rules.asks_starter)
        command = rules.command
        if command is not None:
            self.outputs.signal(command, live=not rules.lease_over, commanded=rules.commanded)
        self._drive(0)

    def _hold_shock(self, time_ms: int) -> None:
        """Keep the largest shock and its contact while that is closed, for a while after, and until the host heard it.

        The host heard it when the newest command has a later stamp. NaN is infinite with the contact closed, without it
        the lowest.
        """
        told_g, peak_g, command = self.shock_told_g, self.shock_peak_g, self._rules.command
        if self.shock and math.isnan(peak_g):
            peak_g = math.inf
        heard = command is None or self._shock_ms < command.controller_time_ms <= time_ms
        over = time_ms - self._shock_ms >= SHOCK_TOLD_MS and heard
        if over or peak_g > told_g or (math.isnan(told_g) and not math.isnan(peak_g)):
            self.shock_told_g, self._shock_ms = peak_g, time_ms
        self.shock_told = self.shock or (self.shock_told and not over)
        if self.shock:
            self._shock_ms = time_ms

    def _drive(self, duration_ns: int) -> None:
        """Drive the outputs by the state for this time [ns]."""
        state = self._rules.state
        if state is _ESTOP:
            self._engine.command(EngineMode.SHUTDOWN)
            self.outputs.cut()
        elif state is _BOOT:
            self.outputs.cut()
        else:
            command = self._rules.command if state is _RUN else None
            self.outputs.advance(command, duration_ns / NS_PER_S)

    def send(self, imu: ImuSample | None, gnss: GnssFix | None, now_ns: int) -> None:
        """Pass on the sensors' samples."""
        if now_ns < self._awake_ns or self.mute or now_ns >= self._hung_since_ns:
            return
        if imu is not None:
            self._port.write(adapters.encode_imu(imu, self._next_frame()))
        if gnss is not None:
            self._port.write(adapters.encode_gnss(gnss, self._next_frame()))

    def time_ms(self, now_ns: int) -> int:
        """The controller's clock: milliseconds since its boot."""
        return (now_ns - self._boot_ns) // NS_PER_MS

    def _open_session(self, hello: ControllerHello, now_ns: int) -> None:
        """Begin a new session for a host that says hello."""
        self._agreed = hello.config_hash == self._config_hash and hello.protocol_version == PROTOCOL_VERSION
        self._rules.hello(agrees=self._agreed)
        self._next_hello_ns = now_ns

    def _repeat_or_restart(self, now_ns: int) -> None:
        """Repeat the last frame, as a hung controller's serial port does, until the hardware watchdog restarts it."""
        if now_ns - self._hung_since_ns < self._params.hardware_watchdog_s * NS_PER_S:
            if self._last_status and not self.mute:
                self._port.write(self._last_status)
            return
        self.reboot(now_ns, by_watchdog=True)

    def _answer(self, now_ns: int) -> None:
        self._next_status_ns = now_ns + self._params.status_period_ms * NS_PER_MS
        self._status_count = (self._status_count + 1) & 0xFFFF
        rules, time_ms = self._rules, self.time_ms(now_ns)
        age_ms = min(time_ms - rules.accepted_ms, 0xFFFF) if rules.commanded else 0xFFFF
        sequence = rules.command.sequence if rules.command is not None else 0
        self._told_state = rules.state
        counters = Counters(time_ms, self.boot_count, sequence, age_ms, self._status_count)
        status = compose(self, counters, self.outputs, self._sensors, self._flail, self._engine)
        self._last_status = adapters.encode_status(status, self._next_frame())
        if not self.mute:
            self._port.write(self._last_status)

    def _next_frame(self) -> int:
        self._frame_number = (self._frame_number + 1) & 0xFF
        return self._frame_number

    def _greet(self, now_ns: int) -> None:
        self._next_hello_ns = NEVER_NS if self._agreed else now_ns + self._params.hello_period_ms * NS_PER_MS
        hello = greeting(self._config_hash, self._params.watchdog_ms, self.boot_count)
        if not self.mute:
            self._port.write(adapters.encode_hello(hello, self._next_frame()))
