"""A part's home holds what it needs and no secret of another part; the units hand over just that."""

import re
import shutil
import subprocess
from itertools import permutations
from pathlib import Path

import pytest

from deploy.dev.home import write_database_secrets, write_homes
from services.node.keys import Keyring, make_root
from services.node.settings import PARTS, BadSettings, Home, Part
from services.node.split import split

pytestmark = pytest.mark.enable_socket  # looking for free ports opens sockets

AGENCY = "lpsk"
UNITS = Path(__file__).parents[3] / "deploy" / "systemd"
FOR_ALL = {"keys/storage.key", "nats/node.key"}  # opens stored content; proves to a NATS server that it is this agency
FOR_ONE: dict[Part, set[str]] = {
    "node": {"keys/sealing.key", "keys/checkpoint.seed", "keys/witness.seed", "nats/link.seed"},
    "intake": {"keys/index.key", "nats/intake.seed"},
    "triage": {"nats/triage.seed"},
    "protection": {"nats/protection.seed"},
    "notify": {"nats/notify.seed"},
}
FOR_NONE = ("keys/root.seed", "secrets/pg-rajut_owner", "nats/admin.seed")
PARTNERS = {"nats/komnas-ham.seed", "nats/komnas-perempuan.seed"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A whole home."""
    home = write_homes(tmp_path / "whole")[AGENCY]
    write_database_secrets(home, {f"rajut_{role}": f"secret of {role}" for role in (*PARTS, "owner")})
    make_root(home / "keys", f"{AGENCY}.root.1")
    (home / "directory").mkdir()
    (home / "officers.json").write_text("[]")
    return home


def secret_files(home: Path) -> dict[str, str]:
    """What a home holds in files of its own; name -> content. Links lead to what all may read."""
    files = [path for path in home.rglob("*") if path.is_file() and not path.is_symlink()]
    return {str(path.relative_to(home)): path.read_text() for path in files}


def test_a_part_gets_its_secrets_and_no_other(home: Path, tmp_path: Path) -> None:
    """The list of what each part needs is short, and stands here a second time."""
    given = split(home, tmp_path / "apart")
    for part in PARTS:
        own = {f"keys/{part}.seed", f"secrets/pg-rajut_{part}", *FOR_ONE[part], *(PARTNERS if part == "node" else ())}
        assert set(given[part]) == FOR_ALL | own
        assert secret_files(tmp_path / "apart" / part).keys() == FOR_ALL | own


def test_no_part_can_find_a_secret_of_another(home: Path, tmp_path: Path) -> None:
    """Neither by name nor by content is one part's secret in another's home, and the root and the owner's in none."""
    split(home, tmp_path / "apart")
    held = {part: secret_files(tmp_path / "apart" / part) for part in PARTS}
    whole = secret_files(home)
    for one, other in permutations(PARTS, 2):
        shared = set(held[one].values()) & set(held[other].values())
        assert shared == {whole[name] for name in FOR_ALL}
    for files in held.values():
        assert not {whole[name] for name in FOR_NONE} & set(files.values())


def test_a_part_reads_nothing_else(home: Path, tmp_path: Path) -> None:
    """Settings, keys and broker account of a part come from its own home, without a look at what is not there."""
    split(home, tmp_path / "apart")
    for part in PARTS:
        alone = tmp_path / "apart" / part
        keyring = Keyring(alone, AGENCY, [part])
        assert keyring.signer(part).kid == f"{AGENCY}.{part}.1"
        assert bool(keyring.index) == (part == "intake")
        assert Home(alone).server("link" if part == "node" else part).seed
        for other in set(PARTS) - {part}:
            with pytest.raises(KeyError):
                keyring.signer(other)


def test_secrets_stay_closed_and_directory_and_vault_are_one(home: Path, tmp_path: Path) -> None:
    """Copies are as closed as their originals; a directory version put into the whole home is there for all parts.

    So is the vault: what one part locks there, the others open.
    """
    split(home, tmp_path / "apart")
    (home / "directory" / "2.json").write_text("later")
    for part in PARTS:
        alone = tmp_path / "apart" / part
        assert (alone / "directory" / "2.json").read_text() == "later"
        assert (alone / "vault").resolve() == home / "vault"
        assert not any((alone / name).stat().st_mode & 0o077 for name in secret_files(alone))


@pytest.mark.parametrize("missing", ["keys/triage.seed", "nats/link.seed", "secrets/pg-rajut_notify"])
def test_a_home_that_lacks_something_is_not_split(home: Path, tmp_path: Path, missing: str) -> None:
    """What is missing is named, and nothing is half-written."""
    (home / missing).unlink()
    with pytest.raises(BadSettings, match=f"^{missing[:-5]}.*: missing"):
        split(home, tmp_path / "apart")
    assert not (tmp_path / "apart").exists()


def test_homes_that_are_there_are_never_overwritten(home: Path, tmp_path: Path) -> None:
    """A part that runs keeps its secrets until somebody takes its home away on purpose."""
    split(home, tmp_path / "apart")
    shutil.rmtree(tmp_path / "apart" / "node")
    before = secret_files(tmp_path / "apart")
    with pytest.raises(BadSettings, match="already"):
        split(home, tmp_path / "apart")
    assert secret_files(tmp_path / "apart") == before


def test_the_unit_hands_over_the_folders_of_a_parts_home(home: Path, tmp_path: Path) -> None:
    """Each folder with secrets is a credential of the unit, each part has a user, and systemd can read the unit."""
    split(home, tmp_path / "apart")
    unit = (UNITS / "rajut@.service").read_text()
    folders = {Path(name).parent.name for part in PARTS for name in secret_files(tmp_path / "apart" / part)}
    assert set(re.findall(r"^LoadCredential=(\w+):/etc/rajut/%i/\1$", unit, re.MULTILINE)) == folders
    users = re.findall(r"^u rajut-(\w+) ", (UNITS / "rajut.sysusers.conf").read_text(), re.MULTILINE)
    assert sorted(users) == sorted(PARTS)
    assert "ExecStart=/opt/rajut/.venv/bin/rajut node run /etc/rajut/%i --part %i\n" in unit
    verify(unit, tmp_path)


def verify(unit: str, folder: Path) -> None:
    """Let systemd judge a unit, where there is one."""
    if shutil.which("systemd-analyze"):
        (folder / "rajut@.service").write_text(unit.replace("/opt/rajut/.venv/bin/rajut", "/bin/true"))
        command = ["systemd-analyze", "verify", str(folder / "rajut@.service")]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert (done.returncode, done.stderr) == (0, "")
