"""`flailpilot incident RUN`: what was sealed is complete, checks by its list, says who held it, and holds no secret."""

import asyncio
import hashlib
import json
import shutil
from pathlib import Path

import pytest

from flailpilot.drive import seal_to_end, sealer
from flailpilot.run_folder import SEALED
from tests.flailpilot.test_bad_input import flailpilot, refused
from tests.records.test_chain import CONTENT
from tests.runtime.support import config_text, write
from vehicle.operator_link.keystore import KeyStore
from vehicle.runtime.incident_watch import MARK, Sealed, Sealer

SAID = ("--who", "Person F, supervisor", "--reason", "a detonation under the left track")


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Three runs, the last of which is sealed: one of its day, and one of the week before."""
    for name, start, journal in (
        ("old", "2026-04-20T08:00:00Z", False),
        ("morning", "2026-05-04T07:00:00Z", False),
        ("noon", "2026-05-04T12:00:00Z", True),
    ):
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        (folder / "run.json").write_text(json.dumps({"start_utc": start, "end_utc": start}))
        (folder / "run.mcap").write_bytes(b"no recording at all")
        if journal:
            (folder / "ledger.journal").write_bytes(CONTENT)
            (folder / "plan").mkdir()
            (folder / "plan" / "plan.json").write_text("{}")
    return tmp_path / "runs"


def sealed(runs: Path) -> Path:
    (found,) = runs.glob("incident-*")
    return found


def listed(folder: Path) -> dict[str, str]:
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}


def test_everything_is_in_the_list_and_the_list_fits(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "medium").mkdir()
    status, said, _ = flailpilot("incident", runs / "noon", *SAID, "--copy-to", tmp_path / "medium")
    assert status == 0
    assert "read back and found equal" in said
    folder = sealed(runs)
    for held in (folder, tmp_path / "medium" / folder.name):
        files = {path.relative_to(held).as_posix() for path in held.rglob("*") if path.is_file()}
        assert set(listed(held)) == files - {"SHA256SUMS", "custody.txt"}
        for name, digest in listed(held).items():
            assert hashlib.sha256((held / name).read_bytes()).hexdigest() == digest
            assert (held / name).stat().st_mode & 0o222 == 0
    names = set(listed(folder))
    assert {
        "run/run.mcap",
        "run/ledger.journal",
        "run/plan/plan.json",
        "before/morning/run.json",
        "checks.json",
    } <= names
    assert not any(name.startswith("before/old") for name in names)
    assert (folder / "run" / "ledger.journal").read_bytes() == CONTENT
    kinds = [row["type"] for row in json.loads((folder / "checks.json").read_text())]
    assert {"session", "confirm", "revoke", "note"} <= set(kinds)


def test_runs_that_were_left_out_are_not_said_to_be_in_a_seal_that_nobody_made(runs: Path) -> None:
    status, said, _ = flailpilot("incident", runs / "noon", *SAID, "--no-before")
    assert status == 0
    assert "runs of the 24 hours before are not included (--no-before)" in said
    assert not any(name.startswith("before/") for name in listed(sealed(runs)))


def test_custody_says_who_did_what_when_and_about_which_list(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "medium").mkdir()
    flailpilot("incident", runs / "noon", *SAID, "--copy-to", tmp_path / "medium")
    folder = sealed(runs)
    digest = hashlib.sha256((folder / "SHA256SUMS").read_bytes()).hexdigest()
    for held in (folder, tmp_path / "medium" / folder.name):
        lines = (held / "custody.txt").read_text().splitlines()
        assert len(lines) == 2
        assert all("Person F, supervisor" in line and line.endswith(digest) for line in lines)
        assert "a detonation under the left track" in lines[0]
        assert "copied to" in lines[1]


def test_originals_are_read_only_and_nothing_is_added_to_them(runs: Path, tmp_path: Path) -> None:
    flailpilot("incident", runs / "noon", *SAID)
    for name in ("run.mcap", "ledger.journal", "run.json"):
        assert (runs / "noon" / name).stat().st_mode & 0o222 == 0
    (tmp_path / "team.geojson").write_text("{}")
    site = Path(__file__).parents[2] / "configs/sites/small.geojson"
    told = refused("ledger", "follow-up", runs / "noon", tmp_path / "team.geojson", "--site", site)
    assert "was sealed after an incident" in told


def test_names_of_keys_and_no_secret(runs: Path, tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    secret = KeyStore(keys).create("console 1", 7).secret
    (tmp_path / "keys.checks").write_text("checks")
    text = config_text(tmp_path)
    lines = [line for line in text.splitlines() if not line.startswith(("keys_file", "bench"))]
    config = write(tmp_path, 'keys_file = "keys.json"\n' + "\n".join(lines) + "\n")
    status, said, told = flailpilot("incident", runs / "noon", *SAID, "--config", config)
    assert status == 0, said + told
    folder = sealed(runs)
    assert "console 1" in (folder / "configuration" / "key-names.json").read_text()
    assert {"configuration/drive.toml", "configuration/keys.checks"} <= set(listed(folder))
    assert not any(secret.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_bad_input_is_one_line(runs: Path, tmp_path: Path) -> None:
    assert "neither run.mcap nor ledger.journal" in refused("incident", tmp_path, *SAID)
    assert "--who" in refused("incident", runs / "noon", "--who", " ", "--reason", "x")
    assert "--copy-to" in refused("incident", runs / "noon", *SAID, "--copy-to", tmp_path / "nowhere")
    assert not list(runs.glob("incident-*"))
    shutil.rmtree(runs / "noon" / "plan")
    (runs / "noon" / "run.json").write_text("{")
    assert flailpilot("incident", runs / "noon", *SAID)[0] == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"nothing of the kind", "no ledger journal"),
        (b"FLAILJ9\n" + CONTENT[8:], "use the program that wrote it, or a later one"),
        (CONTENT[:-3], "holds the records before that"),
    ],
)
def test_a_journal_that_cannot_be_read_is_sealed_and_told(runs: Path, content: bytes, words: str) -> None:
    (runs / "noon" / "ledger.journal").write_bytes(content)
    status, said, told = flailpilot("incident", runs / "noon", *SAID)
    assert status == 0, told
    assert words in said
    folder = sealed(runs)
    assert (folder / "run" / "ledger.journal").read_bytes() == content
    assert {"run/ledger.journal", "run/run.mcap", "before/morning/run.json"} <= set(listed(folder))
    assert (runs / "noon" / SEALED).exists()


@pytest.mark.parametrize(
    ("name", "content", "held"), [("drive.toml", "vehicle_id = [", True), ("keys.json", '{"keys": "secret"}', False)]
)
def test_a_configuration_that_cannot_be_read_is_told_and_the_rest_is_sealed(
    runs: Path, tmp_path: Path, name: str, content: str, *, held: bool
) -> None:
    (tmp_path / name).write_text(content)
    status, said, told = flailpilot("incident", runs / "noon", *SAID, "--config", tmp_path / name)
    assert status == 0, told
    assert name in said
    assert "copy those files yourself" in said
    assert (f"configuration/{name}" in listed(sealed(runs))) == held


def test_keys_that_cannot_be_read_are_told_and_the_rest_is_sealed(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text("{")
    lines = [line for line in config_text(tmp_path).splitlines() if not line.startswith(("keys_file", "bench"))]
    config = write(tmp_path, 'keys_file = "keys.json"\n' + "\n".join(lines) + "\n")
    status, said, told = flailpilot("incident", runs / "noon", *SAID, "--config", config)
    assert status == 0, told
    assert "names of keys are not included" in said
    assert "configuration/drive.toml" in listed(sealed(runs))


def recording_into(runs: Path, folder: Path, free_min_mb: int = 1) -> Path:
    (folder / "medium").mkdir()
    more = f'\n[recorder]\nfolder = "{runs}"\nfree_min_mb = {free_min_mb}\n\n[incident]\ncopy_to = "medium"\n'
    return write(folder, config_text(folder) + more)


@pytest.mark.real
def test_the_vehicle_program_has_a_run_sealed_by_a_process_of_its_own_and_the_rest_after_the_end(
    runs: Path, tmp_path: Path
) -> None:
    seal = sealer(recording_into(runs, tmp_path), None)
    manifest = runs / "noon" / "run.json"
    manifest.write_text(manifest.read_text().replace('"end_utc": "2026-05-04T12:00:00Z"', '"end_utc": ""'))
    (runs / "noon" / MARK).write_text(json.dumps({"reason": "rolled over", "utc": ""}))

    first = asyncio.run(_asked(seal, runs / "noon"))
    assert first.done, first.line
    assert first.line.startswith("sealed: ")
    folder = sealed(runs)
    assert "vehicle program | sealed" in (folder / "custody.txt").read_text()
    assert "rolled over" in (folder / "custody.txt").read_text()
    assert (tmp_path / "medium" / folder.name / "SHA256SUMS").exists()
    assert (folder / "before" / "morning").is_dir()

    (runs / "noon" / "run.mcap").chmod(0o600)
    (runs / "noon" / "run.mcap").write_bytes(b"no recording at all, and what came after")
    seal_to_end(runs / "noon", seal)
    (rest,) = set(runs.glob("incident-*")) - {folder}
    assert (rest / "run" / "run.mcap").read_bytes().endswith(b"what came after")
    assert not (rest / "before").exists(), "what was sealed once is not copied again"
    assert not (runs / "noon" / MARK).exists()


async def _asked(seal: Sealer, run: Path) -> Sealed:
    return await seal(run, "rolled over")


def test_a_disk_without_room_is_told_before_anything_is_copied(runs: Path) -> None:
    told = refused("incident", runs / "noon", *SAID, "--keep-free", "999999999")
    assert "are free for it; nothing is sealed yet" in told
    assert not list(runs.glob("incident-*"))
    assert not (runs / "noon" / SEALED).exists()
