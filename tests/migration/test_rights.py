"""What each database role may do: a service that was taken over can neither rewrite the log nor speak for another."""

from collections.abc import Iterator
from itertools import permutations

import pytest

from deploy.dev.errors import RunnerError
from deploy.dev.postgres import OWNER, SERVICE_ROLES
from tests.conftest import Database

SERVICES = tuple(role for role in SERVICE_ROLES if role != "rajut_node")
DENIED = "permission denied"
REWRITES = ("update log.record set jws = jws", "delete from log.record", "truncate log.record")
SECRETS = {"intake": "person_key", "triage": "work_item", "protection": "parked", "notify": "notice"}
INSERTS = (
    "insert into log.record (log, seq, id, jws) values ('l', 0, '', '')",
    "insert into log.event (id, log, seq, type, hlc, parents, audience) values ('', '', 0, '', '', '', '{}')",
    "insert into log.content (id, blob, key) values ('', '', '')",
    "insert into log.pointer (id, type) values ('', 't')",
    "insert into log.head (log, own, size, last, hlc, peaks, highest) values ('l', true, 0, '', '', '', 0)",
    "update log.head set size = 0",
    "update log.event set state = 'refused'",
    "delete from log.content",
    "delete from log.pointer",
    "delete from log.waiting",
    "insert into log.seen (log, by_log, size, by_seq, hlc) values ('l', 'm', 0, 0, '')",
    "update log.quarantine set answered_at = null",
)
# A record whose header and payload are empty objects, its clock, and no peaks or seen logs.
EMPTY = "'e30.e30.', '1795312488123.0000', '', '{{}}', '{{}}'"
APPEND = f"select log.append(0, '\\x00', '\\x01', {EMPTY}, {{type}}, 'c', '', '{{{{}}}}', '', '')"


@pytest.fixture
def opened(migrated: Database) -> Iterator[Database]:
    """The database of a node whose own log is open and empty."""
    migrated.sql(
        "insert into log.head values ('rajut.example/lpsk/1', true, 0, '\\x00', '0000000000000.0000', '', 0);",
        "rajut_node",
    )
    yield migrated
    migrated.sql("delete from log.head;", OWNER)


@pytest.mark.parametrize("statement", REWRITES)
@pytest.mark.parametrize("role", SERVICE_ROLES)
def test_no_role_rewrites_the_log(migrated: Database, role: str, statement: str) -> None:
    """A record that is written stays: no process of a node has the right to change or delete one."""
    with pytest.raises(RunnerError, match=DENIED):
        migrated.sql(statement, role)


@pytest.mark.parametrize("table", ["record", "fork"])
@pytest.mark.parametrize("statement", ["update log.{} set jws = jws", "delete from log.{}", "truncate log.{}"])
def test_even_the_owner_is_stopped(migrated: Database, table: str, statement: str) -> None:
    """A slip in an owner's session does not cost a record, nor the evidence of a fork."""
    with pytest.raises(RunnerError, match="never changed or deleted"):
        migrated.sql(statement.format(table), OWNER)


@pytest.mark.parametrize("role", SERVICE_ROLES)
def test_what_was_missing_stays_on_record(migrated: Database, role: str) -> None:
    """A gap that was noticed is closed with its time; no process can make it look as if it never was."""
    for statement in ("delete from log.gap", "delete from log.unreadable", "update log.gap set opened_at = closed_at"):
        with pytest.raises(RunnerError, match=DENIED):
            migrated.sql(statement, role)
    with pytest.raises(RunnerError, match="stays on record"):
        migrated.sql("delete from log.gap", OWNER)
    assert migrated.sql("select count(*) from log.missing", role) == "0"


@pytest.mark.parametrize("statement", INSERTS)
def test_services_write_to_the_log_by_appending_only(migrated: Database, statement: str) -> None:
    """There is no way around `log.append` for a service: not a record, not a head, not a pointer."""
    for role in SERVICES:
        with pytest.raises(RunnerError, match=DENIED):
            migrated.sql(statement, role)


@pytest.mark.parametrize("role", SERVICE_ROLES)
def test_a_role_appends_events_of_its_own_family_only(opened: Database, role: str) -> None:
    """Intake faces the internet: its database role cannot write an emergency decision, nor a heartbeat."""
    family = role.removeprefix("rajut_")
    foreign = [f"'rajut.{name}.thing.done.v1'" for name in ("node", *SECRETS) if name != family]
    for type_ in [*foreign, *(["null"] if family != "node" else [])]:
        with pytest.raises(RunnerError, match="own family only"):
            opened.sql(APPEND.format(type=type_), role)


@pytest.mark.parametrize("role", SERVICE_ROLES)
def test_a_record_is_appended_at_the_end_only(opened: Database, role: str) -> None:
    """Neither a gap nor a second record for one place can be written, whoever asks."""
    own = f"'rajut.{role.removeprefix('rajut_')}.thing.done.v1'"
    for place in ("append(1, '\\x00'", "append(0, '\\x02'"):
        with pytest.raises(RunnerError, match="not the next record"):
            opened.sql(APPEND.format(type=own).replace("append(0, '\\x00'", place), role)


@pytest.mark.parametrize("role", SERVICE_ROLES)
def test_a_record_is_filed_as_what_it_says(opened: Database, role: str) -> None:
    """A service cannot file one record under the place, clock or id of another."""
    own = f"'rajut.{role.removeprefix('rajut_')}.thing.done.v1'"
    with pytest.raises(RunnerError, match="not what it is filed as"):
        opened.sql(APPEND.format(type=own), role)


@pytest.mark.parametrize(("service", "other"), list(permutations(SECRETS, 2)))
def test_services_do_not_read_each_other(migrated: Database, service: str, other: str) -> None:
    """What intake knows of people, or notify of officers, no other service can look up."""
    with pytest.raises(RunnerError, match=DENIED):
        migrated.sql(f"table {other}.{SECRETS[other]}", f"rajut_{service}")


def test_no_process_gives_a_pseudonym_to_another_person(migrated: Database) -> None:
    """Services do not see who is who at the login server; the node writes it down once and changes nothing of it."""
    for role in SERVICES:
        with pytest.raises(RunnerError, match=DENIED):
            migrated.sql("table log.staff", role)
    for statement in ("delete from log.staff", "update log.staff set subject = 'x'", "truncate log.staff"):
        with pytest.raises(RunnerError, match=DENIED):
            migrated.sql(statement, "rajut_node")


@pytest.mark.parametrize("role", SERVICE_ROLES)
def test_the_ledger_of_migrations_is_out_of_reach(migrated: Database, role: str) -> None:
    """No service can make a step look applied."""
    with pytest.raises(RunnerError, match=DENIED):
        migrated.sql("delete from public.migration", role)


@pytest.mark.parametrize("role", SERVICE_ROLES)
def test_what_is_refused_is_refused_by_right(opened: Database, role: str) -> None:
    """The same roles can do their work: read the log, and take the pen."""
    assert opened.sql("select count(*) from log.record", role) == "0"
    assert opened.sql("select log from log.lock_own()", role) == "rajut.example/lpsk/1"
