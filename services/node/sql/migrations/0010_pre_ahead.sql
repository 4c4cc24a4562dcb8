-- A clock that runs ahead is no mistake of the record's: whoever wants to write waits until it is put right, and so the
-- refusal is now one of its own. Nothing else of the function differs from 0001.
create or replace function log.append(
    p_seq bigint, p_prev bytea, p_id bytea, p_jws bytea, p_hlc text, p_peaks bytea, p_seen_logs text[],
    p_seen_sizes bigint[], p_type text, p_case text, p_parents bytea, p_audience text[], p_blob bytea, p_key bytea
) returns void language plpgsql security definer set search_path = log, pg_temp as $$
declare
    own log.head;
    family text := replace(session_user, 'rajut_', '');
    signed jsonb := log.jws_part(p_jws, 2);
    claimed_ms bigint := split_part(p_hlc, '.', 1)::bigint;
begin
    select * into strict own from log.head h where h.own for update;
    if own.size <> p_seq or own.last <> p_prev then
        raise exception 'not the next record' using errcode = 'serialization_failure';
    end if;
    if coalesce(split_part(p_type, '.', 2), 'node') <> family then
        raise exception 'a service appends events of its own family only' using errcode = 'insufficient_privilege';
    end if;
    if (signed ->> 'log', (signed ->> 'seq')::bigint, signed ->> 'hlc', signed -> 'to', signed ->> 'prev')
        is distinct from (own.log, p_seq, p_hlc, to_jsonb(p_audience),
                          translate(rtrim(encode(p_prev, 'base64'), '='), '+/', '-_'))
        or p_id <> sha256('rajut/id/v1'::bytea || '\x00'::bytea || substring(p_jws for octet_length(p_jws) - 87))
        or log.jws_part(p_jws, 1) ->> 'kid' not like split_part(own.log, '/', 2) || '.' || family || '.%'
        or p_hlc !~ '^[0-9]{13}[.][0-9]{4}$' or p_hlc <= own.hlc then
        raise exception 'the record is not what it is filed as' using errcode = 'check_violation';
    end if;
    if claimed_ms > extract(epoch from clock_timestamp()) * 1000 + 300000 then
        raise exception 'the clock of this process is ahead' using errcode = 'object_not_in_prerequisite_state';
    end if;
    insert into log.record (log, seq, id, jws) values (own.log, p_seq, p_id, p_jws);
    update log.head h set size = p_seq + 1, last = p_id, hlc = p_hlc, peaks = p_peaks, highest = p_seq + 1 where h.log = own.log;
    insert into log.seen (log, by_log, size, by_seq, hlc)
        select heard.log, own.log, heard.size, p_seq, p_hlc from unnest(p_seen_logs, p_seen_sizes) as heard (log, size)
        on conflict do nothing;
    if p_type is not null then
        insert into log.event (id, log, seq, case_id, type, hlc, parents, audience, state)
            values (p_id, own.log, p_seq, p_case, p_type, p_hlc, p_parents, p_audience, 'applied');
        insert into log.content (id, blob, key) values (p_id, p_blob, p_key);
        insert into log.pointer (id, type, case_id) values (p_id, p_type, p_case);
    end if;
    perform pg_notify('log_appended', '');
end $$;
