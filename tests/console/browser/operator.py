"""Who sits before the page: takes, arms, drives, with real keys and a gamepad that is moved by a test."""

from collections.abc import Callable
from typing import Any

from tests.console.browser.stack import Server, Vehicle
from tests.console.page.browser import Page

OFFER = "return flail.acts.offers().find((one) => one.act === arguments[0])"
ENABLED = "const one = flail.acts.offers().find((one) => one.act === arguments[0]); return one?.enabled === true"
MODE = "return flail.store.open() && flail.store.value('vehicle', 'mode')"
STEPS = {"RELEASE_ESTOP": "KeyE", "ACKNOWLEDGE": "KeyK", "RESET": "KeyR", "ARM": "KeyM"}
NEXT_STEP = """
  const mode = flail.store.value('vehicle', 'mode');
  if (!flail.store.open() || flail.acts.pending) return null;
  if (mode === arguments[1] || mode === 'MANUAL') return `${arguments[1]}:`;
  const one = flail.acts.offers().find((one) => one.enabled && arguments[0].includes(one.act));
  return one ? `${mode}:${one.act}` : null;
"""
ANSWERED = """
  if (flail.now_ms() - arguments[1] > 4000) return 'nothing came';
  const answer = flail.store.get('answer');
  if (!answer || answer.at_ms < arguments[1] || answer.result === 'pending') return null;
  if (answer.result === 'accepted' && flail.store.value('vehicle', 'mode') === arguments[0]
      && flail.now_ms() - answer.at_ms < 300) return null;
  return `${answer.result} ${answer.why?.key ?? ''} ${answer.reason ?? ''}`;
"""
NOT_STARTED = """
  const answer = flail.store.get('answer');
  if (flail.acts.start_open) return true;
  return answer?.act === 'START' && answer.at_ms >= arguments[0] && !['pending', 'accepted'].includes(answer.result);
"""
"""Whether START came to nothing since the moment of the argument [ms of the page]: its card is open, or an answer."""
TO_TAKE = """
  if (!flail.store.open()) return null;
  if (flail.store.value('vehicle', 'mine') === true) return 'mine';
  return flail.acts.offers().find((one) => one.act === 'TAKE')?.enabled === true ? 'offered' : null;
"""
TAKEN = """
  if (flail.store.value('vehicle', 'mine') === true) return 'mine';
  const now = flail.now_ms(), answer = flail.store.get('answer');
  if (answer?.act !== 'TAKE' || answer.at_ms < arguments[0]) return now - arguments[0] > 8000 ? 'nothing came' : null;
  const settled = answer.result !== 'pending' && now - answer.at_ms > 500;
  return settled ? `${answer.result} ${answer.why?.key ?? ''}` : null;
"""
"""What became of a T held since the moment of the argument [ms of the page]."""
STEERS = """
  const view = flail.hands.view;
  if (view.source === 'touch') return true;
  const pressed = view.pads.length ? window.pads[0]?.buttons[7].value > 0.5 : 'KeyF' in flail.hands._state.keys;
  return flail.store.value('vehicle', 'mode') === 'MANUAL' && !(pressed && !view.latch);
"""
LATCHED = "return flail.hands.view?.latch === true"
AUTO = ("AUTO_MOVE", "AUTO_WORK")
ARMED = ("MANUAL", "RECOVERY", "WAIT", *AUTO)
OFFERED = """
  flail.paint();
  const shown = Array.from(document.querySelectorAll('#hands .act, #steps [data-act]'))
    .filter((one) => one.getAttribute('aria-disabled') === 'false' && one.checkVisibility())
    .map((one) => one.dataset.act ?? one.firstElementChild.innerText).sort();
  const mode = flail.store.open() && flail.store.value('vehicle', 'mode');
  return mode === arguments[0] && (arguments[1] === undefined || shown.includes(arguments[1])) ? shown.join(' ') : null;
"""
"""The enabled buttons of acts, once this mode is shown and, where one is named, that one is among them."""
LEFT = "return flail.store.open() && !arguments[0].includes(flail.store.value('vehicle', 'mode')) ? 'left' : null"
"""Whether the vehicle is in none of these modes any more."""
NO_WAIT = """
  if (!flail.store.open()) return null;
  if (flail.store.value('vehicle', 'mode') !== 'WAIT') return true;
  if (!flail.acts.pending) flail.acts.press('DISARM');
"""
"""DISARM is pressed until no mission waits."""
TO_DISARMED = """
  if (!flail.store.open()) return null;
  const vehicle = flail.store.get('vehicle');
  if (vehicle.mode === 'DISARMED') return vehicle.reset_due ? 'anew' : 'disarmed';
  if (['HOLD', 'ESTOP', 'FAULT'].includes(vehicle.mode)) return 'anew';
  if (!flail.acts.pending) flail.acts.press('DISARM');
"""
"""DISARM is pressed until that is the mode; 'anew' where a stop came between, of which RESET leads out."""
ENGINE_OFF = """
  if (flail.store.open() && flail.store.value('vehicle', 'mode') === 'ESTOP') return 'off';
  const stop = flail.store.get('stop');
  return stop?.engine_off && stop.outcome === 'no_answer' ? 'nothing came' : null;
"""
"""What became of ENGINE OFF while its key is held."""
DRIVING = """
const was = flail.store.open() && flail.store.value('vehicle', 'mode') === 'MANUAL' && flail.hands.view?.hold === true;
"""
"""Whether these hands drive at the very moment of what comes next in the same script."""
FORWARD = "pad({axes: [0, -1, 0, 0], buttons: {7: 1}})"
NEUTRAL = "pad({})"
STANDS_MPS = 0.01


class Operator:
    """`page` is the browser's."""

    def __init__(self, page: Page, server: Server, vehicle: Vehicle) -> None:
        self.page, self.server, self.vehicle = page, server, vehicle
        self.down: list[str] = []

    # --- hands -------------------------------------------------------------------------------------------------------
    def press(self, code: str, key: str = "") -> None:
        """A key goes down and stays."""
        self.down.append(code)
        self.page.key("keyDown", code, key)

    def release(self, code: str, key: str = "") -> None:
        """It is let go."""
        if code in self.down:
            self.down.remove(code)
        self.page.key("keyUp", code, key)

    def forward(self) -> None:
        """F and the up arrow, held."""
        self.press("KeyF")
        self.press("ArrowUp", "ArrowUp")

    def hands_off(self) -> None:
        """Nothing is pressed."""
        for code in list(self.down):
            self.release(code, code if code.startswith("Arrow") else "")
        self.page.js("if (window.pads?.length) pad({})")

    # --- the page ----------------------------------------------------------------------------------------------------
    def open(self, **settings: str) -> None:
        """Load the page and wait until it hears the vehicle."""
        self.page.open(self.server.url, **settings)
        self.page.until(MODE)

    def mode(self) -> str:
        """As the page has it."""
        return str(self.page.js("return flail.store.value('vehicle', 'mode')"))

    def until_mode(self, *modes: str) -> None:
        """The page shows one of these."""
        self.page.until(
            "return flail.store.open() && arguments[0].includes(flail.store.value('vehicle', 'mode'))", modes
        )

    def act(self, name: str, code: str) -> None:
        """Press the key of an act as soon as it is offered."""
        self.page.until(ENABLED, name)
        self.page.tap(code)

    # --- the way to motion -------------------------------------------------------------------------------------------
    def take(self) -> None:
        """Hold T until the vehicle is this console's; anew where it is refused, or the link breaks meanwhile.

        Raises:
            AssertionError: Eight times in vain; told with what was answered.
        """
        told = []
        for _ in range(8):
            if self.page.until(TO_TAKE) == "mine":
                return
            began_ms = self.page.js("return flail.now_ms()")
            self.press("KeyT")
            told.append(self.page.until(TAKEN, began_ms))
            self.release("KeyT")
        raise AssertionError(f"not taken: {told}")

    def arm(self) -> None:
        """From wherever it stands to MANUAL, by the steps that the page offers. Raises as `arm_until`."""
        self.arm_until("MANUAL")

    def arm_until(self, wanted: str) -> None:
        """The same until this mode is shown; a mission that waits is ended.

        Raises:
            AssertionError: Forty steps do not lead there; told with the answers to them.
        """
        self.take()
        self.page.until(NO_WAIT)
        told = []
        for _ in range(40):
            mode, act = str(self.page.until(NEXT_STEP, list(STEPS), wanted)).split(":")
            if mode == wanted:
                return
            before = self.page.js("return flail.now_ms()")
            self.page.tap(STEPS[act])
            told.append((mode, act, self.page.until(ANSWERED, mode, before)))
        raise AssertionError(f"not {wanted}: {told}")

    def disarm(self) -> None:
        """From wherever it stands to DISARMED, with no RESET due; through HOLD where it was armed or the link breaks.

        Raises:
            AssertionError: A stop comes between again and again.
        """
        self.hands_off()
        for _ in range(8):
            self.arm_until("READY")
            if self.page.until(TO_DISARMED) == "disarmed":
                return
        raise AssertionError(f"not disarmed: {self.vehicle.look()}")

    def give_up(self) -> None:
        """Nobody holds the vehicle."""
        self.take()
        self.disarm()
        self.page.until(
            "if (flail.store.value('vehicle', 'mine') !== true) return true;"
            "if (!flail.acts.pending && flail.acts.offers().some((one) => one.act === 'RELEASE')) flail.people.giveUp()"
        )

    def drives(self) -> bool:
        """The controller has a set-point and the machine truly moves."""
        seen = self.vehicle.look()
        return seen["setpoint"] != [0.0, 0.0] and abs(seen["speed"]) > 0.05

    def until_driven(
        self,
        press: Callable[[], None],
        release: Callable[[], None] = lambda: None,
        until: Callable[[], bool] = lambda: True,
    ) -> None:
        """Arm, wait for the latch, press, until it drives and `until` is true.

        Where the link of a busy computer breaks meanwhile, begin anew, as one would.

        Raises:
            AssertionError: It never moves.
        """
        for _ in range(12):
            self.hands_off()
            release()
            self.arm()
            if not self._waits_for(lambda: bool(self.page.js(LATCHED))):
                continue
            press()
            if self._waits_for(lambda: self.drives() and until()):
                return
        raise AssertionError(f"never driven: {self.vehicle.look()}")

    def stops(self, drive: Callable[[], None], stop: Callable[[], object]) -> None:
        """Drive, and stop by this: that stop is what the vehicle names, and it stands.

        Where the link of a busy computer broke before, which stops as well and leaves nothing to stop, begin anew.

        Raises:
            TimeoutException: It drives on.
            AssertionError: It is never this stop that stops it.
        """
        told = []
        for _ in range(12):
            drive()
            stop()
            self.page.when(lambda: self.vehicle.look()["mode"] not in ARMED)
            self.until_still()
            told.append(self.vehicle.look()["reasons"])
            if "operator_stop" in told[-1]:
                return
        raise AssertionError(f"stopped by something else: {told}")

    def engine_off(self) -> None:
        """Hold Delete until the mode is ESTOP; anew where nothing was heard of it.

        Raises:
            AssertionError: Eight times in vain.
        """
        for _ in range(8):
            self.press("Delete", "Delete")
            became = self.page.until(ENGINE_OFF)
            self.release("Delete", "Delete")
            if became == "off":
                return
        raise AssertionError(f"not off: {self.vehicle.look()}")

    def offered_in(self, modes: tuple[str, ...], act: str, reach: Callable[[], object]) -> str:
        """The enabled buttons of acts in one of these modes once this one is among them; `reach` leads to the mode.

        Begins anew where the link of a busy computer breaks and the mode is left.

        Raises:
            AssertionError: It is left each time.
        """
        for _ in range(12):
            reach()
            found = self.page.when(
                lambda: (
                    next((told for mode in modes if (told := self.page.js(OFFERED, mode, act))), None)
                    or self.page.js(LEFT, modes)
                )
            )
            if found != "left":
                return str(found)
        raise AssertionError(f"{modes} left each time: {self.vehicle.look()}")

    def break_off(self, drive: Callable[[], None], script: str) -> int:
        """Drive, and run a script of which it is known that it ended that drive; the computer's time before it [ns].

        Where the link of a busy computer broke at that very moment, it begins anew.

        Raises:
            AssertionError: It never drives at that moment.
        """
        for _ in range(12):
            drive()
            began_ns = int(self.vehicle.look()["now_ns"])
            if self.page.js(f"{DRIVING} if (was) {{ {script} }} return was;"):
                return began_ns
        raise AssertionError(f"never driven: {self.vehicle.look()}")

    def until_mission(self, start: Callable[[], None]) -> None:
        """Arm and start until the vehicle drives its plan; anew where the link breaks, or START follows ARM too soon.

        Raises:
            AssertionError: It never does.
        """
        for _ in range(8):
            self.hands_off()
            self.arm()
            if not self._waits_for(lambda: bool(self.page.js(LATCHED))):
                continue
            if self._starts(start):
                return
        raise AssertionError(f"no mission: {self.vehicle.look()}")

    def press_start(self) -> None:
        """The card, hold, and once more; a hold that does not pass is let be."""
        self.page.tap("KeyN")
        self.press("KeyF")
        self.page.until("const view = flail.hands.view; return view.hold || !view.latch")
        self.page.tap("KeyN")

    def _starts(self, start: Callable[[], None]) -> bool:
        """Press START; False where it is refused, its card stays open, nothing is heard of it or the link breaks."""
        began_ms = self.page.js("flail.acts.closeStart(); return flail.now_ms()")
        start()
        self._waits_for(lambda: self.mode() in AUTO or bool(self.page.js(NOT_STARTED, began_ms)))
        return self.mode() in AUTO

    def _waits_for(self, true: Callable[[], bool]) -> bool:
        """Wait until this is true; False where the machine is not armed any more, or the page lets go."""
        outcome = self.page.when(lambda: "true" if true() else "" if self.page.js(STEERS) else "broken")
        return outcome == "true"

    def until_still(self) -> None:
        """No set-point, and the machine stands."""
        self.page.when(
            lambda: (seen := self.vehicle.look())["setpoint"] == [0.0, 0.0] and abs(seen["speed"]) < STANDS_MPS
        )

    def drive_by_pad(self, until: Callable[[], bool] = lambda: True) -> None:
        """Armed, RT and the left stick forward, until it moves and `until` is true."""
        self.page.js(NEUTRAL)
        self.until_driven(lambda: self.page.js(FORWARD), until=until)

    def drive_by_keys(self, until: Callable[[], bool] = lambda: True) -> None:
        """Armed, F and the up arrow, until it moves and `until` is true."""
        self.until_driven(self.forward, until=until)

    def leave(self) -> None:
        """Hands off, STOP, the machine stands; whatever the test left."""
        self.hands_off()
        if self.page.js("return window.flail?.ready === true"):
            self.page.tap("Space")
        self.until_still()

    # --- looks -------------------------------------------------------------------------------------------------------
    def moved_since(self, before: dict[str, Any]) -> float:
        """Metres of true travel."""
        now = self.vehicle.look()
        return float(((now["e"] - before["e"]) ** 2 + (now["n"] - before["n"]) ** 2) ** 0.5)

    def shown_place(self) -> list[float]:
        """North and east [m] of wherever: of the pose that the page shows."""
        return list(
            self.page.until(
                "const p = flail.store.get('pose'), rad = Math.PI / 180; if (!p || p.lat === null) return null;"
                "return [p.lat * rad * 6371000, p.lon * rad * 6371000 * Math.cos(p.lat * rad)]"
            )
        )

    def ticks(self, count: int) -> None:
        """So many more ticks of the vehicle have passed."""
        last = self.vehicle.look()["tick"] + count
        self.page.when(lambda: self.vehicle.look()["tick"] >= last)

    def text(self, selector: str) -> str:
        """What stands there."""
        return self.page.text(selector)
