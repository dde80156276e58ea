import { type SQL, sql } from "drizzle-orm"
import { isOurTable } from "../../migrate/tables.ts"
import { query } from "../../query.ts"

const ourTables = sql`pg_class c where ${isOurTable} and pg_table_is_visible(c.oid)`

/** A condition: the grantee of `a`, whose role is `r`, is not an owner, a superuser or the current role. */
const isOther = (owner: SQL) =>
  sql`a.grantee <> ${owner} and r.rolsuper is not true and r.rolname is distinct from current_user`

const name = sql`case a.grantee when 0 then 'PUBLIC' else pg_get_userbyid(a.grantee)::text end`

/**
 * Roles with rights on Latchkey's tables or their columns, and roles that may create objects in the schema, except owners,
 * superusers and the current role. A function in the schema can take the place of one of PostgreSQL's, whose parameters
 * fit less exactly, and then runs with Latchkey's rights.
 */
export const findRolesWithRights = query(async (db, _: undefined): Promise<string[]> => {
  const roles = await db.select({ name: sql<string>`found.name` }).from(sql`(
      select ${name} as name
      from (select * from ${ourTables}) c
      cross join lateral (
        select grantee from aclexplode(c.relacl)
        union
        select x.grantee from pg_attribute t cross join aclexplode(t.attacl) x where t.attrelid = c.oid
      ) a
      left join pg_roles r on r.oid = a.grantee
      where ${isOther(sql`c.relowner`)}
      union
      select ${name} || ' (may create functions in the schema)'
      from pg_namespace n cross join aclexplode(n.nspacl) a left join pg_roles r on r.oid = a.grantee
      where n.nspname = current_schema() and a.privilege_type = 'CREATE' and ${isOther(sql`n.nspowner`)}
        and a.grantee not in (select c.relowner from ${ourTables})
    ) found`)
  return roles.map(({ name }) => name).sort()
})
