"""Generates `_dialect.py` (and C headers for the controller) from flail.xml with pymavlink's mavgen.

It runs in every build, and as `python -m firmware_bridge.mavlink.generate`. It imports nothing of the project, because
the build loads it by path before any package is installed. pymavlink is needed only here, never at run time: its
generated module takes 0.9 s to import, the reduced table a few milliseconds.
"""

import contextlib
import importlib.util
import io
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).resolve().parent
DIALECT_XML = HERE / "flail.xml"
OUTPUT = HERE / "_dialect.py"

# ardupilotmega and development have messages and modes that ground stations request from a rover (EKF status,
# AVAILABLE_MODES); the controller's wire needs flail.xml and what it includes.
ROOTS = ("flail.xml", "ardupilotmega.xml", "development.xml")
CONTROLLER_ROOTS = ("flail.xml",)

# All messages besides FLAIL_*: those that the operator link uses with unmodified ground stations, and those that the
# adapters of other controllers need.
MESSAGES = """
ATTITUDE AUTOPILOT_VERSION AUTOPILOT_VERSION_REQUEST AVAILABLE_MODES AVAILABLE_MODES_MONITOR BATTERY_STATUS
CAMERA_INFORMATION COMMAND_ACK COMMAND_INT COMMAND_LONG CURRENT_MODE
EFI_STATUS EKF_STATUS_REPORT ESTIMATOR_STATUS EXTENDED_SYS_STATE FENCE_STATUS FILE_TRANSFER_PROTOCOL
GLOBAL_POSITION_INT GPS2_RAW GPS_GLOBAL_ORIGIN GPS_RAW_INT GPS_RTCM_DATA HEARTBEAT HOME_POSITION LOCAL_POSITION_NED
LOG_DATA LOG_ENTRY LOG_ERASE LOG_REQUEST_DATA LOG_REQUEST_END LOG_REQUEST_LIST MANUAL_CONTROL MESSAGE_INTERVAL
MISSION_ACK MISSION_CLEAR_ALL MISSION_COUNT MISSION_CURRENT MISSION_ITEM MISSION_ITEM_INT MISSION_ITEM_REACHED
MISSION_REQUEST MISSION_REQUEST_INT MISSION_REQUEST_LIST MISSION_REQUEST_PARTIAL_LIST MISSION_SET_CURRENT
MISSION_WRITE_PARTIAL_LIST NAMED_VALUE_FLOAT NAMED_VALUE_INT NAV_CONTROLLER_OUTPUT PARAM_ERROR PARAM_REQUEST_LIST
PARAM_REQUEST_READ PARAM_SET PARAM_VALUE PING POSITION_TARGET_GLOBAL_INT PROTOCOL_VERSION RADIO_STATUS RC_CHANNELS
RC_CHANNELS_OVERRIDE REQUEST_DATA_STREAM SCALED_PRESSURE SERVO_OUTPUT_RAW SETUP_SIGNING SET_ATTITUDE_TARGET
SET_GPS_GLOBAL_ORIGIN SET_HOME_POSITION SET_MODE SET_POSITION_TARGET_GLOBAL_INT SET_POSITION_TARGET_LOCAL_NED STATUSTEXT
SYSTEM_TIME
SYS_STATUS TIMESYNC VFR_HUD VIBRATION VIDEO_STREAM_INFORMATION WHEEL_DISTANCE
"""

ENUMS = """
FENCE_BREACH FIRMWARE_VERSION_TYPE GPS_FIX_TYPE LIMITS_STATE MAV_ARM_AUTH_DENIED_REASON
MAV_AUTOPILOT MAV_BATTERY_CHARGE_STATE MAV_BATTERY_FUNCTION MAV_BATTERY_TYPE MAV_CMD MAV_COMPONENT MAV_DATA_STREAM
MAV_FRAME MAV_FTP_ERR MAV_FTP_OPCODE MAV_GOTO MAV_LANDED_STATE MAV_MISSION_RESULT MAV_MISSION_TYPE MAV_MODE
MAV_MODE_FLAG MAV_MODE_PROPERTY MAV_PARAM_ERROR MAV_PARAM_TYPE MAV_PROTOCOL_CAPABILITY MAV_RESULT MAV_SEVERITY
MAV_STANDARD_MODE MAV_STATE MAV_SYS_STATUS_SENSOR MAV_TYPE MAV_VTOL_STATE EKF_STATUS_FLAGS POSITION_TARGET_TYPEMASK
ESTIMATOR_STATUS_FLAGS MISSION_STATE ROVER_MODE
"""

# Extension fields of MAVLink's common.xml that the XML in pymavlink does not have yet: ids of the plans that a vehicle
# holds, by which stations see that one has changed. Extensions change neither the start of a message nor its checksum,
# so a receiver that does not know them still reads the other fields.
EXTENSIONS = {
    "MISSION_CURRENT": ("mission_id", "fence_id", "rally_points_id"),
    "MISSION_COUNT": ("opaque_id",),
    "MISSION_ACK": ("opaque_id",),
}


# Messages of MAVLink's common.xml that the XML in pymavlink does not have, as published there.
ADDED = {
    "PROTOCOL_VERSION": """<message id="300" name="PROTOCOL_VERSION">
      <description>Version and capability of protocol version.</description>
      <field type="uint16_t" name="version">Currently active version number * 100.</field>
      <field type="uint16_t" name="min_version">Minimum version supported.</field>
      <field type="uint16_t" name="max_version">Maximum version supported.</field>
      <field type="uint8_t[8]" name="spec_version_hash">First 8 bytes of the git hash.</field>
      <field type="uint8_t[8]" name="library_version_hash">First 8 bytes of the git hash.</field>
    </message>""",
}


def added(xml: str, everything: str) -> str:
    """Return common.xml with the messages of `ADDED` that no XML of the folder (`everything`) has."""
    missing = [message for name, message in ADDED.items() if f'name="{name}"' not in everything]
    return xml.replace("</messages>", "".join(missing) + "</messages>")


def extend(xml: str) -> str:
    """Return a dialect's XML with `EXTENSIONS` at the end of their messages, if they are not there already.

    Raises:
        RuntimeError: A message has no extension fields to which they could be added.
    """
    for message, fields in EXTENSIONS.items():
        found = re.search(rf'<message id="\d+" name="{message}">.*?</message>', xml, re.DOTALL)
        if found is None:
            continue
        if "<extensions/>" not in found[0]:
            raise RuntimeError(f"{message}: has no extension fields; the XML in pymavlink is too old, update pymavlink")
        missing = [f'<field type="uint32_t" name="{name}">Plan id.</field>' for name in fields if name not in found[0]]
        extended = found[0].replace("</message>", "".join(missing) + "</message>")
        xml = xml.replace(found[0], extended)
    return xml


def run_mavgen(folder: Path, language: str = "Python3", roots: tuple[str, ...] = ROOTS) -> Path:
    """Write all XML into `folder` and run mavgen there; return the generated file (Python) or directory (C).

    Raises:
        RuntimeError: mavgen refused the XML; its output is in the message.
    """
    from pymavlink import dialects  # noqa: PLC0415 (only where the build has it)
    from pymavlink.generator import mavgen, mavparse  # noqa: PLC0415

    found = sorted((Path(dialects.__file__).resolve().parent / "v20").glob("*.xml"))
    texts = {xml.name: extend(xml.read_text(encoding="utf-8")) for xml in found}
    texts["common.xml"] = added(texts["common.xml"], "".join(texts.values()))
    for name, words in texts.items():
        (folder / name).write_text(words, encoding="utf-8")
    shutil.copy(DIALECT_XML, folder / DIALECT_XML.name)
    output = folder / ("c_headers" if language == "C" else "generated_dialect.py")
    options = mavgen.Opts(str(output), mavparse.PROTOCOL_2_0, language=language, validate=True)
    spoken = io.StringIO()
    with contextlib.redirect_stdout(spoken), contextlib.redirect_stderr(spoken):
        try:
            done = mavgen.mavgen(options, [str(folder / root) for root in roots])
        except SystemExit as refusal:
            raise RuntimeError(f"mavgen: {refusal}") from refusal
    if not done:
        raise RuntimeError(f"mavgen refused the dialect: {spoken.getvalue()[-2000:]}")
    return output


def load_module(path: Path, name: str = "generated_dialect") -> ModuleType:
    """Import a generated Python dialect by its path.

    Raises:
        RuntimeError: It cannot be loaded.
    """
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise RuntimeError(f"{path}: cannot be loaded as a Python module; generate it again")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _message_rows(module: ModuleType) -> Iterator[str]:
    """Yield a literal per message: id, name, struct format, fields in wire order, kinds, array lengths, crc extra."""
    by_name = {cls.msgname: cls for cls in module.mavlink_map.values()}
    wanted = sorted({*MESSAGES.split(), *(name for name in by_name if name.startswith("FLAIL_"))})
    missing = [name for name in wanted if name not in by_name]
    if missing:
        raise RuntimeError(f"no such message in the installed MAVLink XML: {', '.join(missing)}")
    for cls in sorted((by_name[name] for name in wanted), key=lambda cls: int(cls.id)):
        kind_of = dict(zip(cls.fieldnames, cls.fieldtypes, strict=True))
        names = tuple(cls.ordered_fieldnames)
        kinds = tuple(kind_of[name] for name in names)
        counts = tuple(cls.array_lengths)
        # bytes stay bytes: uint8_t[n] becomes one `ns`, as char[n] already is
        codes = re.findall(r"\d*[a-zA-Z]", cls.unpacker.format)
        codes = [c[:-1] + "s" if k == "uint8_t" and n else c for c, k, n in zip(codes, kinds, counts, strict=True)]
        row = (int(cls.id), str(cls.msgname), "<" + "".join(codes), names, kinds, counts, int(cls.crc_extra))
        yield f"    {row!r},"


def _enum_rows(module: ModuleType) -> Iterator[str]:
    for enum in [*ENUMS.split(), *sorted(name for name in module.enums if name.startswith("FLAIL_"))]:
        for value, entry in sorted(module.enums[enum].items()):
            if not entry.name.endswith("_ENUM_END"):
                yield f"{entry.name} = {value}"


def write_tables(module: ModuleType, path: Path = OUTPUT) -> None:
    """Write the reduced table; unchanged content is not written again, so that imports stay cached."""
    lines = [
        '"""Generated by firmware_bridge/mavlink/generate.py from flail.xml; not for editing."""',
        "",
        "MESSAGES: tuple[tuple[int, str, str, tuple[str, ...], tuple[str, ...], tuple[int, ...], int], ...] = (",
        *_message_rows(module),
        ")",
        "",
        *_enum_rows(module),
    ]
    text = "\n".join(lines) + "\n"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def generate(path: Path = OUTPUT) -> Path:
    """Generate the reduced dialect module; takes about a second."""
    with tempfile.TemporaryDirectory() as folder:
        write_tables(load_module(run_mavgen(Path(folder))), path)
    return path


def generate_c(folder: Path) -> Path:
    """Generate the C headers of the controller's dialect under `folder`; return the include directory."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as staging:
        headers = run_mavgen(Path(staging), "C", CONTROLLER_ROOTS)
        shutil.copytree(headers, folder, dirs_exist_ok=True)
    return folder


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.stdout.write(f"{generate_c(Path(sys.argv[1]))}\n")
    else:
        sys.stdout.write(f"{generate()}\n")
