"""docs/FAILSAFE.md, written from the table of reasons: `python -m tests.console.failsafe_page`.

For the person who operates: of each reason what the screen says, what the machine does, and how to drive again.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from vehicle.contracts.stop_codes import Level, Recovery, Rule, StopReason
from vehicle.contracts.stop_reasons import ORDER, RULES
from vehicle.contracts.units import TICK_S
from vehicle.control.safety.checks import ROTOR_UP_S
from vehicle.control.safety.command_shaping import LIMITED_MPS, RECOVERY_MPS
from vehicle.control.safety.waiting import WAIT_S

PAGE: Final = Path(__file__).resolve().parents[2] / "docs/FAILSAFE.md"
COMMAND: Final = "python -m tests.console.failsafe_page"

HEAD: Final = f"""# When the machine stops: every reason

For the person who operates. `{COMMAND}` writes this page from the table of reasons that the machine
itself works with (`vehicle/contracts/stop_reasons.py`); a test refuses a page that is out of date. How to operate is in
[OPERATOR.md](OPERATOR.md).

**To find a reason:** the console shows its number and its name above the large text, for example `16, link_lost`.

**What is the same for all stops.** The machine never starts again by itself. To drive again you must do each step, one
after the other:

1. The cause is gone. Where the console cannot measure this, the step gets no tick mark: go on to RESET all the same.
   If the cause is still there, the vehicle refuses RESET and the screen keeps the reason, but for causes of two kinds:
   those with *to drive out* in the list (see RECOVERY below), and those that stop a mission alone (you may drive by
   stick).
2. Centre both sticks. Release hold-to-run.
3. ACKNOWLEDGE (`K`), only where the list says so. Read the text first: the button works after one second.
4. RESET (`R`). After *engine off* it counts only when the rotor stands, as measured. RELEASE E-STOP (`E`), where the
   list has it, comes before RESET; you may press it while the rotor still turns.
5. Only after *engine off*: the engine must run again. Before RESET it cannot, because the program keeps it off. Where
   the console offers it, START ENGINE (`J`), and when the engine runs, RESET once more; else the maker's own remote
   starter, or the recovery plan. After the reasons that bar an engine start no console offers it before the recovery
   plan is done. If you go on without the engine, the machine stops again 0.2 s after the last ARM, or after RECOVERY
   (`engine_stall`).
6. ARM (`M`). After *engine off*, and after the vehicle program was started again: ARM two times, at least half a
   second apart.

The console shows these steps at each stop. A tick mark means *measured*; the next step is blue. If another console took
control meanwhile, or nobody holds it, TAKE (`T`, hold it for one second) comes first. A mission goes on with START
(`N`) after step 6.

**WAIT is no stop.** PAUSE, and the reasons with *in a mission WAIT first* in the list, hold a mission for at most
{WAIT_S:g} s instead of stopping it. The mode cell is amber (*Mission, waiting*), the tracks stand, the tool stays where
it is, **the rotor keeps turning**. When the cause has been away for a second, hold hold-to-run with the sticks centred
and press START (`N`) once: the mission goes on, without RESET and ARM. If nobody does so in time, it is a stop, and the
steps above hold.

**Nobody walks to the machine.** No text on the console and no line of this page sends a person to it. Where a text says
*the team leader starts the recovery plan*, the team leader decides who goes, when, and by which way. What the
recovery plan must do before RESET is in [OPERATION.md](OPERATION.md), *When it stops*.

**RECOVERY** (`B`, in *Ready*): you drive the machine back along its own track although the cause is still there, by
stick, at most {RECOVERY_MPS:g} m/s, with the rotor locked. Only the reasons with *to drive out* in the list allow it.
Press what the last column of the list says after *to drive out*:

- After an ordinary stop: RESET, then half a second later RECOVERY. There is no ARM between them: while the cause is
  there, ARM does nothing, and the screen names the cause beside it.
- After *engine off*: RESET; when the engine runs again, ARM, then RECOVERY.
"""

STOPPED: Final = (
    "The mode cell is red, the lower part of the screen says why, two falling tones sound once. Tracks and rotor are "
    "off in the same moment, the brakes hold, the tool stays at its height, the engine runs on at idle."
)


class Part(NamedTuple):
    """A section of the page: its title, what all of its reasons have in common, and which reasons they are."""

    title: str
    common: str
    levels: tuple[tuple[Level, Level], ...]
    """By stick, and in a mission."""


PARTS: Final = (
    Part(
        "Engine cut at once",
        "The mode cell is red: *E-stop, engine off*. All at once the brakes close, without a ramp, and rotor drive "
        "and engine are switched off. The rotor still turns for some seconds: wait until the screen shows that it "
        "stands. Only after RESET can the engine run again.",
        ((Level.ESTOP, Level.ESTOP),),
    ),
    Part(
        "Stop, then engine off",
        "The mode cell is red: *Fault, engine off*. Tracks and rotor stop as in every stop, then the engine goes off. "
        "Only after RESET can it run again.",
        ((Level.FAULT, Level.FAULT),),
    ),
    Part("Stop, by stick and in a mission", STOPPED, ((Level.STOP, Level.STOP),)),
    Part(
        "Stop in a mission; by stick it goes on",
        f"In a mission: {STOPPED[0].lower()}{STOPPED[1:]} By stick the machine drives on, and an amber line says what "
        f"is wrong; where the list says *slow*, at most {LIMITED_MPS:g} m/s. So after such a stop you can drive out by "
        "stick while the cause is still there; only the mission has to wait.",
        ((Level.WARN, Level.STOP), (Level.LIMIT, Level.STOP)),
    ),
    Part(
        "Slower",
        f"An amber line, one tick sounds. At most {LIMITED_MPS:g} m/s, drawn as a limit in the speed instrument. No "
        "mission starts. It ends by itself when the cause is gone. Where the list says *by stick: only a warning*, the "
        "sticks drive as fast as before; with `link_ageing` alone the frames of the sticks are so late that this speed "
        "holds for them too.",
        ((Level.LIMIT, Level.LIMIT), (Level.WARN, Level.LIMIT)),
    ),
    Part(
        "Only a warning",
        "An amber line, one tick sounds. Nothing else changes. It ends by itself when the cause is gone.",
        ((Level.WARN, Level.WARN),),
    ),
)


ROTOR_SLOW: Final = {
    StopReason.ROTOR_SPIN_UP: f"after {ROTOR_UP_S:g} s or more, as the machine's profile says; by stick also for a "
    "rotor that was at its speed, with the tool out of the ground",
    StopReason.ROTOR_SAG: "in a swath; by stick with the tool in the ground, once the rotor was at its speed, and not "
    "while you raise the tool",
}
"""When a rotor that is too slow stops the machine: with the tool in the ground sooner (`checks.py`)."""


def machine_does(rule: Rule, code: StopReason) -> str:
    """What differs from the rest of its section."""
    told = [ROTOR_SLOW[code]] if code in ROTOR_SLOW else []
    if rule.waits:
        told.append(f"in a mission WAIT first, {WAIT_S:g} s at most")
    if rule.auto_level is Level.STOP and rule.level is Level.LIMIT:
        told.append("by stick: slow")
    if rule.auto_level is Level.LIMIT and rule.level is Level.WARN:
        told.append("by stick: only a warning")
    if rule.onset_ticks > 1:
        told.append(f"after {rule.onset_ticks * TICK_S:g} s")
    if rule.linger_ticks:
        told.append(f"stays {rule.linger_ticks * TICK_S:g} s longer than its cause")
    if rule.sounds_horn:
        told.append("the horn sounds")
    if rule.bars_start:
        told.append("an engine start is barred until the recovery plan is done")
    return "; ".join(told)


AT_A_START: Final = frozenset({"restarted_in_motion", "boot_loop", "config_envelope", "maintenance"})
"""Reasons that come with a start of the program, which is disarmed then: like after an engine cut, two ARMs."""


def drive_again(rule: Rule) -> str:
    """The steps after the cause is gone and the hands are off, in the words of the console's buttons."""
    if rule.recovery is Recovery.CLEARS:
        return "by itself"
    engine_off = rule.level >= Level.FAULT
    people = ["recovery plan"] if rule.recovery is Recovery.MACHINE else []
    release = ["RELEASE E-STOP"] if rule.name == "estop_console" else []
    stands = ["rotor stands"] if engine_off else []
    read = ["ACKNOWLEDGE"] if rule.recovery is Recovery.ACKNOWLEDGE else []
    disarmed = engine_off or rule.name in AT_A_START
    steps = [*people, *release, *stands, *read, "RESET", *(["ARM", "ARM"] if disarmed else ["ARM"])]
    back = [*read, "RESET", *(["ARM"] if disarmed else []), "RECOVERY"]
    out = f"; to drive out: {', '.join(back)}" if rule.retreat else ""
    return ", ".join(steps) + out


def row(code: StopReason) -> str:
    """A reason as a line of its section's table."""
    rule = RULES[code]
    return f"| `{rule.name}` ({code.value}) | {rule.text} | {machine_does(rule, code)} | {drive_again(rule)} |"


def rows(part: Part) -> list[str]:
    """All reasons of a section, the worst first."""
    return [row(code) for code in ORDER if (RULES[code].level, RULES[code].auto_level) in part.levels]


def lines() -> Iterator[str]:
    """Of the page."""
    yield HEAD
    yield from ("<!-- reasons: begin -->", "")
    for part in PARTS:
        yield from (f"## {part.title}", "", part.common, "")
        yield "| reason | the screen says | what differs from the others here | to drive again |"
        yield "|---|---|---|---|"
        yield from rows(part)
        yield ""
    yield from ("<!-- reasons: end -->", "")


def page() -> str:
    """docs/FAILSAFE.md as it must be."""
    return "\n".join(lines())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
