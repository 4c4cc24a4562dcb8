-- name: own_adoptions
-- Our own words that we adopted a version of the directory, still sealed, the last first.
select e.id, e.log, e.seq, e.type, e.case_id, e.parents, c.blob, c.key, r.jws, null as erased
from log.event e join log.head h on h.log = e.log and h.own join log.record r using (id) join log.content c using (id)
where e.type = 'rajut.node.directory.adopted.v1' and e.state = 'applied' order by e.seq desc;
