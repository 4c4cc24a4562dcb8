-- What finds a person again goes when that person takes consent back; until now only an erasure took it away.

grant delete on intake.person_key, intake.duplicate to rajut_intake;
