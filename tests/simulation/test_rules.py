"""Each rule by which others are judged matters: whoever drops it is had by a liar or by the courier, and is noticed."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from contracts import content, delivery, evidence, note, signing, state
from contracts.directory import Chain
from contracts.hlc import Hlc
from contracts.record import Record
from contracts.workflow import emergency, lead
from contracts.workflow.rule import Claim
from services.node import admission
from tests.simulation import arithmetic
from tests.simulation.liar import Liar
from tests.simulation.lost import Lost
from tests.simulation.seeds import first_broken
from tests.simulation.world import World


@pytest.fixture(autouse=True)
def nothing_is_remembered() -> Iterator[None]:
    """What is worked out under broken rules is nobody else's."""
    arithmetic.forget()
    yield
    arithmetic.forget()


def nothing(*_: object, **__: object) -> None:
    """No objection, no hole."""


def no(*_: object) -> bool:
    return False


def yes(*_: object) -> bool:
    return True


def one(*_: object) -> int:
    return 1


def not_older(record: Record, _last: bytes, version: int, hlc: Hlc) -> bool:
    return record.dir >= version and record.hlc > hlc


def linked(record: Record, last: bytes, version: int, _hlc: Hlc) -> bool:
    return record.prev == last and record.dir >= version


def revoked(chain: Chain, kid: str, _record: Record) -> bool:
    return kid in chain._revoked


def first(_slot: str, standing: tuple[Claim, ...], *_: object) -> str:
    return standing[0].value if standing else ""


@pytest.mark.parametrize(
    ("owner", "rule", "broken", "world", "promises"),
    [
        (admission, "follows", not_older, Liar, {"chain"}),
        (admission, "follows", linked, Liar, {"time"}),
        (signing, "crypto_sign_open", nothing, Lost, {"prefix"}),
        (Chain, "check_range", nothing, Liar, {"prefix"}),
        (Chain, "check_grant", nothing, Lost, {"rogue"}),
        (Chain, "is_void", no, Liar, {"convicted", "prefix"}),
        (Chain, "is_void", revoked, Lost, {"dropped"}),
        (admission, "_kept_out", no, Liar, {"prefix"}),
        (admission, "_built_upon", no, partial(Liar, forks=False), {"lost"}),
        (admission, "_hole", nothing, Lost, {"gap"}),
        (delivery, "check_blob", nothing, Liar, {"content"}),
        (delivery, "check_case", nothing, Lost, {"rogue"}),
        (content, "_bind", nothing, Lost, {"rogue"}),
        (note, "verify", nothing, Liar, {"cosigned", "forked"}),
        (evidence, "_denies", yes, Liar, {"convicted"}),
        (evidence, "check_consistency", nothing, Liar, {"convicted"}),
        (emergency, "may_vote", yes, Lost, {"leaders"}),
        (lead, "signatures_needed", one, Lost, {"lead"}),
        (state, "in_force", first, Lost, {"protection"}),
    ],
)
def test_a_rule_that_is_dropped_is_missed(
    monkeypatch: pytest.MonkeyPatch,
    owner: object,
    rule: str,
    broken: Callable[..., object],
    world: Callable[[int], World],
    promises: set[str],
) -> None:
    """Without one of the rules a node takes, holds, tells or signs what it must not, within forty seeds."""
    monkeypatch.setattr(owner, rule, broken)
    assert first_broken(world).split(":")[0] in promises
