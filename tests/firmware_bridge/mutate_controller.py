"""Mutation run of the C controller: `python -m tests.firmware_bridge.mutate_controller [--every N] [--only FILE]`.

Every operator, comparison, constant, negation and statement of the safety half is broken once, compiled, and must be
caught by the controller's tests. Prints each survivor; exits with 1 where there is one that EQUIVALENT does not name.
"""

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.firmware_bridge import (
    test_controller_faults,
    test_controller_lease,
    test_controller_outputs,
    test_controller_start,
    test_controller_starter,
    test_controller_wire,
)
from tests.firmware_bridge.controller_bench import CONTROLLER, LIBRARY_VARIABLE, build

SOURCES = ("framer", "controller", "faults", "outputs", "node")
TESTS = [
    str(module.__file__)
    for module in (
        test_controller_wire,
        test_controller_lease,
        test_controller_outputs,
        test_controller_faults,
        test_controller_start,
        test_controller_starter,
    )
]
ROOT = CONTROLLER.parents[1]

SWAPS = {
    "==": ["!="], "!=": ["=="], "<=": ["<", ">"], ">=": [">", "<"], " < ": [" <= ", " > "], " > ": [" >= ", " < "],
    "&&": ["||"], "||": ["&&"], " + ": [" - "], " - ": [" + "], " & ": [" | "], "|=": ["&="], "&=": ["|="],
    "true": ["false"], "false": ["true"], "!": [""], "++": ["--"], "continue": ["break"],
}  # fmt: skip
PATTERN = re.compile("|".join(re.escape(key) for key in sorted(SWAPS, key=len, reverse=True)))
NUMBER = re.compile(r"(?<![\w.\"])(0x[0-9A-Fa-f]+|\d+\.\d+|\d+)(?=[uf]?\b)")
STATEMENT = re.compile(r"^\s+(?!return|const|static|uint|size_t|float|bool|break)[^{}]*;\s*(/\*.*\*/)?$")

# Mutants that change nothing anyone can observe, by file and the mutated line's text, each with its reason.
_TIE = "at a tie both sides are the same value"
EQUIVALENT: dict[tuple[str, str], str] = {
    ("framer", "const size_t taken = count <= room ? count : room;"): _TIE,
    (
        "framer",
        "if (held <= HEADER_SIZE || (known != NULL && held < size)) {",
    ): "no frame is as short as its header: it is judged one byte later",
    (
        "controller",
        "const float step_s = 0.001f * (float)(passed_ms <= FC_STEP_MAX_MS ? passed_ms : FC_STEP_MAX_MS);",
    ): _TIE,
    (
        "controller",
        "const uint32_t life_ms = asked_ms <= fc->config.watchdog_ms ? asked_ms : fc->config.watchdog_ms;",
    ): _TIE,
    (
        "controller",
        "status->command_age_ms = fc->commanded && age_ms <= UINT16_MAX ? (uint16_t)age_ms : UINT16_MAX;",
    ): _TIE,
    ("node", "fc_framer_init(&node->framer, KNOWN, sizeof KNOWN / sizeof KNOWN[0x1]);"): "all elements are of one size",
    ("outputs", "if (value <= low) {"): _TIE,
    ("outputs", "return value >= high ? high : value;"): _TIE,
    ("outputs", "const bool faster = fabsf(to) >= fabsf(from) && from * to >= 0.0f;"): "at equal speeds of equal sign "
    "there is nothing to ramp; of opposite sign the second half decides",
}

Mutant = tuple[str, int, str, str]


def code_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines outside comments and includes."""
    comment = False
    for number, line in enumerate(text.splitlines()):
        stripped = line.strip()
        if stripped.startswith("/*"):
            comment = "*/" not in stripped
            continue
        if comment:
            comment = "*/" not in stripped
            continue
        if stripped and not stripped.startswith("#include"):
            yield number, line


def variants(line: str) -> Iterator[str]:
    """All ways to break one line."""
    body = line.split("/*", 1)[0].rstrip()
    for match in PATTERN.finditer(body):
        for other in SWAPS[match[0]]:
            yield body[: match.start()] + other + body[match.end() :]
    for match in NUMBER.finditer(body):
        value = match[0]
        other = str(float(value) * 1.5 + 0.01) if "." in value else hex(int(value, 0) + 1)
        yield body[: match.start()] + other + body[match.end() :]
    if STATEMENT.match(line):
        yield re.match(r"\s*", line)[0] + ";"  # type: ignore[index]


def mutants() -> Iterator[Mutant]:
    for source in SOURCES:
        text = (CONTROLLER / "src" / f"{source}.c").read_text(encoding="utf-8")
        for number, line in code_lines(text):
            for changed in variants(line):
                if changed != line:
                    yield source, number, line.strip(), changed


def compile_mutant(folder: Path, mutant: Mutant, flags: list[str]) -> bool:
    """A library with one source replaced; False where the compiler refuses (such a mutant is no mutant)."""
    source, number, _, changed = mutant
    lines = (CONTROLLER / "src" / f"{source}.c").read_text(encoding="utf-8").splitlines()
    lines[number] = changed
    (folder / "mutant.c").write_text("\n".join(lines) + "\n", encoding="utf-8")
    objects = [str(folder / f"{name}.o") for name in (*SOURCES, "bench") if name != source]
    command = ["gcc", *flags, "-shared", "-o", str(folder / "libflail.so"), str(folder / "mutant.c"), *objects, "-lm"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def killed(library: Path, source: str) -> bool:
    """Whether some test fails. In a fork, where everything is imported already; a hang runs out of CPU time."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
        os.environ[LIBRARY_VARIABLE] = str(library)
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        os._exit(int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-W", "ignore", *tests_for(source)])))
    _, status = os.waitpid(child, 0)
    return status != 0


def tests_for(source: str) -> list[str]:
    """All of them, those of the broken part first: the first failure ends the run."""
    nearest = {"framer": "wire", "faults": "faults", "outputs": "outputs"}.get(source, "lease")
    return sorted(TESTS, key=lambda path: (nearest not in path, "wire" in path))


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--every", type=int, default=1, help="take every Nth mutant only")
    arguments.add_argument("--only", choices=SOURCES, help="one source only")
    chosen = arguments.parse_args()
    build()
    include = [f"-I{CONTROLLER / 'include'}", "-isystem", str(CONTROLLER / "build" / "mavlink")]
    flags = ["-std=c99", "-O0", "-fPIC", "-w", *include]
    work = [m for m in mutants() if chosen.only in (None, m[0])][:: chosen.every]
    survivors, tried = [], 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for source in (*SOURCES, "bench"):
            command = ["gcc", *flags, "-c", "-o", str(folder / f"{source}.o"), str(CONTROLLER / "src" / f"{source}.c")]
            subprocess.run(command, check=True)
        if killed_without_mutation(folder, flags):
            sys.stdout.write("the tests fail without any mutation\n")
            return 1
        for mutant in work:
            if not compile_mutant(folder, mutant, flags):
                continue
            tried += 1
            if not killed(folder / "libflail.so", mutant[0]):
                survivors.append(mutant)
                sys.stdout.write(f"SURVIVED {mutant[0]}.c:{mutant[1] + 1}: {mutant[2]}  ->  {mutant[3].strip()}\n")
                sys.stdout.flush()
    unexplained = [m for m in survivors if (m[0], m[3].strip()) not in EQUIVALENT]
    sys.stdout.write(f"{tried} mutants, {tried - len(survivors)} caught, {len(survivors)} survived, ")
    sys.stdout.write(f"{len(unexplained)} of them unexplained\n")
    return 1 if unexplained else 0


def killed_without_mutation(folder: Path, flags: list[str]) -> bool:
    source = SOURCES[0]
    line = (CONTROLLER / "src" / f"{source}.c").read_text(encoding="utf-8").splitlines()[0]
    return not compile_mutant(folder, (source, 0, line, line), flags) or killed(folder / "libflail.so", source)


if __name__ == "__main__":
    sys.exit(main())
