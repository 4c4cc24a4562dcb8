"""A home holds what its agency needs and nothing that is another's secret."""

import hashlib
import subprocess
import tomllib
from pathlib import Path

import pytest
from cryptography.x509 import DNSName, load_pem_x509_certificate
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from deploy.dev.home import AGENCIES, Ports, write_database_secrets, write_homes
from deploy.dev.pki import Authority

pytestmark = pytest.mark.enable_socket  # looking for free ports opens sockets


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Three homes."""
    return write_homes(tmp_path_factory.mktemp("root"))


def secrets_of(home: Path) -> set[str]:
    return {path.read_text().strip() for pattern in ("*.seed", "*.key") for path in home.rglob(pattern)}


def test_no_secret_is_known_to_two_agencies(homes: dict[str, Path]) -> None:
    """No private key of one agency stands in any file of another."""
    for owner in homes.values():
        for other in homes.values():
            if other is not owner:
                written = "\n".join(path.read_text() for path in other.rglob("*") if path.is_file())
                assert not [secret for secret in secrets_of(owner) if secret in written]


def test_settings_name_both_partners_and_files_that_exist(homes: dict[str, Path]) -> None:
    """Every path in node.toml leads to a file in the home, and every partner's address is that partner's."""
    for name, home in homes.items():
        settings = tomllib.loads((home / "node.toml").read_text())
        assert settings["log"] == f"rajut.example/{name}/1"
        assert {partner["agency"] for partner in settings["partners"]} == set(AGENCIES) - {name}
        for partner in settings["partners"]:
            assert partner["url"] == f"tls://127.0.0.1:{Ports.of(homes[partner['agency']]).nats}"
            assert (home / partner["ca"]).read_bytes() == (homes[partner["agency"]] / "nats" / "ca.pem").read_bytes()
            assert (home / partner["seed"]).exists()
        assert all((home / settings["nats"][name]).exists() for name in ("ca", "certificate", "key"))


def test_a_home_is_never_overwritten(homes: dict[str, Path]) -> None:
    """Keys that exist are not replaced by accident."""
    before = {home: secrets_of(home) for home in homes.values()}
    with pytest.raises(FileExistsError):
        write_homes(homes["lpsk"].parent)
    assert {home: secrets_of(home) for home in homes.values()} == before


def test_database_passwords_are_closed_to_others(homes: dict[str, Path]) -> None:
    """A role's password can be read by the node's user only."""
    write_database_secrets(homes["lpsk"], {"rajut_node": "secret"})
    file = homes["lpsk"] / "secrets" / "pg-rajut_node"
    assert file.read_text() == "secret"
    assert file.stat().st_mode & 0o077 == 0


def test_a_servers_certificate_holds_for_its_name_and_authority_only() -> None:
    """A strict verifier accepts the server under its own name by its own authority, and nothing else."""
    authority = Authority("lpsk")
    leaf = load_pem_x509_certificate(authority.server("nats.lpsk.example").certificate)

    def verify(root: Authority, name: str) -> None:
        store = Store([load_pem_x509_certificate(root.certificate)])
        PolicyBuilder().store(store).build_server_verifier(DNSName(name)).verify(leaf, [])

    verify(authority, "nats.lpsk.example")
    for root, name in ((authority, "nats.komnas-ham.example"), (Authority("lpsk"), "nats.lpsk.example")):
        with pytest.raises(VerificationError):
            verify(root, name)


def test_a_pin_is_what_openssl_computes() -> None:
    """An administrator can check a pin with `openssl x509 -pubkey` and a digest of the DER key."""
    credential = Authority("lpsk").client("node.lpsk.example")
    public = ["openssl", "x509", "-noout", "-pubkey"]
    pem = subprocess.run(public, input=credential.certificate, capture_output=True, check=True).stdout
    to_der = ["openssl", "pkey", "-pubin", "-outform", "DER"]
    der = subprocess.run(to_der, input=pem, capture_output=True, check=True).stdout
    assert credential.pin == hashlib.sha256(der).hexdigest()
