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
-- Nor does what keys with these ids have signed of logs.
insert into log.void (digest)
select sha256(line) from (select line from log.checkpoint union select line from log.cosignature) as signed
where substring(decode(split_part(convert_from(line, 'UTF8'), ' ', 3), 'base64') for 4) = any($1::bytea[])
on conflict do nothing;
