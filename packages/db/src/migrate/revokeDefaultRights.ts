import { inArray, sql } from "drizzle-orm"
import type { Database } from "../database.ts"
import { TABLES } from "./tables.ts"

/**
 * Revokes the rights that other roles got on our tables by default privileges. Supabase and others grant all rights
 * on new tables to roles that anyone can use. Rights that an operator granted to any other role stay.
 */
export async function revokeDefaultRights(tx: Database): Promise<void> {
  const revocations = await tx
    .selectDistinct({
      statement: sql<string>`format('revoke all on table %I.%I from %s cascade', n.nspname, c.relname,
        case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end)`,
    })
    .from(sql`
      pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      join pg_default_acl d on d.defaclrole = c.relowner and d.defaclobjtype = 'r'
        and d.defaclnamespace in (0, c.relnamespace)
      cross join aclexplode(d.defaclacl) a`)
    .where(sql`
      n.nspname = current_schema() and ${inArray(sql`c.relname`, [...TABLES])}
      and a.grantee <> c.relowner and pg_has_role(c.relowner, 'USAGE')`)
  for (const { statement } of revocations) await tx.execute(sql.raw(statement))
}
