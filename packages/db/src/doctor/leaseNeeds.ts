import type { Need } from "./need.ts"

/**
 * What the database must support for leases and the restore log. Every change of a right runs the triggers, even if
 * neither is used.
 */
export const LEASE_NEEDS: readonly Need[] = [
  {
    name: "deferred triggers in PL/pgSQL, with transaction ids",
    purpose: "changes of rights are numbered, for leases and the restore log",
    statements: [
      "create temporary table doctor_authority (position bigint, raised_by xid8)",
      "insert into doctor_authority values (0, null)",
      `create function pg_temp.doctor_raise() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
      begin
        perform set_config('search_path', quote_ident(tg_table_schema) || ', pg_temp', true);
        if current_setting('latchkey.doctor', true) = 'on' then return null; end if;
        if tg_level = 'ROW' and tg_nargs > 0 and tg_argv[0] = 'key' and tg_op = 'UPDATE' and new.label <> old.label then
          update doctor_authority set position = position + 1, raised_by = pg_current_xact_id()
            where raised_by is distinct from pg_current_xact_id();
        end if;
        return null;
      end $$`,
      `create constraint trigger doctor_raise after update on doctor_keys deferrable initially deferred for each row
        when ((old.label, old.scopes) is distinct from (new.label, new.scopes)) execute function pg_temp.doctor_raise('key')`,
      "create trigger doctor_truncated after truncate on doctor_keys execute function pg_temp.doctor_raise()",
      "update doctor_keys set label = 'B'",
      "update doctor_keys set label = 'C'",
      "set constraints all immediate",
      // Divides by zero unless the trigger has counted both updates as one.
      "select 1 / (position = 1)::integer from doctor_authority",
    ],
  },
  {
    name: "notifications",
    purpose: "instances with a lease hear of changes at once (optional)",
    isOptional: true,
    statements: ["listen latchkey_doctor", "select pg_notify('latchkey_' || md5('doctor'), '')"],
  },
  {
    name: "names of WAL files",
    purpose: "a primary that a promotion has replaced is recognized, and leases end with it (optional)",
    isOptional: true,
    statements: [
      `select system_identifier::text, left(pg_walfile_name(pg_current_wal_lsn()), 8), pg_current_wal_flush_lsn()
        from pg_control_system()`,
    ],
  },
]
