"""The dialect's promises: free ids, numbers equal to the types', a fast start without pymavlink, made by the build."""

import ast
import re
import subprocess
import sys
from enum import IntEnum, IntFlag
from pathlib import Path

import pytest
from pymavlink import dialects

from firmware_bridge import types
from firmware_bridge.mavlink import _dialect, generate
from firmware_bridge.mavlink.build_hook import DialectHook
from vehicle.contracts.messages import MissionPhase, Mode, RotorState

ROOT = Path(__file__).resolve().parents[2]
BRIDGE = ROOT / "firmware_bridge"


def ids_of(xml: Path) -> set[int]:
    return {int(number) for number in re.findall(r'<message id="(\d+)"', xml.read_text(encoding="utf-8"))}


def test_ids_are_free_in_every_dialect_that_mavlink_ships() -> None:
    ours = ids_of(generate.DIALECT_XML)
    assert len(ours) == 16
    assert all(53_000 <= number < 53_100 for number in ours)
    others = sorted((Path(dialects.__file__).parent / "v20").glob("*.xml"))
    assert len(others) >= 15
    assert {path.name: ours & ids_of(path) for path in others if ours & ids_of(path)} == {}


@pytest.mark.parametrize(
    ("prefix", "enum"),
    [
        ("FLAIL_TOOL_MODE", types.ToolMode),
        ("FLAIL_ENGINE_MODE", types.EngineMode),
        ("FLAIL_CONTROLLER_STATE", types.ControllerState),
        ("FLAIL_CONTROLLER_FLAGS", types.ControllerFlag),
        ("FLAIL_FAULT", types.ControllerFault),
        ("FLAIL_DEPTH_DATUM", types.DepthDatum),
        ("FLAIL_OPERATOR_EDGES", types.OperatorEdge),
        ("FLAIL_OBSERVATION_KIND", types.ObservationKind),
        ("FLAIL_OBSERVATION_VERDICT", types.ObservationVerdict),
        ("FLAIL_MODE", Mode),
        ("FLAIL_ROTOR_STATE", RotorState),
    ],
)
def test_numbers_on_the_wire_are_those_of_the_types(prefix: str, enum: type[IntEnum] | type[IntFlag]) -> None:
    wire = {n.removeprefix(prefix + "_"): v for n, v in vars(_dialect).items() if n.startswith(prefix + "_")}
    assert wire == {member.name: member.value for member in enum if member.value or issubclass(enum, IntEnum)}


def test_phases_are_numbered_in_their_order() -> None:
    assert [getattr(_dialect, f"FLAIL_PHASE_{phase.name}") for phase in MissionPhase] == list(range(len(MissionPhase)))


def test_fix_types_are_mavlinks() -> None:
    numbers = {n: v for n, v in vars(_dialect).items() if n.startswith("GPS_FIX_TYPE_")}
    assert numbers["GPS_FIX_TYPE_RTK_FIXED"] == types.FixType.RTK_FIXED
    assert numbers["GPS_FIX_TYPE_RTK_FLOAT"] == types.FixType.RTK_FLOAT


def test_nothing_of_pymavlink_is_loaded_at_run_time() -> None:
    script = (
        "import sys; import firmware_bridge.mavlink.adapters, firmware_bridge.mavlink.codec; "
        "print([m for m in sys.modules if 'pymavlink' in m or 'generate' in m or m == 'lxml'])"
    )
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.long
def test_the_build_hook_makes_the_table(tmp_path: Path) -> None:
    package = tmp_path / "firmware_bridge" / "mavlink"
    package.mkdir(parents=True)
    for name in ("generate.py", "flail.xml"):
        (package / name).write_text((BRIDGE / "mavlink" / name).read_text(encoding="utf-8"), encoding="utf-8")
    hook = DialectHook(str(tmp_path), {}, None, None, str(tmp_path), "wheel")
    hook.initialize("editable", {})
    assert (package / "_dialect.py").read_text(encoding="utf-8") == generate.OUTPUT.read_text(encoding="utf-8")


def test_a_broken_dialect_stops_the_build(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "flail.xml"
    good = generate.DIALECT_XML.read_text(encoding="utf-8")
    broken.write_text(good.replace('id="53001"', 'id="53000"'), encoding="utf-8")
    monkeypatch.setattr(generate, "DIALECT_XML", broken)
    with pytest.raises(RuntimeError, match="mavgen"):
        generate.generate(tmp_path / "_dialect.py")
    assert not (tmp_path / "_dialect.py").exists()


@pytest.mark.long
def test_a_message_that_mavlink_dropped_stops_the_build(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(generate, "MESSAGES", "HEARTBEAT GONE_MISSING")
    with pytest.raises(RuntimeError, match="GONE_MISSING"):
        generate.generate(tmp_path / "_dialect.py")


def imports_of(path: Path) -> set[str]:
    """Modules imported at run time: what stands under TYPE_CHECKING is not."""
    found: set[str] = set()

    class Visitor(ast.NodeVisitor):
        def visit_If(self, node: ast.If) -> None:
            if not (isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
                self.generic_visit(node)

        def visit_Import(self, node: ast.Import) -> None:
            found.update(alias.name for alias in node.names)

        def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
            found.add(node.module or "")
            found.update(f"{node.module}.{alias.name}" for alias in node.names)

    Visitor().visit(ast.parse(path.read_text(encoding="utf-8")))
    return found


def test_nobody_in_the_bridge_can_build_what_moves_the_machine() -> None:
    sources = [path for path in BRIDGE.rglob("*.py") if path.name not in {"command.py", "_dialect.py"}]
    assert len(sources) > 10
    for path in sources:
        names = imports_of(path)
        assert "firmware_bridge.command" not in names, path
        assert not [
            name for name in names if name.split(".")[0] in {"vehicle", "sim", "campaign", "console", "flailpilot"}
        ], path
