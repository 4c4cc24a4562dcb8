-- Reports that an officer is still writing. What is in them is sealed under a key that lies outside the database
-- (`services.intake.drafts`); only intake reads the table. Content goes when the report is sent, the rest after a day.

create table intake.draft (
    id text primary key check (length(id) between 16 and 64),
    officer text not null,
    sealed bytea not null check (octet_length(sealed) <= 262144 + 64),
    sent boolean not null,
    saved_at timestamptz not null
);
create index draft_saved on intake.draft (saved_at);
grant select, insert, update, delete on intake.draft to rajut_intake;
