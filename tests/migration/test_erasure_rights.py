"""Content can be deleted by one function alone, by the node's role alone, and only where an order is in the log."""

from collections.abc import Iterator

import pytest

from deploy.dev.errors import RunnerError
from tests.conftest import Database

ROLES = ("rajut_node", "rajut_intake", "rajut_triage", "rajut_protection", "rajut_notify")
EVENTS = """
    insert into log.head values ('a/own/1', true, 0, '', '0', '', 0), ('a/other/1', false, 0, '', '0', '', 0);
    insert into log.event (id, log, seq, case_id, type, hlc, parents, audience, state) values
        ('executed', 'a/own/1', 3, 'one', 'rajut.node.erasure.executed.v1', '', '', '{}', 'applied'),
        ('confirmed', 'a/other/1', 2, 'one', 'rajut.node.erasure.confirmed.v1', '', '', '{}', 'applied'),
        ('pending', 'a/other/1', 3, 'one', 'rajut.node.erasure.confirmed.v1', '', '', '{}', 'waiting'),
        ('foreign', 'a/other/1', 4, 'one', 'rajut.node.erasure.executed.v1', '', '', '{}', 'applied'),
        ('named', 'a/other/1', 0, 'one', 'rajut.intake.case.opened.v1', '', '', '{}', 'applied'),
        ('another', 'a/other/1', 1, 'two', 'rajut.intake.case.opened.v1', '', '', '{}', 'applied');
    insert into log.content (id, blob, key)
        select id, 'b', 'k' from unnest('{named,another,executed}'::bytea[]) as id;"""


def erase(executed: str = "executed", confirmed: str = "confirmed", case: str = "one", named: str = "named") -> str:
    """A call of the function."""
    nothing = ", ".join(["'{}'"] * 3)
    return f"select log.erase('{executed}', '{confirmed}', 'asked', '{case}', array['{named}'::bytea], {nothing}, 'k')"


@pytest.mark.parametrize("role", ROLES)
def test_no_role_deletes_or_changes_content_by_itself(migrated: Database, role: str) -> None:
    """Not even the node's own: what is gone without an order must have been a superuser's doing."""
    for statement in ("delete from log.content", "update log.content set key = ''", "delete from log.erased"):
        with pytest.raises(RunnerError, match="permission denied"):
            migrated.sql(statement, role)


@pytest.mark.parametrize("role", ROLES[1:])
def test_no_service_erases(migrated: Database, role: str) -> None:
    """A service that was taken over cannot call for an erasure, nor make another service forget."""
    for statement in (erase(), "select notify.forget('one', '{}')", "select intake.forget('one', '{}')"):
        with pytest.raises(RunnerError, match="permission denied"):
            migrated.sql(statement, role)


@pytest.fixture
def held(migrated: Database) -> Iterator[Database]:
    """A database with an order, what it names, and what it does not."""
    fresh = migrated.postgres.fresh_database(migrated.name)
    fresh.sql(EVENTS, "rajut_owner")
    yield fresh
    fresh.drop()


def test_nothing_is_erased_without_an_order(held: Database) -> None:
    """The order is applied, the word is our own, both are of the case, and so is everything that is named."""
    for call in (
        erase(executed="confirmed"),
        erase(executed="foreign"),
        erase(confirmed="pending"),
        erase(confirmed="named"),
        erase(case="two"),
        erase(named="another"),
        erase(named="confirmed"),
    ):
        with pytest.raises(RunnerError, match="no order for this"):
            held.sql(call, "rajut_node")
    held.sql(erase(), "rajut_node")
    assert held.sql("select convert_from(id, 'UTF8') from log.content order by id", "rajut_node").split() == [
        "another",
        "executed",
    ]
    left = held.sql("select type, case_id from log.event where id = 'named'", "rajut_node")
    assert left.strip() == "|one"
