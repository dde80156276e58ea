import { LEASE_NEEDS } from "./leaseNeeds.ts"
import type { Need } from "./need.ts"

/** Temporary tables that the statements use. They resemble Latchkey's. */
export const TABLES = [
  `create temporary table doctor_owners (
    id uuid primary key, email text unique, disabled_at timestamptz, created_at timestamptz not null default now())`,
  `create temporary table doctor_keys (
    id uuid primary key, owner_id uuid not null references doctor_owners (id), lookup_id text not null unique,
    label text not null, scopes text[], metadata jsonb, uses bigint not null default 0, revoked_at timestamptz)`,
  "insert into doctor_owners values ('00000000-0000-0000-0000-000000000001', 'a@example.com')",
  `insert into doctor_keys (id, owner_id, lookup_id, label, scopes, metadata) values (
    '00000000-0000-0000-0000-000000000002', '00000000-0000-0000-0000-000000000001', 'a', 'A', '{a,b}', '{"a":"b"}')`,
]

/** In the order in which `latchkey doctor` prints them. */
export const NEEDS: readonly Need[] = [
  {
    name: "pg_is_in_recovery()",
    purpose: "no verdict comes from a standby",
    statements: [
      "select (select case when pg_is_in_recovery() then 'this server is a standby' else 'true' end)::boolean",
    ],
  },
  {
    name: "row locks (for no key update)",
    purpose: "a change checks its authority and acts in one step",
    statements: [
      "select id from doctor_owners where id = any (array[]::uuid[]) order by id for no key update",
      "select id from doctor_owners for key share",
      "select id from doctor_owners order by id limit 1 for update skip locked",
    ],
  },
  {
    name: "advisory locks",
    purpose: "owners without a row, and migrations, wait for each other",
    statements: [
      "select pg_advisory_xact_lock(hashtextextended('latchkey doctor', 0))",
      "select pg_advisory_xact_lock_shared(hashtextextended('latchkey doctor', 0))",
      "select pg_try_advisory_xact_lock(1, 1)",
    ],
  },
  {
    name: "table locks",
    purpose: "one account becomes the first administrator",
    statements: ["lock table doctor_owners in share row exclusive mode"],
  },
  {
    name: "foreign keys",
    purpose: "a key always has an owner, and ends with it",
    statements: [],
    refusal: {
      code: "23503",
      statement: `insert into doctor_keys (id, owner_id, lookup_id, label)
        values ('00000000-0000-0000-0000-000000000003', '00000000-0000-0000-0000-000000000009', 'b', 'b')`,
    },
  },
  {
    name: "partial, expression and collated indexes",
    purpose: "pages and searches read only the rows that they show",
    statements: [
      "create index on doctor_keys (owner_id) where revoked_at is null",
      `create index on doctor_keys (lower(label) collate "C", id)`,
      "create unique index on doctor_keys (owner_id, label) where label is not null",
      "create index on doctor_keys (owner_id, (coalesce(label, lookup_id)) desc nulls last, id desc nulls last) where starts_with(label, 'A')",
    ],
  },
  {
    name: "upserts, also on partial indexes",
    purpose: "counters and limits lose no concurrent call",
    statements: [
      "create unique index on doctor_keys (owner_id, label) where label is not null",
      `insert into doctor_keys (id, owner_id, lookup_id, label)
        values ('00000000-0000-0000-0000-000000000003', '00000000-0000-0000-0000-000000000001', 'b', 'A')
        on conflict (owner_id, label) where label is not null do update set uses = doctor_keys.uses + 1 returning uses`,
    ],
  },
  {
    name: "partitions by range, with upserts and a default",
    purpose: "months of the audit trail and of usage are dropped as a whole",
    statements: [
      `create temporary table doctor_events (owner_id uuid references doctor_owners (id) on delete cascade,
        day date, uses integer, primary key (owner_id, day)) partition by range (day)`,
      "create temporary table doctor_events_rest partition of doctor_events default",
      "create temporary table doctor_events_first (like doctor_events including defaults)",
      "alter table doctor_events attach partition doctor_events_first for values from (minvalue) to ('2000-01-01')",
      "create index on doctor_events (owner_id, (coalesce(uses, 0)) desc nulls last)",
      `insert into doctor_events values ('00000000-0000-0000-0000-000000000001', '2030-01-01', 1)
        on conflict (owner_id, day) do update set uses = doctor_events.uses + 1`,
      "insert into doctor_events values ('00000000-0000-0000-0000-000000000001', '2030-01-01', 1) on conflict do nothing",
      "drop table doctor_events_first",
    ],
  },
  ...LEASE_NEEDS,
  {
    name: "update … from … returning",
    purpose: "a refresh token is rotated in one statement",
    statements: [
      `update doctor_keys set revoked_at = now() from doctor_owners
        where doctor_owners.id = doctor_keys.owner_id returning doctor_owners.email, doctor_keys.revoked_at`,
    ],
  },
  {
    name: "clock_timestamp(), make_interval() and time zones",
    purpose: "times follow the database's clock",
    statements: [
      "select to_char(now() at time zone 'UTC', 'YYYY-MM-DD HH24'), date_trunc('day', now() at time zone 'UTC')",
      `select clock_timestamp() >= now(), now() + make_interval(secs => 60), (now() at time zone 'UTC')::date,
        to_timestamp(0), extract(epoch from now())`,
    ],
  },
  {
    name: "arrays, unnest and recursive queries",
    purpose: "calls share reads and writes, and a key's successors are found",
    statements: [
      `select * from unnest(string_to_array('1,2', ',')::integer[], string_to_array('a,b', ',')) as given (id, name)
        where name = any (array['a'])`,
      "select id from doctor_keys where scopes @> array['a']",
      `select concat_ws(' ', 'a', null), array_position(array['a', 'b'], 'b'), array_append(array['a'], 'b'),
        array_remove(array['a', 'b'], 'b'), bool_or(true), gen_random_uuid()`,
      "select o.id, k.n from doctor_owners o cross join lateral (select count(*) as n from doctor_keys where owner_id = o.id) k",
      "with recursive numbers as (select 1 as n union select n + 1 from numbers where n < 3) select n from numbers",
    ],
  },
  {
    name: "json and jsonb",
    purpose: "metadata, the conditions of a revocation, and the restore log",
    statements: [
      `select id from doctor_keys where metadata = '{"a":"b"}'::jsonb`,
      `select * from jsonb_to_recordset('[{"id":1,"at":"2030-01-01T00:00:00Z"}]') as given (id integer, at timestamptz)`,
      `select coalesce(json_agg(json_build_object('id', id)), '[]'), jsonb_build_object('label', min(label)), to_jsonb(min(label))
        from doctor_keys`,
    ],
  },
  {
    name: "settings of a transaction",
    purpose: "time limits, and whether a commit waits for a standby",
    statements: [
      `with settings as materialized (select set_config('latchkey.doctor', 'on', true))
        select current_setting('latchkey.doctor', true), current_setting('latchkey.unknown', true) from settings`,
      `select set_config('statement_timeout', '2000', true), set_config('lock_timeout', '2000', true),
        set_config('idle_in_transaction_session_timeout', '10000', true),
        set_config('synchronous_commit', 'on', true), set_config('search_path', 'pg_catalog', true)`,
    ],
  },
]
