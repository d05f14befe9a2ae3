"""Engine, hydraulics and electrical supply, as far as gauges show them. The constants are assumed."""

import math

from firmware_bridge.types import EngineMode
from vehicle.contracts.units import TICK_S, radps_from_rpm

_SHUTDOWN, _KEEP, _WORK = EngineMode.SHUTDOWN, EngineMode.KEEP, EngineMode.WORK  # see `sim.controller`
_START = EngineMode.START
IDLE_RADPS = radps_from_rpm(1000.0)
WORK_RADPS = radps_from_rpm(2100.0)
STILL_RADPS = 1.0
SPEED_TAU_S = 0.6
LOAD_TAU_S = 0.3
DROOP_RATIO = 0.04
"""Fall of speed from no load to full load, as with a mechanical governor."""
IDLE_LOAD_RATIO = 0.08
CHARGE_PA, RELIEF_PA = 2.5e6, 35.0e6
AMBIENT_DEGC = 20.0
HYDRAULIC_RISE_DEGC, COOLANT_RISE_DEGC, COOLANT_WARM_DEGC = 55.0, 15.0, 80.0
HEAT_TAU_S = 900.0
RUNNING_V, STANDING_V = 27.8, 25.4
CRANK_RADPS, CRANK_TAU_S, CRANK_DROP_V = 20.0, 0.15, 3.5
STARTS_AFTER_S = 1.5
"""A warm engine catches after so long on the starter."""
TANK_S, IDLE_BURN_RATIO = 36_000.0, 0.1
"""A full tank lasts so long at full load; idling burns that share of it."""


class EnginePlant:
    """True engine speed, load, pressure, temperatures and supply; starts warm and idling.

    For faults: `stall`, `start` (an act at the machine), `pressure_ratio` (0: a burst hose), `voltage_drop_v`, and the
    temperatures, `starts_after_s` (infinite: it never catches). `fuel_ratio`: of a full tank, NaN: no gauge; an empty
    tank stops the engine. `cranking`: the starter turns.
    """

    def __init__(self, power_w: float, *, step_s: float = TICK_S) -> None:
        self._power_w = power_w
        self._step_s = step_s
        self._crank_gain = 1.0 - math.exp(-step_s / CRANK_TAU_S)
        self._speed_gain = 1.0 - math.exp(-step_s / SPEED_TAU_S)
        self._load_gain = 1.0 - math.exp(-step_s / LOAD_TAU_S)
        self._heat_gain = 1.0 - math.exp(-step_s / HEAT_TAU_S)
        self._burn_ratio = step_s / TANK_S
        self.mode = EngineMode.IDLE
        self.running, self.cranking = True, False
        self.starts_after_s, self._cranked_s = STARTS_AFTER_S, 0.0
        self.speed_radps, self.load_ratio = IDLE_RADPS, IDLE_LOAD_RATIO
        self.pressure_pa = CHARGE_PA
        self.hydraulic_degc, self.coolant_degc = 45.0, COOLANT_WARM_DEGC
        self.pressure_ratio, self.voltage_drop_v = 1.0, 0.0
        self.fuel_ratio = 1.0

    @property
    def ratio(self) -> float:
        """Speed over working speed, the share of rotor power that is available; 0 when the engine stands."""
        return min(1.0, self.speed_radps / (WORK_RADPS * (1.0 - DROOP_RATIO))) if self.running else 0.0

    @property
    def supply_v(self) -> float:
        """Supply voltage [V]."""
        drop_v = self.voltage_drop_v + (CRANK_DROP_V if self.cranking else 0.0)
        return (RUNNING_V if self.running else STANDING_V) - drop_v

    def command(self, mode: EngineMode) -> None:
        """Follow a mode. START turns the starter until the next one; no other mode starts a stopped engine."""
        self.cranking = mode is _START
        if mode is _SHUTDOWN:
            self.running = False
        elif self.cranking:
            self.mode = EngineMode.IDLE
        elif mode is not _KEEP:
            self.mode = mode

    def start(self) -> None:
        """Start the engine at the machine; it idles."""
        self.running, self.mode = True, EngineMode.IDLE

    def stall(self) -> None:
        """Stop the engine; only `start` and its starter start it again."""
        self.running = False

    def step(self, shaft_power_w: float, torque_ratio: float) -> None:
        """Advance one step under `shaft_power_w`, with the rotor circuit at `torque_ratio` of its relief torque."""
        self._crank()
        self._burn()
        load = min(1.0, IDLE_LOAD_RATIO + shaft_power_w / self._power_w) if self.running else 0.0
        self.load_ratio += (load - self.load_ratio) * self._load_gain
        wanted = 0.0
        if self.running:
            base = WORK_RADPS if self.mode is _WORK else IDLE_RADPS
            wanted = base * (1.0 - DROOP_RATIO * self.load_ratio)
        cranked = self.cranking and not self.running
        wanted = CRANK_RADPS if cranked else wanted
        self.speed_radps += (wanted - self.speed_radps) * (self._crank_gain if cranked else self._speed_gain)
        charged_pa = CHARGE_PA + (RELIEF_PA - CHARGE_PA) * min(1.0, torque_ratio)
        # the pumps are on the crankshaft: the charge pressure falls with the engine's speed
        turning = min(1.0, self.speed_radps / IDLE_RADPS) if self.speed_radps > STILL_RADPS else 0.0
        self.pressure_pa = charged_pa * self.pressure_ratio * turning
        hot = AMBIENT_DEGC + (25.0 + HYDRAULIC_RISE_DEGC * self.load_ratio if self.running else 0.0)
        self.hydraulic_degc += (hot - self.hydraulic_degc) * self._heat_gain
        warm = COOLANT_WARM_DEGC + COOLANT_RISE_DEGC * self.load_ratio if self.running else AMBIENT_DEGC
        self.coolant_degc += (warm - self.coolant_degc) * self._heat_gain

    def _crank(self) -> None:
        """The engine catches once the starter has turned it for its time, if there is fuel."""
        if not self.cranking or self.running:
            self._cranked_s = 0.0
            return
        self._cranked_s += self._step_s
        self.running = self._cranked_s >= self.starts_after_s and self.fuel_ratio != 0.0

    def _burn(self) -> None:
        if self.running:
            burnt = self._burn_ratio * (IDLE_BURN_RATIO + (1.0 - IDLE_BURN_RATIO) * self.load_ratio)
            self.fuel_ratio = max(0.0, self.fuel_ratio - burnt)
            self.running = self.fuel_ratio != 0.0
