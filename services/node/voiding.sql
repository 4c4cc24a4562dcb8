-- name: contradictions
-- Records that contradict ours and count as evidence so far.
select id, jws from log.sound_fork;

-- name: proofs
-- Proofs that convict so far.
select digest, proof from log.sound_evidence;

-- name: void
-- These count no more.
insert into log.void (digest) select unnest($1::bytea[]) on conflict do nothing;

-- name: void_lines
-- Nor does what keys of these names and ids have signed of logs. An id alone is short enough to be searched for.
insert into log.void (digest)
select sha256(line) from (select line from log.checkpoint union select line from log.cosignature) as signed
cross join convert_from(line, 'UTF8') as text
where (split_part(text, ' ', 2), substring(decode(split_part(text, ' ', 3), 'base64') for 4))
    in (select * from unnest($1::text[], $2::bytea[]))
on conflict do nothing;
