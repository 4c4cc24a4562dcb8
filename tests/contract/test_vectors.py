import base64
import json
import subprocess
from pathlib import Path

import pytest

from contracts.errors import Code
from contracts.vectors.generate import VERDICTS, files, kept
from tests.contract.verdicts import FOLDER, KEYS, judge

CASES = sorted(path for verdict in VERDICTS for path in (FOLDER / verdict).iterdir())
# What bytes and directory alone can break; the other codes need what a node already holds, or an officer.
OF_BYTES = {
    Code.SIZE,
    Code.ENCODING,
    Code.JSON,
    Code.CANONICAL,
    Code.HEADER,
    Code.SCHEMA,
    Code.KEY,
    Code.REVOKED,
    Code.SIGNATURE,
    Code.DIRECTORY,
    Code.MECHANISM,
    Code.BLOB,
    Code.WRAP,
    Code.COMMIT,
    Code.BIND,
    Code.GRANT,
    Code.BODY,
}
SPKI_ED25519 = bytes.fromhex("302a300506032b6570032100")  # RFC 8410: what stands before the 32 bytes of the key


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_case_comes_out_as_its_folder_says(case: Path) -> None:
    """Whoever judges these bytes reaches the verdict, the code and the fields that are written beside them."""
    expected = json.loads((case / "expected.json").read_bytes())
    assert judge(case) == expected
    assert ("code" in expected) == (case.parent.name == "reject")
    assert ("id" in expected) <= (case.parent.name == "accept")


def test_every_file_is_what_the_builders_write() -> None:
    """No case can lie in the folder unnoticed, be missing, or differ from what its builder makes of it."""
    by_hand = {path.relative_to(FOLDER).as_posix() for path in FOLDER.glob("*.py")} | {"README.md"}
    present = {
        path.relative_to(FOLDER).as_posix(): path.read_bytes()
        for path in FOLDER.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    generated = files(kept())
    assert present.keys() - by_hand == generated.keys()
    assert [name for name, data in generated.items() if present[name] != data] == []


def test_every_code_that_bytes_can_earn_has_a_case() -> None:
    """No rule of verification is without an example that breaks it, and no example breaks an unlisted rule."""
    codes = {json.loads(path.read_bytes())["code"] for path in FOLDER.glob("reject/*/expected.json")}
    assert codes == set(OF_BYTES)


def test_there_are_cases_for_every_verdict() -> None:
    """The folders are full: a runner that finds nothing to run would pass everything."""
    counts = {verdict: sum(case.parent.name == verdict for case in CASES) for verdict in VERDICTS}
    assert counts["reject"] >= 60
    assert counts["accept"] >= 40
    assert counts["wait"] >= 2


def openssl_takes(jws: bytes, folder: Path) -> bool:
    """Whether openssl verifies a record under the public key that belongs to its published seed."""
    signing_input, _, signature = jws.rpartition(b".")
    kid = json.loads(_plain(signing_input.partition(b".")[0]))["kid"]
    for name, data in {
        "input": signing_input,
        "signature": _plain(signature),
        "key": SPKI_ED25519 + _published_key(kid),
    }.items():
        (folder / name).write_bytes(data)
    command = "openssl pkeyutl -verify -pubin -keyform DER -inkey key -rawin -in input -sigfile signature"
    return subprocess.run(command.split(), cwd=folder, capture_output=True, check=False).returncode == 0


def _plain(text: bytes) -> bytes:
    return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))


def _published_key(kid: str) -> bytes:
    """Of the directory in the folder, read as plain JSON."""
    for name in ("directory.json", "directory-2.json"):
        for agency in json.loads((FOLDER / name).read_bytes())["document"]["agencies"].values():
            for key in agency["keys"]:
                if key["kid"] == kid:
                    return _plain(key["public"].encode())
    raise KeyError(kid)


def test_openssl_takes_every_accepted_record(tmp_path: Path) -> None:
    """A record is checked with a tool that is not ours: every good one verifies."""
    deliveries = [path.read_bytes() for path in FOLDER.glob("accept/*/delivery.bin")]
    assert len(deliveries) >= 25
    for delivery in deliveries:
        assert openssl_takes(delivery.partition(b"\n")[0], tmp_path)


@pytest.mark.parametrize("name", ["signature-plus-order", "signature-of-another-record", "payload-swapped"])
def test_openssl_refuses_bad_signatures(name: str, tmp_path: Path) -> None:
    """The tool that is not ours does not simply say yes."""
    assert not openssl_takes((FOLDER / "reject" / f"record-{name}" / "delivery.bin").read_bytes(), tmp_path)


def test_the_small_order_point_is_why_the_rule_is_pinned(tmp_path: Path) -> None:
    """OpenSSL takes a signature that our rule refuses: the case exists because verifiers differ on it."""
    case = FOLDER / "reject" / "record-signature-point-small-order" / "delivery.bin"
    assert openssl_takes(case.read_bytes(), tmp_path)


def test_the_published_secrets_say_that_they_are_worthless() -> None:
    """Nobody can take the test keys for real ones without having been told."""
    assert "worthless" in KEYS["warning"]
