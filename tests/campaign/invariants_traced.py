"""Every invariant -> the tests that show it; one without a test fails.

Those of the discrete machine are found by their names in `machine_invariants.py` and `permit_invariants.py` of
`tests/control/safety/`.
"""

from tests.control.safety.machine_invariants import STEP
from tests.control.safety.permit_invariants import OUTPUT

MACHINE = "tests/control/safety/test_machine.py::test_at_least_forty_invariants_hold_everywhere"
GATE, STOPS = "tests/control/safety/test_gate.py", "tests/control/safety/test_gate_stops.py"
OUTPUTS, AUTHORITY = "tests/control/safety/test_gate_outputs.py", "tests/control/safety/test_authority.py"
BORDERS = "tests/campaign/test_borders.py"
TRIALS = "tests/campaign/test_trials.py::test_no_trial_is_late_and_none_breaks_an_invariant"
LEDGER = "tests/control/ledger/test_properties.py"
EXPECTED = (
    *(f"I{number}" for number in range(1, 34)),
    *(f"T{number}" for number in range(1, 7)),
    *(f"G{number}" for number in range(1, 4)),
    *(f"P{number}" for number in range(1, 7)),
    *(f"S{number}" for number in range(1, 4)),
)
LISTED: dict[str, tuple[str, ...]] = {
    "I4": (f"{OUTPUTS}::test_a_disarmed_machine_commands_nothing", f"{OUTPUTS}::test_a_one_belt_turn_is_driving_too"),
    "I17": (f"{OUTPUTS}::test_the_gate_never_raises_and_never_drives_on_nothing",),
    "I19": (
        f"{AUTHORITY}::test_row_9_duplicates_change_nothing",
        f"{AUTHORITY}::test_row_8_older_frames_change_nothing_even_a_stop",
    ),
    "I20": (f"{AUTHORITY}::test_row_27_a_rival_is_ignored_and_told", f"{GATE}::test_a_stranger_can_stop_but_not_drive"),
    "T1": (
        f"{OUTPUTS}::test_a_driving_lease_is_what_is_left_of_the_operators_frame",
        "tests/firmware_bridge/test_controller_lease.py::test_a_lease_ends_on_its_millisecond",
    ),
    "T2": (TRIALS, "tests/runtime/test_kill_trials.py::test_ten_of_each_stop_within_200_ms"),
    "T3": (TRIALS,),
    "T4": (
        f"{OUTPUTS}::test_every_command_has_a_number_of_its_own",
        "tests/sim/test_controller.py::test_old_or_repeated_sequence_renews_nothing",
    ),
    "T5": ("tests/firmware_bridge/test_controller_outputs.py::test_speed_ramps_up_by_accel_and_down_by_decel",),
    "T6": ("tests/firmware_bridge/test_stream_port.py::test_a_stop_waits_for_one_frame_at_most",),
    "G1": ("tests/control/safety/test_gate_borders.py::test_row_101_a_mission_stops_inside_the_fence",),
    "G2": (f"{BORDERS}::test_row_108_ground_that_the_tool_left_out_is_worked_again_before_the_tracks_reach_it",),
    "G3": (f"{BORDERS}::test_row_108_no_mission_reverses_onto_unprocessed_ground",),
    "P1": ("tests/control/ledger/test_conditions.py::test_one_violated_tick_withholds_credit_there_and_nowhere_else",),
    "P2": (f"{LEDGER}::test_claims_only_grow_and_older_versions_stay_as_they_were",),
    "P3": ("tests/records/test_journal.py::test_every_cut_leaves_a_part_of_the_record_and_nothing_else",),
    "P4": (f"{LEDGER}::test_credit_is_a_part_of_the_truth",),
    "P5": (f"{LEDGER}::test_wall_time_changes_nothing",),
    "P6": (f"{LEDGER}::test_strokes_recompute_the_same_masks_byte_for_byte",),
    "S1": ("tests/operator_link/test_bad_inputs.py::test_it_changes_nothing_and_the_console_is_heard_at_once",),
    "S2": ("tests/operator_link/test_keystore.py::test_the_command_line_shows_a_secret_once",),
    "S3": ("tests/operator_link/test_keystore.py::test_marks_survive_and_never_fall",),
}
"""Those that the discrete machine does not decide."""


def tests_of() -> dict[str, tuple[str, ...]]:
    """Tests of each invariant; an empty tuple is an orphan."""
    named = [name.split(" ")[0] for name in (*STEP, *OUTPUT)]
    machine = {name.rstrip("abcdefgh") for name in named}
    return {name: LISTED.get(name, (f"{MACHINE} ({name})",) if name in machine else ()) for name in EXPECTED}
