import { sql } from "drizzle-orm"
import { isOurTable } from "../../migrate/tables.ts"
import { query } from "../../query.ts"

/** Roles with rights on Latchkey's tables or their columns, except owners, superusers and the current role. */
export const findRolesWithRights = query(async (db, _: undefined): Promise<string[]> => {
  const roles = await db
    .selectDistinct({
      name: sql<string>`case a.grantee when 0 then 'PUBLIC' else pg_get_userbyid(a.grantee) end`,
    })
    .from(sql`
      pg_class c
      cross join lateral (
        select grantee from aclexplode(c.relacl)
        union
        select x.grantee from pg_attribute t cross join aclexplode(t.attacl) x where t.attrelid = c.oid
      ) a
      left join pg_roles r on r.oid = a.grantee`)
    .where(sql`
      ${isOurTable} and pg_table_is_visible(c.oid)
      and a.grantee <> c.relowner and r.rolsuper is not true and r.rolname is distinct from current_user`)
  return roles.map(({ name }) => name).sort()
})
