"""What a node is told: addresses for the one process or for each part, and where its secrets are read."""

from pathlib import Path

import pytest

from deploy.dev.home import write_database_secrets, write_homes
from services.node.keys import Keyring
from services.node.settings import PARTS, BadSettings, Home, Part

pytestmark = pytest.mark.enable_socket  # looking for free ports opens sockets

AGENCY = "lpsk"
DOORS = '\n[parts.intake]\nhttp = { host = "127.0.0.1", port = 8081 }\nops = { port = 9081 }\n'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home of its own."""
    home = write_homes(tmp_path)[AGENCY]
    write_database_secrets(home, {"rajut_intake": "secret"})
    return home


def say(home: Path, more: str) -> None:
    """Add to node.toml."""
    (home / "node.toml").write_text((home / "node.toml").read_text() + more)


def test_health_is_asked_on_this_machine_unless_told_otherwise(home: Path) -> None:
    """Who says only a port gets a listener that no other machine reaches, for the whole node and for a part."""
    say(home, DOORS)
    for part in (None, "intake"):
        assert Home(home).doors(part).ops.host == "127.0.0.1"
    assert Home(home).doors("intake").http.port == 8081


@pytest.mark.parametrize("part", [part for part in PARTS if part != "intake"])
def test_a_part_without_an_address_is_named(home: Path, part: Part) -> None:
    """Which section is missing is said."""
    say(home, DOORS)
    with pytest.raises(BadSettings, match=f"^node.toml: parts.{part}: missing$"):
        Home(home).doors(part)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (DOORS.replace("8081", "0"), "parts.intake.http.port"),
        (DOORS.replace("9081", '"9081"'), "parts.intake.ops.port"),
        (DOORS.replace("ops", "metrics"), "parts.intake.ops"),
        (DOORS.replace("parts.intake", "parts.police"), "parts.police"),
        (DOORS + 'key = "mine"\n', "parts.intake.key"),
    ],
)
def test_a_wrong_address_is_named_and_not_repeated(home: Path, wrong: str, named: str) -> None:
    """The field stands in the error, what was written there does not."""
    say(home, wrong)
    with pytest.raises(BadSettings, match=f"^node.toml: {named}") as refused:
        Home(home)
    assert not any(value in str(refused.value) for value in ("9081", "mine"))


def test_a_node_must_be_told_where_its_health_is_asked(home: Path) -> None:
    """No listener is opened by default on whatever port."""
    text = (home / "node.toml").read_text()
    (home / "node.toml").write_text(text.replace("[ops]", "[spare]"))
    with pytest.raises(BadSettings, match=r"^node\.toml: ops: missing$"):
        Home(home)


def test_a_missing_secret_is_named(home: Path) -> None:
    """Which file cannot be read is said in the words of the home."""
    with pytest.raises(BadSettings, match=r"^secrets/pg-rajut_triage: missing"):
        Home(home).secret("secrets/pg-rajut_triage")


def test_what_systemd_hands_over_goes_before_the_files_of_the_home(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signing key, password, broker seed and TLS key are read from the credentials; the home need not have them."""
    handed = tmp_path / "credentials"
    handed.mkdir()
    public = Keyring(home, AGENCY, ["intake"]).signer("intake").public
    for name in ("intake.seed", "storage.key", "index.key"):
        (home / "keys" / name).rename(handed / f"keys_{name}")
    (home / "secrets" / "pg-rajut_intake").rename(handed / "secrets_pg-rajut_intake")
    for name in ("intake.seed", "node.key"):
        (home / "nats" / name).rename(handed / f"nats_{name}")
    with pytest.raises(BadSettings):
        Keyring(home, AGENCY, ["intake"])
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(handed))
    assert Keyring(home, AGENCY, ["intake"]).signer("intake").public == public
    assert Home(home).secret("secrets/pg-rajut_intake") == "secret"
    assert Home(home).server("intake").key.parent == handed
    assert Home(home).server("link").seed  # what was not handed over is still read in the home


def test_a_desk_knows_where_its_staff_log_in(home: Path) -> None:
    """Login by OIDC without its section, an issuer in clear elsewhere, or a section that nobody uses is refused."""
    section = '\n[web.oidc]\nissuer = "{}"\nclient = "rajut"\n[web.oidc.roles]\npimpinan = "pimpinan"\n'
    path = home / "node.toml"
    demo = path.read_text()
    oidc, good = demo.replace('"demo"', '"oidc"'), section.format("https://login.lpsk.example")
    for wrong in (oidc, demo + good, oidc + section.format("http://login.lpsk.example")):
        path.write_text(wrong)
        with pytest.raises(BadSettings, match=r"node.toml: web"):
            Home(home)
    path.write_text(oidc + good)
    web = Home(home).settings.web
    assert web
    assert web.oidc
    assert web.oidc.role == ["roles"]
