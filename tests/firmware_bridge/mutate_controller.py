"""Mutation run of the C controller: `python -m tests.firmware_bridge.mutate_controller [--every N] [--only FILE]`.

Every operator, comparison, constant, negation and statement of the safety half is broken once, compiled, and must be
caught by the controller's tests. Prints each survivor; exits with 1 where there is one that EQUIVALENT does not name.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.firmware_bridge.controller_bench import CONTROLLER, LIBRARY_VARIABLE, build

SOURCES = ("framer", "controller", "faults", "outputs", "node")
TESTS = [f"tests/firmware_bridge/test_controller_{name}.py" for name in ("faults", "lease", "outputs", "wire")]
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
EQUIVALENT: dict[tuple[str, str], str] = {}

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


def killed(library: Path) -> bool:
    """Whether some test fails; a hang counts as caught."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--no-header", *TESTS]
    try:
        run = subprocess.run(
            command,
            cwd=ROOT,
            env=os.environ | {LIBRARY_VARIABLE: str(library)},
            capture_output=True,
            timeout=60,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return True
    return run.returncode != 0


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
            if not killed(folder / "libflail.so"):
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
    return not compile_mutant(folder, (source, 0, line, line), flags) or killed(folder / "libflail.so")


if __name__ == "__main__":
    sys.exit(main())
