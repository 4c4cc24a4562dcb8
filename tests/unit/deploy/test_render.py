"""The NATS configuration is the readable template with the agency's names, and nothing is left open in it."""

from dataclasses import replace
from pathlib import Path

import pytest

from deploy.nats.render import ServerPlan, render

PLAN = ServerPlan(
    agency="lpsk",
    listen="0.0.0.0:4222",
    monitor="127.0.0.1:8222",
    folder=Path("/etc/rajut/nats"),
    store=Path("/var/lib/rajut/jetstream"),
    max_file="4GB",
    pins=("aa", "bb"),
    admin="UADMIN",
    link="ULINK",
    api="UAPI",
    systems={"hotline": "UHOT", "registry": "UREG"},
    partners={"komnas-ham": "UHAM", "komnas-perempuan": "UPER"},
    services={"intake": "UINTAKE"},
)


def test_every_name_is_filled_in() -> None:
    """No placeholder and no directive of the template survives in the settings."""
    settings = [line.split(" # ")[0] for line in render(PLAN).splitlines() if not line.startswith("#")]
    assert not [line for line in settings if "<" in line]
    assert "#: " not in render(PLAN)


def test_each_partner_has_an_account_with_its_own_key_only() -> None:
    """A partner's key stands once, in the partner's account, and the account imports nothing of others."""
    text = render(PLAN)
    account = text[text.index("SERVE_komnas-ham {") : text.index("SERVE_komnas-perempuan {")]
    assert text.count("UHAM") == account.count("UHAM") == 1
    assert "komnas-perempuan" not in account


def test_a_fourth_agency_is_a_line_of_data() -> None:
    """A new partner gets the same rights as the others without a change of the template."""
    joined = replace(PLAN, partners={**PLAN.partners, "ombudsman": "UOMB"})
    text, reference = render(joined), render(PLAN)
    assert text.count("ombudsman") == reference.count("komnas-ham")


def test_a_system_asks_and_hears_under_its_own_name() -> None:
    """Each has a user of its own, with one subject and one inbox."""
    *_, user = render(PLAN).partition("UHOT")
    user, *_ = user.partition("nkey")
    assert 'allow: ["rajut.api.hotline"]' in user
    assert 'allow: ["_INBOX_systems.hotline.>"]' in user


@pytest.mark.parametrize("name", ["*", ">", "a.b", "a b", 'a"', ""])
def test_a_name_opens_no_subject_but_its_own(name: str) -> None:
    """A wildcard, a dot or a quote in a name would be rights that nobody meant to give."""
    keys = {name: "U"}
    for plan in (replace(PLAN, systems=keys), replace(PLAN, partners=keys), replace(PLAN, services=keys)):
        with pytest.raises(ValueError, match="no single word"):
            render(plan)


def test_a_path_stays_within_its_quotes() -> None:
    """A folder may be called what its owner likes: it ends no string and begins no setting."""
    text = render(replace(PLAN, store=Path('/srv/a "b" c:\\d\nhttp: "0.0.0.0:1"')))
    assert r'  store_dir: "/srv/a \"b\" c:\\d\nhttp: \"0.0.0.0:1\""' in text.splitlines()


def test_every_pin_is_listed() -> None:
    """Exactly the given certificates may knock."""
    assert 'pinned_certs: ["aa", "bb"]' in render(PLAN)


def test_the_settings_that_keep_messages_are_there() -> None:
    """The defaults that lose or hide data are overridden."""
    text = render(PLAN)
    assert "sync_interval: always" in text
    assert "verify: true" in text
    assert 'ping_interval: "5s"' in text
