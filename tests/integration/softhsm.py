"""SoftHSM for the tests: a PKCS#11 token in files.

The system's is used if there is one, or the one that `RAJUT_SOFTHSM` names. Else Debian's packages are fetched and
unpacked beside the virtual environment, which needs neither root nor an installed package: apt checks the archive's
signatures as always, with lists of its own.
"""

import getpass
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

LABEL, PIN = "rajut-test", "4242"
_PACKAGES = ("libsofthsm2", "softhsm2")
_HELP = "no SoftHSM: install softhsm2, or set RAJUT_SOFTHSM to the prefix of one (the folder above bin and lib)"


class SoftHsm(NamedTuple):
    """An installation."""

    module: Path
    util: Path


class Token(NamedTuple):
    """A token with its user PIN; programs that shall find it need `environment`."""

    hsm: SoftHsm
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        return {"SOFTHSM2_CONF": str(self.folder / "softhsm2.conf")}

    def uri(self, key: str) -> str:
        """Where this token holds a key pair of this label, or shall."""
        members = f"module-path={self.hsm.module}&pin-source=file:{self.folder / 'pin'}"
        return f"pkcs11:token={LABEL};object={key}?{members}"


def token(folder: Path) -> Token:
    """A new token in this folder."""
    hsm = find()
    (folder / "tokens").mkdir(parents=True)
    (folder / "pin").write_text(PIN)
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    made = Token(hsm, folder)
    options = ["--free", "--label", LABEL, "--pin", PIN, "--so-pin", PIN, "--module", str(hsm.module)]
    environment = {**os.environ, **made.environment}
    subprocess.run([hsm.util, "--init-token", *options], env=environment, check=True, capture_output=True)
    return made


def find() -> SoftHsm:
    """The installation to use; RuntimeError if there is none and none can be fetched."""
    given = os.environ.get("RAJUT_SOFTHSM")
    fetched = Path(sys.prefix) / "softhsm" / "usr"
    for prefix in (Path(given),) if given else (Path("/usr"), Path("/usr/local"), fetched):
        for module in _modules(prefix):
            if (prefix / "bin" / "softhsm2-util").exists():
                return SoftHsm(module, prefix / "bin" / "softhsm2-util")
    if given or fetched.exists() or not shutil.which("apt-get"):
        raise RuntimeError(_HELP)
    fetch(fetched.parent)
    return find()


def _modules(prefix: Path) -> Iterator[Path]:
    for lib in ("lib", "lib/*", "lib64"):
        yield from prefix.glob(f"{lib}/softhsm/libsofthsm2.so")


def fetch(folder: Path) -> None:
    """Download and unpack the packages; RuntimeError if Debian's archive cannot be reached."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        for part in ("lists/partial", "cache/archives/partial", "root"):
            (work / part).mkdir(parents=True)
        settings = {
            "Dir::State::Lists": work / "lists",
            "Dir::Cache": work / "cache",
            "APT::Sandbox::User": getpass.getuser(),
            "Debug::NoLocking": 1,
        }
        options = [f"-o{name}={value}" for name, value in settings.items()]
        try:
            for command in (["update"], ["download", *_PACKAGES]):
                subprocess.run(["apt-get", "-q", *options, *command], cwd=work, check=True, capture_output=True)
            for package in work.glob("*.deb"):
                subprocess.run(["dpkg-deb", "-x", package, work / "root"], check=True, capture_output=True)
        except subprocess.CalledProcessError:
            raise RuntimeError(_HELP) from None
        shutil.move(work / "root", folder)
