-- name: recusals
-- Who was recused from some cases, still sealed.
select e.id, e.log, e.seq, e.type, e.case_id, e.parents, c.blob, c.key, r.jws, null as erased
from log.event e join log.record r using (id) join log.content c using (id)
where e.type = 'rajut.triage.officer.recused.v1' and e.state = 'applied' and e.case_id = any($1::text[]);
