-- What happened: the identity of this store, the append-only ledger, and the stream of events.

create table store (
  singleton boolean primary key default true check (singleton),
  store_id uuid not null default gen_random_uuid(),
  -- Counts restores. Fences compare as (incarnation, epoch): see src/engine/lanes/incarnation.ts.
  incarnation integer not null default 1 check (incarnation > 0),
  incarnation_since timestamptz not null default clock_timestamp(),
  created_at timestamptz not null default clock_timestamp()
);
insert into store default values;

-- One row a stream: its lock makes the sequence of a stream dense and in commit order.
create table ledger_streams (
  stream text primary key,
  head bigint not null
);

create table ledger_entries (
  entry bigint generated always as identity primary key,
  stream text not null references ledger_streams,
  sequence bigint not null,
  -- Deterministic: the same operation and kind is the same entry, written once.
  operation text not null,
  kind text not null,
  actor text not null,
  payload jsonb not null,
  at timestamptz not null default clock_timestamp(),
  unique (stream, sequence),
  unique (operation, kind)
);

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the ledger is append-only: % on % is refused', tg_op, tg_table_name
    using errcode = 'insufficient_privilege';
end $$;

create trigger ledger_entries_append_only
  before update or delete on ledger_entries for each row execute function refuse_change();
create trigger ledger_entries_no_truncate
  before truncate on ledger_entries for each statement execute function refuse_change();

-- Appends once and answers the sequence in the stream, or null when the entry was already there.
create function append_entry(
  p_operation text, p_kind text, p_stream text, p_actor text, p_payload jsonb
) returns bigint language plpgsql as $$
declare
  next_sequence bigint;
begin
  if exists (select from ledger_entries where operation = p_operation and kind = p_kind) then
    return null;
  end if;
  insert into ledger_streams as s (stream, head) values (p_stream, 1)
    on conflict (stream) do update set head = s.head + 1
    returning head into next_sequence;
  -- The row lock is ours now: a rival that wrote the same entry first has committed, and is seen here.
  if exists (select from ledger_entries where operation = p_operation and kind = p_kind) then
    update ledger_streams set head = head - 1 where stream = p_stream;
    return null;
  end if;
  insert into ledger_entries (stream, sequence, operation, kind, actor, payload)
    values (p_stream, next_sequence, p_operation, p_kind, p_actor, p_payload);
  return next_sequence;
end $$;

-- An identity column counts in the order of inserts, not of commits: a reader that remembers the highest
-- number would miss a slow transaction's event for ever. So `id`, the number that readers resume from, is
-- given after commit by sequence_events(), under one lock, and rows without it are invisible to readers.
create table events (
  written bigint generated always as identity primary key,
  id bigint unique,
  at timestamptz not null default clock_timestamp(),
  kind text not null,
  service text,
  environment text,
  promotion text,
  message text not null
);
create index events_unsequenced on events (written) where id is null;

create function sequence_events() returns bigint language plpgsql as $$
declare
  head bigint;
begin
  if exists (select from events where id is null) then
    perform pg_advisory_xact_lock(7468001);
    select coalesce(max(id), 0) into head from events;
    update events set id = head + fresh.place
      from (
        select written, row_number() over (order by written) as place from events where id is null
      ) as fresh
      where events.written = fresh.written;
  end if;
  return (select coalesce(max(id), 0) from events);
end $$;
