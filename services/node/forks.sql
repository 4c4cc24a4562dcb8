-- name: contradicting_record
-- The next record that contradicts ours at a place that nothing has been proven of yet, with what we hold there. None of
-- a log of which there are enough proofs: whoever is convicted makes us work no more, and keeps nobody else's from being
-- made.
select f.log, f.seq, f.id, f.jws as other, same.jws as same, before.jws as before, after.jws as after
from log.sound_fork f
left join log.record same on same.log = f.log and same.seq = f.seq
left join log.record before on before.log = f.log and before.seq = f.seq - 1
left join log.record after on after.log = f.log and after.seq = f.seq + 1
join log.head h on h.log = f.log
where (f.log, f.seq, f.id) > ($2, $3, $4) and coalesce(same.jws, before.jws, after.jws) is not null
    and not (h.own and coalesce(same.id = f.id, false)) -- the end of our own log, which came back
    and not exists (select from log.sound_evidence e where e.log = f.log and e.size in (f.seq, f.seq + 1))
    and (select count(*) from log.sound_evidence e where e.log = f.log) < $1
order by f.log, f.seq, f.id limit 1;

-- name: contradicting_checkpoints
-- Checkpoints that our copy contradicts, of sizes that nothing has been proven of yet, with the next one that agrees.
-- None of a log of which there are enough proofs, as above.
select bad.log, bad.size, bad.root, bad.line, r.root as true_root, good.size as good_size, good.root as good_root,
    good.line as good_line
from log.sound_checkpoint bad join log.root r using (log, size)
cross join lateral (
    select g.size, g.root, g.line from log.sound_checkpoint g
    where g.log = bad.log and g.agrees and g.size >= bad.size order by g.size limit 1) good
where not bad.agrees and not exists (select from log.sound_evidence e where e.log = bad.log and e.size = bad.size)
    and (select count(*) from log.sound_evidence e where e.log = bad.log) < $1 limit 4;

-- name: leaves
-- The first records of a log.
select jws from log.record where log = $1 and seq < $2 order by seq;

-- name: add_evidence
-- Keep a proof, unless there are enough of its log; whether it is new.
insert into log.evidence (digest, log, size, proof) select $1, $2, $3, $4
where (select count(*) from log.sound_evidence where log = $2) < $5 on conflict do nothing returning true;

-- name: evidence
-- The proofs that we hold, the oldest first.
select log, size, proof, found_at from log.sound_evidence order by found_at;

-- name: disputed
-- Which logs somebody has signed two histories of, or says other things of than we hold.
select log from log.sound_evidence where log = any($1::text[])
union select log from log.sound_checkpoint where log = any($1::text[]) and not agrees
union select log from log.dispute where log = any($1::text[]) order by log;
