-- What the migrations make of an empty database. Written by deploy.postgres.generate; not to be edited.


CREATE SCHEMA intake;

CREATE SCHEMA log;

CREATE SCHEMA notify;

CREATE SCHEMA protection;

CREATE SCHEMA triage;

CREATE FUNCTION intake.forget(p_case text, p_events bytea[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'intake', 'pg_temp'
    AS $$
begin
    perform pg_advisory_xact_lock(7271);    -- as `lock_persons`: no search is under way that offers this case
    delete from intake.inbox where event_id = any(p_events);
    delete from intake.parked where event_id = any(p_events);
    delete from intake.submission where case_id = p_case and events && p_events;
    if not exists (
        select from log.event e join log.head h using (log)
        where e.case_id = p_case and e.id <> all(p_events) and e.type in (
            'rajut.intake.report.received.v1', case when not h.own then 'rajut.intake.identity.shared.v1' end)) then
        delete from intake.person_key where case_id = p_case;
        delete from intake.duplicate where p_case in (case_id, other_case_id);
    end if;
end $$;

CREATE FUNCTION log.append(p_seq bigint, p_prev bytea, p_id bytea, p_jws bytea, p_hlc text, p_peaks bytea, p_seen_logs text[], p_seen_sizes bigint[], p_type text, p_case text, p_parents bytea, p_audience text[], p_blob bytea, p_key bytea) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'log', 'pg_temp'
    AS $_$
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
end $_$;

CREATE FUNCTION log.erase(p_executed bytea, p_confirmed bytea, p_asked bytea, p_case text, p_events bytea[], p_hashes bytea[], p_kept bytea[], p_keys bytea[], p_vault_key bytea) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'log', 'pg_temp'
    AS $$
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

CREATE FUNCTION log.jws_part(p_jws bytea, p_part integer) RETURNS jsonb
    LANGUAGE sql IMMUTABLE STRICT
    AS $$
    select convert_from(decode(rpad(text, (length(text) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::jsonb
    from translate(split_part(convert_from(p_jws, 'UTF8'), '.', p_part), '-_', '+/') as text
$$;

CREATE TABLE log.head (
    log text NOT NULL,
    own boolean NOT NULL,
    size bigint NOT NULL,
    last bytea NOT NULL,
    hlc text NOT NULL,
    peaks bytea NOT NULL,
    highest bigint NOT NULL
);

CREATE FUNCTION log.lock_own() RETURNS SETOF log.head
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'log', 'pg_temp'
    AS $$
declare
    own log.head;
begin
    select * into strict own from log.head h where h.own for update;
    if exists (select from log.sound_checkpoint c where c.log = own.log and c.size > own.size)
        or exists (select from log.sound_fork f where f.log = own.log and f.seq >= own.size) then
        raise exception 'others hold more of this log than this database' using errcode = 'RJ001';
    end if;
    return query select * from log.head;
end $$;

CREATE FUNCTION log.note_own_root() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'log', 'pg_temp'
    AS $$
begin
    insert into log.root (log, size, root) values (new.log, new.size, log.root_of(new.peaks)) on conflict do nothing;
    return null;
end $$;

CREATE FUNCTION log.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    raise exception 'a record is never changed or deleted' using errcode = 'integrity_constraint_violation';
end $$;

CREATE FUNCTION log.refuse_deletion() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    raise exception 'what was missing stays on record' using errcode = 'integrity_constraint_violation';
end $$;

CREATE FUNCTION log.root_of(p_peaks bytea) RETURNS bytea
    LANGUAGE plpgsql IMMUTABLE STRICT
    AS $$
declare
    root bytea := substring(p_peaks from octet_length(p_peaks) - 31);
begin
    for peak in reverse octet_length(p_peaks) / 32 - 2 .. 0 loop
        root := sha256('\x01'::bytea || substring(p_peaks from peak * 32 + 1 for 32) || root);
    end loop;
    return root;
end $$;

CREATE FUNCTION log.sealed_in(p_message bytea) RETURNS bytea
    LANGUAGE sql IMMUTABLE STRICT
    AS $$
    select case position('\x0a'::bytea in p_message) when 0 then ''::bytea
        else substring(p_message from position('\x0a'::bytea in p_message) + 1169) end
$$;

CREATE FUNCTION notify.forget(p_case text, p_events bytea[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'notify', 'pg_temp'
    AS $$
begin
    delete from notify.inbox where event_id = any(p_events);
    delete from notify.parked where event_id = any(p_events);
    delete from notify.mail where notice in (select id from notify.notice where id = any(p_events) or about = any(p_events));
    delete from notify.notice where id = any(p_events) or about = any(p_events);
    delete from notify.look where case_id = p_case;
end $$;

CREATE FUNCTION protection.forget(p_case text, p_events bytea[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'protection', 'pg_temp'
    AS $$
begin
    delete from protection.inbox where event_id = any(p_events);
    delete from protection.parked where event_id = any(p_events);
    delete from protection.stay where case_id = p_case;
end $$;

CREATE FUNCTION triage.forget(p_case text, p_events bytea[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'triage', 'pg_temp'
    AS $$
begin
    delete from triage.inbox where event_id = any(p_events);
    delete from triage.parked where event_id = any(p_events);
    delete from triage.work_item where source = any(p_events);
end $$;

CREATE TABLE intake.act (
    officer text NOT NULL,
    key text NOT NULL,
    events bytea[] NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE intake.draft (
    id text NOT NULL,
    officer text NOT NULL,
    sealed bytea NOT NULL,
    sent boolean NOT NULL,
    saved_at timestamp with time zone NOT NULL,
    CONSTRAINT draft_id_check CHECK (((length(id) >= 16) AND (length(id) <= 64))),
    CONSTRAINT draft_sealed_check CHECK ((octet_length(sealed) <= (262144 + 64)))
);

CREATE TABLE intake.duplicate (
    case_id text NOT NULL,
    other_case_id text NOT NULL,
    basis text[] NOT NULL,
    suggested_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT duplicate_check CHECK ((case_id < other_case_id))
);

CREATE TABLE intake.inbox (
    event_id bytea NOT NULL,
    handled_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE intake.parked (
    event_id bytea NOT NULL,
    type text NOT NULL,
    reason text NOT NULL,
    attempts integer NOT NULL,
    parked_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE intake.person_key (
    key bytea NOT NULL,
    case_id text NOT NULL,
    kind text NOT NULL,
    CONSTRAINT person_key_kind_check CHECK ((kind = ANY (ARRAY['person'::text, 'contact'::text])))
);

CREATE TABLE intake.submission (
    key bytea NOT NULL,
    body bytea NOT NULL,
    case_id text NOT NULL,
    events bytea[] NOT NULL,
    received_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE log.access (
    id bytea NOT NULL,
    cases text[] NOT NULL
);

CREATE TABLE log.admission (
    only_row boolean DEFAULT true NOT NULL,
    CONSTRAINT admission_only_row_check CHECK (only_row)
);

CREATE TABLE log.checkpoint (
    log text NOT NULL,
    size bigint NOT NULL,
    root bytea NOT NULL,
    line bytea NOT NULL,
    agrees boolean,
    received_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE log.content (
    id bytea NOT NULL,
    blob bytea NOT NULL,
    key bytea NOT NULL
);

CREATE TABLE log.cosignature (
    log text NOT NULL,
    size bigint NOT NULL,
    root bytea NOT NULL,
    agency text NOT NULL,
    at bigint NOT NULL,
    line bytea NOT NULL
);

CREATE TABLE log.dispute (
    log text NOT NULL,
    size bigint NOT NULL,
    root bytea NOT NULL,
    by_log text NOT NULL,
    by_seq bigint NOT NULL,
    found_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE log.erased (
    id bytea NOT NULL,
    executed bytea NOT NULL,
    held boolean NOT NULL
);

CREATE TABLE log.erasure (
    executed bytea NOT NULL,
    confirmed bytea NOT NULL,
    asked bytea NOT NULL,
    case_id text NOT NULL,
    vault_key bytea NOT NULL,
    erased_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE log.event (
    id bytea NOT NULL,
    log text NOT NULL,
    seq bigint NOT NULL,
    case_id text,
    type text NOT NULL,
    hlc text NOT NULL,
    parents bytea NOT NULL,
    audience text[] NOT NULL,
    state text NOT NULL,
    admitted_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT event_state_check CHECK ((state = ANY (ARRAY['applied'::text, 'waiting'::text, 'refused'::text])))
);

CREATE TABLE log.evidence (
    digest bytea NOT NULL,
    log text NOT NULL,
    size bigint NOT NULL,
    proof bytea NOT NULL,
    found_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE log.fork (
    log text NOT NULL,
    seq bigint NOT NULL,
    id bytea NOT NULL,
    jws bytea NOT NULL,
    found_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE log.gap (
    log text NOT NULL,
    from_seq bigint NOT NULL,
    to_seq bigint NOT NULL,
    opened_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    closed_at timestamp with time zone,
    kind text NOT NULL,
    id bytea DEFAULT '\x'::bytea NOT NULL,
    CONSTRAINT gap_kind_check CHECK ((kind = ANY (ARRAY['SEQUENCE'::text, 'PARENT'::text, 'SILENCE'::text])))
);

CREATE TABLE log.link (
    partner text NOT NULL,
    stream_created text NOT NULL,
    stream_seq bigint NOT NULL
);

CREATE TABLE log.unreadable (
    id bytea NOT NULL,
    log text NOT NULL,
    seq bigint NOT NULL,
    since timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    next_try timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    found_at timestamp with time zone
);

CREATE VIEW log.missing AS
 SELECT gap.kind,
    gap.log,
    gap.from_seq,
    gap.to_seq,
    gap.id,
    gap.opened_at,
    gap.closed_at
   FROM log.gap
UNION ALL
 SELECT 'CONTENT'::text AS kind,
    unreadable.log,
    unreadable.seq AS from_seq,
    unreadable.seq AS to_seq,
    unreadable.id,
    unreadable.since AS opened_at,
    unreadable.found_at AS closed_at
   FROM log.unreadable;

CREATE TABLE log.pointer (
    "position" bigint NOT NULL,
    id bytea NOT NULL,
    type text NOT NULL,
    case_id text
);

ALTER TABLE log.pointer ALTER COLUMN "position" ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME log.pointer_position_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE log.quarantine (
    digest bytea NOT NULL,
    source text NOT NULL,
    log text NOT NULL,
    seq bigint NOT NULL,
    code text NOT NULL,
    bytes bytea NOT NULL,
    received_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    answered_at timestamp with time zone
);

CREATE TABLE log.record (
    log text NOT NULL,
    seq bigint NOT NULL,
    id bytea NOT NULL,
    jws bytea NOT NULL,
    received_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE log.root (
    log text NOT NULL,
    size bigint NOT NULL,
    root bytea NOT NULL
);

CREATE TABLE log.seen (
    log text NOT NULL,
    by_log text NOT NULL,
    size bigint NOT NULL,
    by_seq bigint NOT NULL,
    hlc text NOT NULL,
    root bytea
);

CREATE TABLE log.session (
    secret bytea NOT NULL,
    officer text NOT NULL,
    role text NOT NULL,
    email text NOT NULL,
    begun_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    hint text DEFAULT ''::text NOT NULL,
    CONSTRAINT session_secret_check CHECK ((octet_length(secret) = 32))
);

CREATE TABLE log.void (
    digest bytea NOT NULL,
    found_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE VIEW log.sound_checkpoint AS
 SELECT log,
    size,
    root,
    line,
    agrees,
    received_at
   FROM log.checkpoint c
  WHERE (NOT (EXISTS ( SELECT
           FROM log.void v
          WHERE (v.digest = sha256(c.line)))));

CREATE VIEW log.sound_cosignature AS
 SELECT log,
    size,
    root,
    agency,
    at,
    line
   FROM log.cosignature s
  WHERE (NOT (EXISTS ( SELECT
           FROM log.void v
          WHERE (v.digest = sha256(s.line)))));

CREATE VIEW log.sound_evidence AS
 SELECT digest,
    log,
    size,
    proof,
    found_at
   FROM log.evidence e
  WHERE (NOT (EXISTS ( SELECT
           FROM log.void v
          WHERE (v.digest = e.digest))));

CREATE VIEW log.sound_fork AS
 SELECT log,
    seq,
    id,
    jws,
    found_at
   FROM log.fork f
  WHERE (NOT (EXISTS ( SELECT
           FROM log.void v
          WHERE (v.digest = f.id))));

CREATE TABLE log.staff (
    officer text NOT NULL,
    issuer text NOT NULL,
    subject text NOT NULL,
    bound_at timestamp with time zone NOT NULL,
    CONSTRAINT staff_subject_check CHECK (((octet_length(subject) >= 1) AND (octet_length(subject) <= 255)))
);

CREATE TABLE log.waiting (
    id bytea NOT NULL,
    parent bytea NOT NULL,
    until timestamp with time zone
);

CREATE TABLE notify.alarm (
    matter text CONSTRAINT alarm_log_not_null NOT NULL,
    officer text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_at timestamp with time zone NOT NULL,
    sent_at timestamp with time zone,
    kind text NOT NULL
);

CREATE TABLE notify.inbox (
    event_id bytea NOT NULL,
    handled_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE notify.look (
    case_id text NOT NULL,
    look_at timestamp with time zone NOT NULL,
    pressing boolean DEFAULT true NOT NULL
);

CREATE TABLE notify.mail (
    notice bytea NOT NULL,
    officer text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_at timestamp with time zone NOT NULL,
    sent_at timestamp with time zone
);

CREATE TABLE notify.notice (
    id bytea NOT NULL,
    about bytea NOT NULL,
    case_id text NOT NULL,
    step integer NOT NULL,
    role text NOT NULL,
    level text NOT NULL,
    respond_by timestamp with time zone NOT NULL,
    acknowledged_at timestamp with time zone,
    acknowledged_by text,
    escalated_at timestamp with time zone
);

CREATE TABLE notify.parked (
    event_id bytea NOT NULL,
    type text NOT NULL,
    reason text NOT NULL,
    attempts integer NOT NULL,
    parked_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE protection.act (
    officer text NOT NULL,
    key text NOT NULL,
    events bytea[] NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE protection.inbox (
    event_id bytea NOT NULL,
    handled_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE protection.parked (
    event_id bytea NOT NULL,
    type text NOT NULL,
    reason text NOT NULL,
    attempts integer NOT NULL,
    parked_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE protection.stay (
    case_id text NOT NULL,
    look_at timestamp with time zone NOT NULL
);

CREATE TABLE public.migration (
    part text NOT NULL,
    number integer NOT NULL,
    name text NOT NULL,
    checksum bytea NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE triage.act (
    officer text NOT NULL,
    key text NOT NULL,
    events bytea[] NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE triage.inbox (
    event_id bytea NOT NULL,
    handled_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE triage.parked (
    event_id bytea NOT NULL,
    type text NOT NULL,
    reason text NOT NULL,
    attempts integer NOT NULL,
    parked_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE triage.work_item (
    id bigint NOT NULL,
    source bytea NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    case_id text NOT NULL,
    due_at timestamp with time zone NOT NULL,
    done_at timestamp with time zone,
    done_by text,
    CONSTRAINT work_item_check CHECK (((done_at IS NULL) = (done_by IS NULL)))
);

ALTER TABLE triage.work_item ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME triage.work_item_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE ONLY intake.act
    ADD CONSTRAINT act_pkey PRIMARY KEY (officer, key);

ALTER TABLE ONLY intake.draft
    ADD CONSTRAINT draft_pkey PRIMARY KEY (id);

ALTER TABLE ONLY intake.duplicate
    ADD CONSTRAINT duplicate_pkey PRIMARY KEY (case_id, other_case_id);

ALTER TABLE ONLY intake.inbox
    ADD CONSTRAINT inbox_pkey PRIMARY KEY (event_id);

ALTER TABLE ONLY intake.parked
    ADD CONSTRAINT parked_pkey PRIMARY KEY (event_id);

ALTER TABLE ONLY intake.person_key
    ADD CONSTRAINT person_key_pkey PRIMARY KEY (key, case_id);

ALTER TABLE ONLY intake.submission
    ADD CONSTRAINT submission_pkey PRIMARY KEY (key);

ALTER TABLE ONLY log.access
    ADD CONSTRAINT access_pkey PRIMARY KEY (id);

ALTER TABLE ONLY log.admission
    ADD CONSTRAINT admission_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY log.checkpoint
    ADD CONSTRAINT checkpoint_pkey PRIMARY KEY (log, size, root);

ALTER TABLE ONLY log.content
    ADD CONSTRAINT content_pkey PRIMARY KEY (id);

ALTER TABLE ONLY log.cosignature
    ADD CONSTRAINT cosignature_pkey PRIMARY KEY (log, agency, size, root);

ALTER TABLE ONLY log.dispute
    ADD CONSTRAINT dispute_pkey PRIMARY KEY (by_log, by_seq, log);

ALTER TABLE ONLY log.erased
    ADD CONSTRAINT erased_pkey PRIMARY KEY (id);

ALTER TABLE ONLY log.erasure
    ADD CONSTRAINT erasure_pkey PRIMARY KEY (executed);

ALTER TABLE ONLY log.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (id);

ALTER TABLE ONLY log.evidence
    ADD CONSTRAINT evidence_pkey PRIMARY KEY (digest);

ALTER TABLE ONLY log.fork
    ADD CONSTRAINT fork_pkey PRIMARY KEY (log, seq, id);

ALTER TABLE ONLY log.gap
    ADD CONSTRAINT gap_pkey PRIMARY KEY (kind, log, from_seq, id, opened_at);

ALTER TABLE ONLY log.head
    ADD CONSTRAINT head_pkey PRIMARY KEY (log);

ALTER TABLE ONLY log.link
    ADD CONSTRAINT link_pkey PRIMARY KEY (partner);

ALTER TABLE ONLY log.pointer
    ADD CONSTRAINT pointer_pkey PRIMARY KEY ("position");

ALTER TABLE ONLY log.quarantine
    ADD CONSTRAINT quarantine_pkey PRIMARY KEY (digest);

ALTER TABLE ONLY log.record
    ADD CONSTRAINT record_id_key UNIQUE (id);

ALTER TABLE ONLY log.record
    ADD CONSTRAINT record_pkey PRIMARY KEY (log, seq);

ALTER TABLE ONLY log.root
    ADD CONSTRAINT root_pkey PRIMARY KEY (log, size);

ALTER TABLE ONLY log.seen
    ADD CONSTRAINT seen_pkey PRIMARY KEY (log, by_log, size);

ALTER TABLE ONLY log.session
    ADD CONSTRAINT session_pkey PRIMARY KEY (secret);

ALTER TABLE ONLY log.staff
    ADD CONSTRAINT staff_issuer_subject_key UNIQUE (issuer, subject);

ALTER TABLE ONLY log.staff
    ADD CONSTRAINT staff_pkey PRIMARY KEY (officer);

ALTER TABLE ONLY log.unreadable
    ADD CONSTRAINT unreadable_pkey PRIMARY KEY (id);

ALTER TABLE ONLY log.void
    ADD CONSTRAINT void_pkey PRIMARY KEY (digest);

ALTER TABLE ONLY log.waiting
    ADD CONSTRAINT waiting_pkey PRIMARY KEY (id, parent);

ALTER TABLE ONLY notify.alarm
    ADD CONSTRAINT alarm_pkey PRIMARY KEY (kind, matter, officer);

ALTER TABLE ONLY notify.inbox
    ADD CONSTRAINT inbox_pkey PRIMARY KEY (event_id);

ALTER TABLE ONLY notify.look
    ADD CONSTRAINT look_pkey PRIMARY KEY (case_id);

ALTER TABLE ONLY notify.mail
    ADD CONSTRAINT mail_pkey PRIMARY KEY (notice, officer);

ALTER TABLE ONLY notify.notice
    ADD CONSTRAINT notice_about_step_key UNIQUE (about, step);

ALTER TABLE ONLY notify.notice
    ADD CONSTRAINT notice_pkey PRIMARY KEY (id);

ALTER TABLE ONLY notify.parked
    ADD CONSTRAINT parked_pkey PRIMARY KEY (event_id);

ALTER TABLE ONLY protection.act
    ADD CONSTRAINT act_pkey PRIMARY KEY (officer, key);

ALTER TABLE ONLY protection.inbox
    ADD CONSTRAINT inbox_pkey PRIMARY KEY (event_id);

ALTER TABLE ONLY protection.parked
    ADD CONSTRAINT parked_pkey PRIMARY KEY (event_id);

ALTER TABLE ONLY protection.stay
    ADD CONSTRAINT stay_pkey PRIMARY KEY (case_id);

ALTER TABLE ONLY public.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (part, number);

ALTER TABLE ONLY triage.act
    ADD CONSTRAINT act_pkey PRIMARY KEY (officer, key);

ALTER TABLE ONLY triage.inbox
    ADD CONSTRAINT inbox_pkey PRIMARY KEY (event_id);

ALTER TABLE ONLY triage.parked
    ADD CONSTRAINT parked_pkey PRIMARY KEY (event_id);

ALTER TABLE ONLY triage.work_item
    ADD CONSTRAINT work_item_pkey PRIMARY KEY (id);

ALTER TABLE ONLY triage.work_item
    ADD CONSTRAINT work_item_source_kind_subject_key UNIQUE (source, kind, subject);

CREATE INDEX draft_saved ON intake.draft USING btree (saved_at);

CREATE INDEX duplicate_other ON intake.duplicate USING btree (other_case_id);

CREATE INDEX access_cases ON log.access USING gin (cases);

CREATE INDEX checkpoint_false ON log.checkpoint USING btree (log, size) WHERE (NOT agrees);

CREATE INDEX checkpoint_open ON log.checkpoint USING btree (log, size) WHERE (agrees IS NULL);

CREATE INDEX erased_absent ON log.erased USING btree (id) WHERE (NOT held);

CREATE INDEX erased_executed ON log.erased USING btree (executed);

CREATE INDEX erasure_order ON log.erasure USING btree (confirmed);

CREATE INDEX event_admitted ON log.event USING btree (admitted_at);

CREATE INDEX event_case ON log.event USING btree (case_id) WHERE (case_id IS NOT NULL);

CREATE INDEX event_closure ON log.event USING btree (case_id) WHERE (type = 'rajut.protection.closure.proposed.v1'::text);

CREATE INDEX event_date ON log.event USING btree (log, seq) WHERE (type = ANY (ARRAY['rajut.notify.date.kept.v1'::text, 'rajut.notify.date.missed.v1'::text]));

CREATE INDEX event_mechanism ON log.event USING btree (id) WHERE (type = 'rajut.node.mechanism.adopted.v1'::text);

CREATE INDEX event_order ON log.event USING btree (id) WHERE (type = 'rajut.node.erasure.confirmed.v1'::text);

CREATE INDEX event_recusal ON log.event USING btree (case_id) WHERE (type = 'rajut.triage.officer.recused.v1'::text);

CREATE INDEX evidence_log ON log.evidence USING btree (log, size);

CREATE INDEX gap_log ON log.gap USING btree (log, opened_at);

CREATE UNIQUE INDEX gap_open ON log.gap USING btree (kind, log, id) WHERE (closed_at IS NULL);

CREATE UNIQUE INDEX head_own ON log.head USING btree (own) WHERE own;

CREATE INDEX quarantine_source ON log.quarantine USING btree (source, received_at);

CREATE INDEX session_seen ON log.session USING btree (seen_at);

CREATE INDEX unreadable_log ON log.unreadable USING btree (log, since);

CREATE INDEX unreadable_open ON log.unreadable USING btree (log, seq) WHERE (found_at IS NULL);

CREATE INDEX waiting_parent ON log.waiting USING btree (parent);

CREATE INDEX alarm_waiting ON notify.alarm USING btree (next_at) WHERE (sent_at IS NULL);

CREATE INDEX look_next ON notify.look USING btree (pressing DESC, look_at);

CREATE INDEX mail_waiting ON notify.mail USING btree (next_at) WHERE (sent_at IS NULL);

CREATE INDEX notice_about ON notify.notice USING btree (about, step);

CREATE INDEX notice_of_case ON notify.notice USING btree (case_id);

CREATE INDEX notice_open ON notify.notice USING btree (respond_by) WHERE (acknowledged_at IS NULL);

CREATE INDEX stay_next ON protection.stay USING btree (look_at);

CREATE INDEX work_item_of_case ON triage.work_item USING btree (case_id);

CREATE INDEX work_item_open ON triage.work_item USING btree (due_at, id) WHERE (done_at IS NULL);

CREATE TRIGGER access_immutable BEFORE DELETE OR UPDATE OR TRUNCATE ON log.access FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();

CREATE TRIGGER evidence_immutable BEFORE DELETE OR UPDATE OR TRUNCATE ON log.evidence FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();

CREATE TRIGGER fork_immutable BEFORE DELETE OR UPDATE OR TRUNCATE ON log.fork FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();

CREATE TRIGGER gap_kept BEFORE DELETE OR TRUNCATE ON log.gap FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_deletion();

CREATE TRIGGER own_root AFTER UPDATE OF size ON log.head FOR EACH ROW WHEN ((new.own AND (new.size > old.size))) EXECUTE FUNCTION log.note_own_root();

CREATE TRIGGER record_immutable BEFORE DELETE OR UPDATE OR TRUNCATE ON log.record FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();

ALTER TABLE ONLY log.access
    ADD CONSTRAINT access_id_fkey FOREIGN KEY (id) REFERENCES log.event(id);

ALTER TABLE ONLY log.cosignature
    ADD CONSTRAINT cosignature_log_size_root_fkey FOREIGN KEY (log, size, root) REFERENCES log.checkpoint(log, size, root);

ALTER TABLE ONLY log.erased
    ADD CONSTRAINT erased_executed_fkey FOREIGN KEY (executed) REFERENCES log.erasure(executed);

ALTER TABLE ONLY log.waiting
    ADD CONSTRAINT waiting_id_fkey FOREIGN KEY (id) REFERENCES log.event(id);

ALTER TABLE ONLY notify.mail
    ADD CONSTRAINT mail_notice_fkey FOREIGN KEY (notice) REFERENCES notify.notice(id);

GRANT USAGE ON SCHEMA intake TO rajut_intake;
GRANT USAGE ON SCHEMA intake TO rajut_node;

GRANT USAGE ON SCHEMA log TO rajut_node;
GRANT USAGE ON SCHEMA log TO rajut_intake;
GRANT USAGE ON SCHEMA log TO rajut_triage;
GRANT USAGE ON SCHEMA log TO rajut_protection;
GRANT USAGE ON SCHEMA log TO rajut_notify;

GRANT USAGE ON SCHEMA notify TO rajut_notify;
GRANT USAGE ON SCHEMA notify TO rajut_node;

GRANT USAGE ON SCHEMA protection TO rajut_protection;
GRANT USAGE ON SCHEMA protection TO rajut_node;

GRANT USAGE ON SCHEMA triage TO rajut_triage;
GRANT USAGE ON SCHEMA triage TO rajut_node;

REVOKE ALL ON FUNCTION intake.forget(p_case text, p_events bytea[]) FROM PUBLIC;
GRANT ALL ON FUNCTION intake.forget(p_case text, p_events bytea[]) TO rajut_node;

REVOKE ALL ON FUNCTION log.append(p_seq bigint, p_prev bytea, p_id bytea, p_jws bytea, p_hlc text, p_peaks bytea, p_seen_logs text[], p_seen_sizes bigint[], p_type text, p_case text, p_parents bytea, p_audience text[], p_blob bytea, p_key bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION log.append(p_seq bigint, p_prev bytea, p_id bytea, p_jws bytea, p_hlc text, p_peaks bytea, p_seen_logs text[], p_seen_sizes bigint[], p_type text, p_case text, p_parents bytea, p_audience text[], p_blob bytea, p_key bytea) TO rajut_node;
GRANT ALL ON FUNCTION log.append(p_seq bigint, p_prev bytea, p_id bytea, p_jws bytea, p_hlc text, p_peaks bytea, p_seen_logs text[], p_seen_sizes bigint[], p_type text, p_case text, p_parents bytea, p_audience text[], p_blob bytea, p_key bytea) TO rajut_intake;
GRANT ALL ON FUNCTION log.append(p_seq bigint, p_prev bytea, p_id bytea, p_jws bytea, p_hlc text, p_peaks bytea, p_seen_logs text[], p_seen_sizes bigint[], p_type text, p_case text, p_parents bytea, p_audience text[], p_blob bytea, p_key bytea) TO rajut_triage;
GRANT ALL ON FUNCTION log.append(p_seq bigint, p_prev bytea, p_id bytea, p_jws bytea, p_hlc text, p_peaks bytea, p_seen_logs text[], p_seen_sizes bigint[], p_type text, p_case text, p_parents bytea, p_audience text[], p_blob bytea, p_key bytea) TO rajut_protection;
GRANT ALL ON FUNCTION log.append(p_seq bigint, p_prev bytea, p_id bytea, p_jws bytea, p_hlc text, p_peaks bytea, p_seen_logs text[], p_seen_sizes bigint[], p_type text, p_case text, p_parents bytea, p_audience text[], p_blob bytea, p_key bytea) TO rajut_notify;

REVOKE ALL ON FUNCTION log.erase(p_executed bytea, p_confirmed bytea, p_asked bytea, p_case text, p_events bytea[], p_hashes bytea[], p_kept bytea[], p_keys bytea[], p_vault_key bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION log.erase(p_executed bytea, p_confirmed bytea, p_asked bytea, p_case text, p_events bytea[], p_hashes bytea[], p_kept bytea[], p_keys bytea[], p_vault_key bytea) TO rajut_node;

REVOKE ALL ON FUNCTION log.jws_part(p_jws bytea, p_part integer) FROM PUBLIC;

GRANT SELECT,INSERT,UPDATE ON TABLE log.head TO rajut_node;
GRANT SELECT ON TABLE log.head TO rajut_intake;
GRANT SELECT ON TABLE log.head TO rajut_triage;
GRANT SELECT ON TABLE log.head TO rajut_protection;
GRANT SELECT ON TABLE log.head TO rajut_notify;

REVOKE ALL ON FUNCTION log.lock_own() FROM PUBLIC;
GRANT ALL ON FUNCTION log.lock_own() TO rajut_node;
GRANT ALL ON FUNCTION log.lock_own() TO rajut_intake;
GRANT ALL ON FUNCTION log.lock_own() TO rajut_triage;
GRANT ALL ON FUNCTION log.lock_own() TO rajut_protection;
GRANT ALL ON FUNCTION log.lock_own() TO rajut_notify;

REVOKE ALL ON FUNCTION log.note_own_root() FROM PUBLIC;

REVOKE ALL ON FUNCTION log.refuse_change() FROM PUBLIC;

REVOKE ALL ON FUNCTION log.refuse_deletion() FROM PUBLIC;

REVOKE ALL ON FUNCTION log.root_of(p_peaks bytea) FROM PUBLIC;

REVOKE ALL ON FUNCTION log.sealed_in(p_message bytea) FROM PUBLIC;

REVOKE ALL ON FUNCTION notify.forget(p_case text, p_events bytea[]) FROM PUBLIC;
GRANT ALL ON FUNCTION notify.forget(p_case text, p_events bytea[]) TO rajut_node;

REVOKE ALL ON FUNCTION protection.forget(p_case text, p_events bytea[]) FROM PUBLIC;
GRANT ALL ON FUNCTION protection.forget(p_case text, p_events bytea[]) TO rajut_node;

REVOKE ALL ON FUNCTION triage.forget(p_case text, p_events bytea[]) FROM PUBLIC;
GRANT ALL ON FUNCTION triage.forget(p_case text, p_events bytea[]) TO rajut_node;

GRANT SELECT,INSERT ON TABLE intake.act TO rajut_intake;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE intake.draft TO rajut_intake;

GRANT SELECT,INSERT,DELETE ON TABLE intake.duplicate TO rajut_intake;

GRANT SELECT,INSERT ON TABLE intake.inbox TO rajut_intake;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE intake.parked TO rajut_intake;

GRANT SELECT,INSERT,DELETE ON TABLE intake.person_key TO rajut_intake;

GRANT SELECT,INSERT ON TABLE intake.submission TO rajut_intake;

GRANT SELECT,INSERT ON TABLE log.access TO rajut_node;
GRANT SELECT,INSERT ON TABLE log.access TO rajut_intake;
GRANT SELECT,INSERT ON TABLE log.access TO rajut_triage;
GRANT SELECT,INSERT ON TABLE log.access TO rajut_protection;
GRANT SELECT,INSERT ON TABLE log.access TO rajut_notify;

GRANT SELECT,UPDATE ON TABLE log.admission TO rajut_node;

GRANT SELECT,INSERT ON TABLE log.checkpoint TO rajut_node;
GRANT SELECT ON TABLE log.checkpoint TO rajut_intake;
GRANT SELECT ON TABLE log.checkpoint TO rajut_triage;
GRANT SELECT ON TABLE log.checkpoint TO rajut_protection;
GRANT SELECT ON TABLE log.checkpoint TO rajut_notify;

GRANT UPDATE(line) ON TABLE log.checkpoint TO rajut_node;

GRANT UPDATE(agrees) ON TABLE log.checkpoint TO rajut_node;

GRANT SELECT,INSERT ON TABLE log.content TO rajut_node;
GRANT SELECT ON TABLE log.content TO rajut_intake;
GRANT SELECT ON TABLE log.content TO rajut_triage;
GRANT SELECT ON TABLE log.content TO rajut_protection;
GRANT SELECT ON TABLE log.content TO rajut_notify;

GRANT SELECT,INSERT ON TABLE log.cosignature TO rajut_node;
GRANT SELECT ON TABLE log.cosignature TO rajut_intake;
GRANT SELECT ON TABLE log.cosignature TO rajut_triage;
GRANT SELECT ON TABLE log.cosignature TO rajut_protection;
GRANT SELECT ON TABLE log.cosignature TO rajut_notify;

GRANT UPDATE(at) ON TABLE log.cosignature TO rajut_node;

GRANT UPDATE(line) ON TABLE log.cosignature TO rajut_node;

GRANT SELECT,INSERT ON TABLE log.dispute TO rajut_node;
GRANT SELECT ON TABLE log.dispute TO rajut_intake;
GRANT SELECT ON TABLE log.dispute TO rajut_triage;
GRANT SELECT ON TABLE log.dispute TO rajut_protection;
GRANT SELECT ON TABLE log.dispute TO rajut_notify;

GRANT SELECT ON TABLE log.erased TO rajut_node;
GRANT SELECT ON TABLE log.erased TO rajut_intake;
GRANT SELECT ON TABLE log.erased TO rajut_triage;
GRANT SELECT ON TABLE log.erased TO rajut_protection;
GRANT SELECT ON TABLE log.erased TO rajut_notify;

GRANT SELECT ON TABLE log.erasure TO rajut_node;
GRANT SELECT ON TABLE log.erasure TO rajut_intake;
GRANT SELECT ON TABLE log.erasure TO rajut_triage;
GRANT SELECT ON TABLE log.erasure TO rajut_protection;
GRANT SELECT ON TABLE log.erasure TO rajut_notify;

GRANT SELECT,INSERT ON TABLE log.event TO rajut_node;
GRANT SELECT ON TABLE log.event TO rajut_intake;
GRANT SELECT ON TABLE log.event TO rajut_triage;
GRANT SELECT ON TABLE log.event TO rajut_protection;
GRANT SELECT ON TABLE log.event TO rajut_notify;

GRANT UPDATE(state) ON TABLE log.event TO rajut_node;

GRANT UPDATE(admitted_at) ON TABLE log.event TO rajut_node;

GRANT SELECT,INSERT ON TABLE log.evidence TO rajut_node;
GRANT SELECT ON TABLE log.evidence TO rajut_intake;
GRANT SELECT ON TABLE log.evidence TO rajut_triage;
GRANT SELECT ON TABLE log.evidence TO rajut_protection;
GRANT SELECT ON TABLE log.evidence TO rajut_notify;

GRANT SELECT,INSERT ON TABLE log.fork TO rajut_node;
GRANT SELECT ON TABLE log.fork TO rajut_intake;
GRANT SELECT ON TABLE log.fork TO rajut_triage;
GRANT SELECT ON TABLE log.fork TO rajut_protection;
GRANT SELECT ON TABLE log.fork TO rajut_notify;

GRANT SELECT,INSERT ON TABLE log.gap TO rajut_node;
GRANT SELECT ON TABLE log.gap TO rajut_intake;
GRANT SELECT ON TABLE log.gap TO rajut_triage;
GRANT SELECT ON TABLE log.gap TO rajut_protection;
GRANT SELECT ON TABLE log.gap TO rajut_notify;

GRANT UPDATE(to_seq) ON TABLE log.gap TO rajut_node;

GRANT UPDATE(closed_at) ON TABLE log.gap TO rajut_node;

GRANT SELECT,INSERT,UPDATE ON TABLE log.link TO rajut_node;

GRANT SELECT,INSERT,UPDATE ON TABLE log.unreadable TO rajut_node;
GRANT SELECT ON TABLE log.unreadable TO rajut_intake;
GRANT SELECT ON TABLE log.unreadable TO rajut_triage;
GRANT SELECT ON TABLE log.unreadable TO rajut_protection;
GRANT SELECT ON TABLE log.unreadable TO rajut_notify;

GRANT SELECT ON TABLE log.missing TO rajut_node;
GRANT SELECT ON TABLE log.missing TO rajut_intake;
GRANT SELECT ON TABLE log.missing TO rajut_triage;
GRANT SELECT ON TABLE log.missing TO rajut_protection;
GRANT SELECT ON TABLE log.missing TO rajut_notify;

GRANT SELECT,INSERT,DELETE ON TABLE log.pointer TO rajut_node;

GRANT SELECT,INSERT ON TABLE log.quarantine TO rajut_node;
GRANT SELECT ON TABLE log.quarantine TO rajut_intake;
GRANT SELECT ON TABLE log.quarantine TO rajut_triage;
GRANT SELECT ON TABLE log.quarantine TO rajut_protection;
GRANT SELECT ON TABLE log.quarantine TO rajut_notify;

GRANT UPDATE(answered_at) ON TABLE log.quarantine TO rajut_node;

GRANT SELECT,INSERT ON TABLE log.record TO rajut_node;
GRANT SELECT ON TABLE log.record TO rajut_intake;
GRANT SELECT ON TABLE log.record TO rajut_triage;
GRANT SELECT ON TABLE log.record TO rajut_protection;
GRANT SELECT ON TABLE log.record TO rajut_notify;

GRANT SELECT,INSERT ON TABLE log.root TO rajut_node;
GRANT SELECT ON TABLE log.root TO rajut_intake;
GRANT SELECT ON TABLE log.root TO rajut_triage;
GRANT SELECT ON TABLE log.root TO rajut_protection;
GRANT SELECT ON TABLE log.root TO rajut_notify;

GRANT SELECT,INSERT ON TABLE log.seen TO rajut_node;
GRANT SELECT ON TABLE log.seen TO rajut_intake;
GRANT SELECT ON TABLE log.seen TO rajut_triage;
GRANT SELECT ON TABLE log.seen TO rajut_protection;
GRANT SELECT ON TABLE log.seen TO rajut_notify;

GRANT SELECT,INSERT,DELETE ON TABLE log.session TO rajut_node;

GRANT UPDATE(seen_at) ON TABLE log.session TO rajut_node;

GRANT SELECT,INSERT ON TABLE log.void TO rajut_node;
GRANT SELECT ON TABLE log.void TO rajut_intake;
GRANT SELECT ON TABLE log.void TO rajut_triage;
GRANT SELECT ON TABLE log.void TO rajut_protection;
GRANT SELECT ON TABLE log.void TO rajut_notify;

GRANT SELECT ON TABLE log.sound_checkpoint TO rajut_node;
GRANT SELECT ON TABLE log.sound_checkpoint TO rajut_intake;
GRANT SELECT ON TABLE log.sound_checkpoint TO rajut_triage;
GRANT SELECT ON TABLE log.sound_checkpoint TO rajut_protection;
GRANT SELECT ON TABLE log.sound_checkpoint TO rajut_notify;

GRANT SELECT ON TABLE log.sound_cosignature TO rajut_node;
GRANT SELECT ON TABLE log.sound_cosignature TO rajut_intake;
GRANT SELECT ON TABLE log.sound_cosignature TO rajut_triage;
GRANT SELECT ON TABLE log.sound_cosignature TO rajut_protection;
GRANT SELECT ON TABLE log.sound_cosignature TO rajut_notify;

GRANT SELECT ON TABLE log.sound_evidence TO rajut_node;
GRANT SELECT ON TABLE log.sound_evidence TO rajut_intake;
GRANT SELECT ON TABLE log.sound_evidence TO rajut_triage;
GRANT SELECT ON TABLE log.sound_evidence TO rajut_protection;
GRANT SELECT ON TABLE log.sound_evidence TO rajut_notify;

GRANT SELECT ON TABLE log.sound_fork TO rajut_node;
GRANT SELECT ON TABLE log.sound_fork TO rajut_intake;
GRANT SELECT ON TABLE log.sound_fork TO rajut_triage;
GRANT SELECT ON TABLE log.sound_fork TO rajut_protection;
GRANT SELECT ON TABLE log.sound_fork TO rajut_notify;

GRANT SELECT,INSERT ON TABLE log.staff TO rajut_node;

GRANT SELECT,INSERT,DELETE ON TABLE log.waiting TO rajut_node;
GRANT SELECT ON TABLE log.waiting TO rajut_intake;
GRANT SELECT ON TABLE log.waiting TO rajut_triage;
GRANT SELECT ON TABLE log.waiting TO rajut_protection;
GRANT SELECT ON TABLE log.waiting TO rajut_notify;

GRANT SELECT,INSERT,UPDATE ON TABLE notify.alarm TO rajut_notify;

GRANT SELECT,INSERT ON TABLE notify.inbox TO rajut_notify;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE notify.look TO rajut_notify;

GRANT SELECT,INSERT,UPDATE ON TABLE notify.mail TO rajut_notify;

GRANT SELECT,INSERT,UPDATE ON TABLE notify.notice TO rajut_notify;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE notify.parked TO rajut_notify;

GRANT SELECT,INSERT ON TABLE protection.act TO rajut_protection;

GRANT SELECT,INSERT ON TABLE protection.inbox TO rajut_protection;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE protection.parked TO rajut_protection;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE protection.stay TO rajut_protection;

GRANT SELECT ON TABLE public.migration TO rajut_node;
GRANT SELECT ON TABLE public.migration TO rajut_intake;
GRANT SELECT ON TABLE public.migration TO rajut_triage;
GRANT SELECT ON TABLE public.migration TO rajut_protection;
GRANT SELECT ON TABLE public.migration TO rajut_notify;

GRANT SELECT,INSERT ON TABLE triage.act TO rajut_triage;

GRANT SELECT,INSERT ON TABLE triage.inbox TO rajut_triage;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE triage.parked TO rajut_triage;

GRANT SELECT,INSERT,DELETE ON TABLE triage.work_item TO rajut_triage;

GRANT UPDATE(due_at) ON TABLE triage.work_item TO rajut_triage;

GRANT UPDATE(done_at) ON TABLE triage.work_item TO rajut_triage;

GRANT UPDATE(done_by) ON TABLE triage.work_item TO rajut_triage;
