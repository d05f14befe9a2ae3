"""Every row of the fault catalogue -> its owner and its tests; `python -m tests.campaign.traceability` writes the page.

Rows are found in three ways: cases of the table on the full stack, tests named `test_row_9_...` or `test_rows_8_9_...`
anywhere below tests/, and the list here. A row of an owner that is not built yet is deferred, and only then.
"""

import ast
import re
from collections import Counter
from pathlib import Path

from tests.campaign import invariants_traced
from tests.campaign.cases import CASES, NEVER

ROOT = Path(__file__).resolve().parents[2]
TABLE, SCENES = "tests/campaign/test_table.py::test_fault", "tests/campaign/"
OWNERS: dict[str, tuple[int, ...]] = {
    "gate": (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 16, 17, 18, 19, 20, 21, 22, 23, 111, 112, 113, 114, 116, 117,
             118, 119, 120),
    "authority": (25, 27, 28, 29, 30, 31, 32, 33),
    "operator link": (11, 26, 94),
    "console": (15, 24),
    "bridge": (34, 35, 36, 37, 38, 39, 40, 41, 42, 54),
    "estimate": (43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 55),
    "flail": (56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71),
    "power": (72, 73, 74, 75),
    "computer": (76, 77, 78, 79, 80, 85, 95),
    "record": (81, 82, 84, 86, 100),
    "telemetry": (88, 89, 90, 91, 92, 93),
    "configuration": (96, 97, 98, 99),
    "terrain": (101, 102, 104, 105, 106, 107, 108, 109, 110),
    "planner": (103,),
    "mission files": (87, 115),
    "installation": (83,),
}  # fmt: skip
BUILT_WHEN: dict[str, tuple[str, ...]] = {
    "console": ("console/server/video*", "console/client/video*"),
    "mission files": (
        "vehicle/control/mission/file*",
        "vehicle/control/mission/upload*",
        "vehicle/planning/coverage/mission_file*",
    ),
    "installation": ("packaging*", "debian*"),
}
"""Owners that are not built, and the paths of which one says that they are."""
LISTED: dict[int, tuple[str, ...]] = {
    11: ("tests/operator_link/test_attacks.py::test_noise_makes_no_peer_and_keeps_no_byte",),
    94: ("tests/operator_link/test_signing.py::test_no_damaged_frame_passes",),
    88: ("tests/telemetry/test_outage.py::test_no_broker_at_all_costs_nothing_but_room",),
    89: ("tests/telemetry/test_overload.py::test_a_flood_without_a_broker_does_not_grow_memory",),
    90: ("tests/telemetry/test_publisher.py::test_it_subscribes_to_nothing_and_no_message_reaches_it",),
    91: ("tests/telemetry/test_publisher.py::test_it_subscribes_to_nothing_and_no_message_reaches_it",),
    92: ("tests/telemetry/test_mosquitto_conf.py::test_a_vehicle_cannot_write_below_the_name_of_another",),
    93: ("tests/telemetry/test_process_death.py::test_the_broker_tells_of_a_killed_vehicle",),
    99: ("tests/operator_link/test_services.py::test_no_parameter_changes_while_armed",),
    96: (
        "tests/planning/coverage/test_site.py::test_swapped_coordinates_against_a_datum",
        "tests/planning/coverage/test_site.py::test_nan_names_the_position",
    ),
    97: ("tests/config/test_config_load.py::test_a_slip_in_a_profile_is_named_with_file_and_key",),
    103: ("tests/planning/coverage/test_site.py::test_bow_tie_names_the_place",),
    116: ("tests/control/safety/test_gate.py::test_horn_before_the_first_motion",),
    115: ("tests/control/mission/test_job.py::test_it_starts_only_near_its_segment",),
    39: (
        "tests/firmware_bridge/test_stream_port.py::test_on_a_slow_line_the_newest_wins_and_is_never_old",
        "tests/firmware_bridge/test_stream_port.py::test_a_stop_waits_for_one_frame_at_most",
    ),
    42: ("tests/firmware_bridge/test_serial_port.py::test_a_second_program_is_refused",),
    54: (
        "tests/firmware_bridge/test_timesync.py::test_a_jump_starts_anew",
        "tests/firmware_bridge/test_timesync.py::test_impossible_or_slow_answers_teach_nothing",
    ),
    81: ("tests/runtime/test_background_recorder.py::test_a_full_disk_ends_the_recording_and_nothing_else",),
    82: ("tests/runtime/test_background_recorder.py::test_a_disk_that_hangs_costs_records_and_no_time",),
    85: (
        "tests/operator_link/test_transport.py::test_a_defect_behind_a_socket_ends_the_shell_at_once",
        "tests/operator_link/test_transport.py::test_a_defect_in_the_pump_ends_it_too",
    ),
    86: (
        "tests/records/test_journal.py::test_every_cut_leaves_a_part_of_the_record_and_nothing_else",
        "tests/operator_link/test_keystore.py::test_a_torn_write_loses_that_write_and_nothing_older",
    ),
    100: (
        "tests/records/test_journal.py::test_a_changed_byte_ends_what_is_believed",
        "tests/records/test_journal.py::test_a_record_taken_out_is_noticed",
    ),
    110: (
        "tests/control/ledger/test_conditions.py::test_a_depth_that_proves_nothing_claims_nothing",
        "tests/control/ledger/test_conditions.py::test_below_depth_is_recorded_as_such_with_its_depth",
    ),
}
NAMED = re.compile(r"^test_.*?rows?_(\d+(?:_\d+)*)")


def named() -> dict[int, set[str]]:
    """Tests that say their rows in their names."""
    found: dict[int, set[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and (match := NAMED.match(node.name)):
                for row in match.group(1).split("_"):
                    found.setdefault(int(row), set()).add(f"{path.relative_to(ROOT)}::{node.name}")
    return found


def tests_of() -> dict[int, tuple[str, ...]]:
    """All tests of each row; cases of the table first."""
    found: dict[int, list[str]] = {}
    for case in CASES:
        for row in case.rows:
            found.setdefault(row, []).append(f"{TABLE}[{case.name}]")
    for row, names in named().items():
        found.setdefault(row, []).extend(sorted(names))
    for row, listed in LISTED.items():
        found.setdefault(row, []).extend(listed)
    return {row: tuple(names) for row, names in found.items()}


def owner_of(row: int) -> str:
    """Who owns a row; empty for an orphan."""
    return next((owner for owner, rows in OWNERS.items() if row in rows), "")


def is_built(owner: str) -> bool:
    """The owner's work is in the tree."""
    return owner not in BUILT_WHEN or any(any(ROOT.glob(path)) for path in BUILT_WHEN[owner])


def status_of(row: int, tests: tuple[str, ...]) -> str:
    """full stack, tested, late, open, deferred, or orphan."""
    cases = [case for case in CASES if row in case.rows]
    if any(case.open for case in cases):
        return "open"
    if cases:
        late = any(case.stop_s is not None and case.stop_s > case.spec_s for case in cases if case.spec_s < NEVER)
        return "full stack, later than the catalogue" if late else "full stack"
    if tests:
        return "full stack" if any(test.startswith(SCENES) for test in tests) else "tested"
    return "orphan" if is_built(owner_of(row)) else "deferred"


PAGE = ROOT / "docs/TRACEABILITY.md"


def page() -> str:
    """docs/TRACEABILITY.md as it must be."""
    tests = tests_of()
    counts = Counter(status_of(row, tests.get(row, ())) for row in range(1, 121))
    sums = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    return (
        "# Traceability\n\n"
        "`python -m tests.campaign.traceability` writes this page; a test compares the status of each row. The rows\n"
        "are those of the catalogue of faults ([FAULTS.md](FAULTS.md)). Status:\n\n"
        "- *full stack*: the fault is injected into the whole stack in virtual time; detection, time, reaction and\n"
        "  recovery are asserted.\n"
        "- *full stack, later than the catalogue*: the machine stops, but later than the time of the specification\n"
        "  ([SAFETY.md](SAFETY.md), *Later than the catalogue*).\n"
        "- *tested*: asserted by tests of a part.\n"
        "- *open*: does not hold yet.\n"
        "- *deferred*: the part of the program that would deal with the fault does not exist yet.\n\n"
        "The invariants are at the end. The letter of a name says what the invariant is about: I the state machine,\n"
        "T times, G the ground, P the record, S security.\n\n"
        f"Of 120 rows: {sums}.\n\n## Faults\n\n{table()}\n## Invariants\n\n{invariants_table()}"
    )


def invariants_table() -> str:
    """Invariant -> tests."""
    lines = ["| invariant | tests |", "|---|---|"]
    for name, tests in invariants_traced.tests_of().items():
        lines.append(f"| {name} | {'<br>'.join(f'`{test}`' for test in tests)} |")
    return "\n".join(lines) + "\n"


def table() -> str:
    """The faults as Markdown."""
    tests = tests_of()
    lines = ["| row | owner | status | tests |", "|---|---|---|---|"]
    for row in range(1, 121):
        names = tests.get(row, ())
        shown = "<br>".join(f"`{name}`" for name in names[:3])
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        lines.append(f"| {row} | {owner_of(row)} | {status_of(row, names)} | {shown}{more} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
