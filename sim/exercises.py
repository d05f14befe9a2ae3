"""The exercises by name; the goal of each says what it teaches."""

from typing import Final

from firmware_bridge.types import FixType
from sim.training import Doors, Exercise, Look, Step
from vehicle.contracts.messages import MissionPhase, Mode

STOPPED: Final = (Mode.STOPPING, Mode.HOLD, Mode.ESTOP, Mode.FAULT)
MISSION: Final = (Mode.AUTO_MOVE, Mode.AUTO_WORK)


def _driving(now: Look) -> bool:
    return now.mode is Mode.MANUAL and abs(now.speed_mps) > 0.1


def _by_stick(now: Look) -> bool:
    return now.mode is Mode.MANUAL


def _stopped(now: Look) -> bool:
    return now.mode in STOPPED


def _waiting(now: Look) -> bool:
    return now.mode is Mode.WAIT


def _standing(now: Look) -> bool:
    return abs(now.speed_mps) < 0.02


def _working(now: Look) -> bool:
    return now.mode is Mode.AUTO_WORK and now.phase is MissionPhase.WORK and now.speed_mps > 0.05


def _rotor(now: Look) -> bool:
    return now.rotor_radps > 30.0


def _tilling(now: Look) -> bool:
    return _rotor(now) and now.depth_m > 0.1 and now.speed_mps > 0.03


def _recovering(now: Look) -> bool:
    return now.mode is Mode.RECOVERY and now.speed_mps < -0.02


def _let_go(now: Look) -> bool:
    """Whether the machine is disarmed; one that still moved stops first, and waits for RESET."""
    return now.mode in (Mode.DISARMED, *STOPPED)


def _cut_air(doors: Doors) -> None:
    doors.air_cut = True


def _join_air(doors: Doors) -> None:
    doors.air_cut = False


def _float_fix(doors: Doors) -> None:
    doors.machine.world.gnss.fix = FixType.RTK_FLOAT


def _fixed_fix(doors: Doors) -> None:
    doors.machine.world.gnss.fix = FixType.RTK_FIXED


def _weak_rotor(doors: Doors) -> None:
    doors.machine.world.flail.power_ratio = 0.0


def _strong_rotor(doors: Doors) -> None:
    doors.machine.world.flail.power_ratio = 1.0


def _shock(doors: Doors) -> None:
    doors.machine.world.controller.shock = True


def _no_shock(doors: Doors) -> None:
    doors.machine.world.controller.shock = False


def _hold_picture(doors: Doors) -> None:
    doors.picture_held = True


def _show_picture(doors: Doors) -> None:
    doors.picture_held = False


def _second(doors: Doors) -> None:
    doors.second_console = True


def _no_second(doors: Doors) -> None:
    doors.second_console = False


def _press_chain(doors: Doors) -> None:
    doors.machine.world.controller.estop_chain_open = True
    doors.attended = False


def _release_chain(doors: Doors) -> None:
    """Somebody at the machine pulls the button out, turns the key, and starts the engine."""
    doors.machine.world.controller.estop_chain_open = False
    doors.attended = True


_ARM: Final = Step(hint="take the machine, then ARM twice", until=_by_stick)
_DRIVE: Final = Step(hint="hold, and drive a few metres", until=_driving, at_least_s=2.0)
_AGAIN: Final = Step(hint="follow the steps on the screen until it drives again", until=_driving)
_START: Final = Step(hint="START the planned mission; wait until the tool works", until=_working, at_least_s=3.0)
_WORK_AGAIN: Final = Step(hint="follow the steps on the screen; START, until the tool works again", until=_working)

EXERCISES: Final = {
    exercise.name: exercise
    for exercise in (
        Exercise(
            name="first-day",
            goal="drive by stick, work some ground, run the mission, disarm; look into every view",
            steps=(
                _ARM,
                _DRIVE,
                Step(hint="stand still and turn the rotor", until=_rotor),
                Step(hint="lower the tool and drive slowly into the field", until=_tilling, at_least_s=3.0),
                Step(hint="press STOP", until=_stopped),
                Step(hint="centre the sticks, RESET, ARM", until=_by_stick),
                _START,
                Step(hint="PAUSE the mission", until=lambda now: now.mode not in MISSION),
                Step(hint="DISARM", until=_let_go),
            ),
        ),
        Exercise(
            name="link-loss",
            goal="the link is lost while you drive: get the machine back without a jump",
            steps=(
                _ARM,
                _DRIVE,
                Step(hint="", until=_stopped, at_least_s=3.0, begin=_cut_air, end=_join_air),
                _AGAIN,
            ),
        ),
        Exercise(
            name="rtk-loss",
            goal="RTK is lost for seconds, then for half a minute in a swath: go on from the WAIT, then from the stop",
            steps=(
                _ARM,
                _START,
                Step(hint="", until=_waiting, at_least_s=4.0, begin=_float_fix, end=_fixed_fix),
                Step(hint="hold and START once the cause is gone, before the 20 s are over", until=_working),
                Step(hint="", until=_standing, at_least_s=30.0, begin=_float_fix, end=_fixed_fix),
                _WORK_AGAIN,
            ),
        ),
        Exercise(
            name="hard-soil",
            goal="the soil is hard and the rotor sags: clear the stop and work on",
            soil_mjpm3=4.0,
            steps=(
                _ARM,
                _START,
                Step(hint="", until=_stopped, at_least_s=4.0, begin=_weak_rotor, end=_strong_rotor),
                _WORK_AGAIN,
            ),
        ),
        Exercise(
            name="detonation",
            goal="something went off under the tool: wait, acknowledge it, report it, back out",
            steps=(
                _ARM,
                _START,
                Step(hint="", until=_stopped, at_least_s=0.3, begin=_shock, end=_no_shock),
                Step(
                    hint="when the wait is over: ACKNOWLEDGE, RESET, ARM; then drive back",
                    until=lambda now: now.speed_mps < -0.05,
                ),
                Step(hint="a metre back, then stand", until=_standing, at_least_s=4.0),
            ),
        ),
        Exercise(
            name="slope",
            goal="the machine stands steeper than it may: back out with RECOVERY",
            bank_ahead_m=3.0,
            steps=(
                _ARM,
                Step(hint="drive ahead, up the bank, until it stops", until=_stopped),
                Step(hint="RESET, ARM, RECOVERY, back out slowly", until=_recovering, at_least_s=3.0),
                Step(hint="leave RECOVERY: DISARM", until=_let_go),
            ),
        ),
        Exercise(
            name="stale-video",
            goal="the picture stands still while you drive: notice it and stop",
            steps=(
                _ARM,
                _DRIVE,
                Step(hint="", until=_standing, at_least_s=6.0, begin=_hold_picture, end=_show_picture),
                _AGAIN,
            ),
        ),
        Exercise(
            name="second-console",
            goal="another console wants the machine while you drive: keep it, and stop when you are ready",
            steps=(
                _ARM,
                _DRIVE,
                Step(hint="", until=_driving, at_least_s=10.0, begin=_second, end=_no_second),
                Step(hint="stop, DISARM, RELEASE", until=_let_go),
            ),
        ),
        Exercise(
            name="e-stop",
            goal="somebody presses the e-stop at the machine: wait for the key, then RESET and ARM twice",
            steps=(
                _ARM,
                _DRIVE,
                Step(hint="", until=_stopped, at_least_s=8.0, begin=_press_chain, end=_release_chain),
                Step(hint="follow the steps on the screen", until=_by_stick),
                _AGAIN,
            ),
        ),
        Exercise(
            name="swath-by-stick",
            goal="work eight metres of the first swath by stick, as straight as you can",
            steps=(
                _ARM,
                Step(hint="turn the rotor, lower the tool", until=_tilling),
                Step(hint="eight metres, straight", until=lambda now: now.tilled_m > 8.0),
                Step(hint="lift the tool, stand", until=lambda now: _standing(now) and now.depth_m < 0.0),
            ),
        ),
    )
}
