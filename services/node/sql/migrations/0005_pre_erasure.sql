-- What orders have destroyed here: so content that is gone on purpose is told from content that is missing.

-- One row for every time that this node carried out an order.
create table log.erasure (
    executed bytea primary key,     -- our own signed word that we did
    confirmed bytea not null,       -- the event that made it an order
    asked bytea not null,
    case_id text not null,
    vault_key bytea not null,       -- what is left of the case is locked under this key; the ones before it are destroyed
    erased_at timestamptz not null default clock_timestamp()
);
create index erasure_order on log.erasure (confirmed);

-- The events that an order names, of records that we hold and that are of its case.
create table log.erased (
    id bytea primary key,
    executed bytea not null references log.erasure,
    held boolean not null           -- whether we had the content; if not, it is not to come back either
);
create index erased_executed on log.erased (executed);
create index erased_absent on log.erased (id) where not held;

-- Orders are looked for again and again.
create index event_order on log.event (id) where type = 'rajut.node.erasure.confirmed.v1';

-- Destroy what an order names, lock the rest of the case anew (`p_kept`, `p_keys`), and note that we did. `p_hashes`
-- are of the sealed contents, to find them in quarantine.
-- Nobody has the right to delete content but through this function, which asks for the order and our own word.
create function log.erase(
    p_executed bytea, p_confirmed bytea, p_asked bytea, p_case text, p_events bytea[], p_hashes bytea[],
    p_kept bytea[], p_keys bytea[], p_vault_key bytea
) returns void language plpgsql security definer set search_path = log, pg_temp as $$
begin
    if not exists (
            select from log.event e join log.head h on h.log = e.log and h.own
            where e.id = p_executed and e.case_id = p_case and e.type = 'rajut.node.erasure.executed.v1')
        or not exists (
            select from log.event where id = p_confirmed and case_id = p_case and state = 'applied'
                and type = 'rajut.node.erasure.confirmed.v1')
        or exists (
            select from log.event where id = any(p_events) and (case_id <> p_case or type like 'rajut.node.erasure.%')) then
        raise exception 'no order for this' using errcode = 'insufficient_privilege';
    end if;
    insert into log.erasure (executed, confirmed, asked, case_id, vault_key)
        values (p_executed, p_confirmed, p_asked, p_case, p_vault_key);
    insert into log.erased as known (id, executed, held)
        select id, p_executed, exists (select from log.content c where c.id = named.id)
        from unnest(p_events) as named (id)
        on conflict (id) do update set executed = excluded.executed, held = true where excluded.held;
    delete from log.content where id = any(p_events);
    update log.content c set key = new.key from unnest(p_kept, p_keys) as new (id, key) where c.id = new.id;
    update log.event set type = '' where id = any(p_events);
    delete from log.pointer where id = any(p_events);
    update log.unreadable set found_at = clock_timestamp() where id = any(p_events) and found_at is null;
    update log.quarantine set bytes = '' where sha256(log.sealed_in(bytes)) = any(p_hashes);
end $$;

-- The sealed content in a delivery: what follows the record, the line feed and the wrapped key.
create function log.sealed_in(p_message bytea) returns bytea language sql immutable strict as $$
    select case position('\x0a'::bytea in p_message) when 0 then ''::bytea
        else substring(p_message from position('\x0a'::bytea in p_message) + 1169) end
$$;

revoke all on all functions in schema log from public;
grant execute on function log.erase to rajut_node;
grant select on log.erasure, log.erased to rajut_node, rajut_intake, rajut_triage, rajut_protection, rajut_notify;
