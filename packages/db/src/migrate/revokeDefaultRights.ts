import { type SQL, sql } from "drizzle-orm"
import type { Database } from "../database.ts"
import { grantee } from "./grantee.ts"
import { isOurTable } from "./tables.ts"

/** The function of the triggers. It runs as its owner, so nobody else may attach it to a table. */
const TRIGGER_FUNCTION = "raise_authority"

/**
 * Revokes the rights on our tables, their partitions and the triggers' function that other roles got by default
 * privileges: by those for all schemas, for `public`, and for the schema where an earlier version kept the tables.
 * Supabase and others grant all rights on new tables and functions to roles that anyone can use. Rights that an operator
 * granted to any other role stay, and so do default privileges in a schema that holds only our tables.
 */
export async function revokeDefaultRights(tx: Database, earlierSchema = "public"): Promise<void> {
  const isDefault = (owner: SQL, kind: "r" | "f") => sql`
    d.defaclrole = ${owner} and d.defaclobjtype = ${sql.raw(`'${kind}'`)}
    and (d.defaclnamespace = 0 or d.defaclnamespace in (
      select oid from pg_namespace where nspname in ('public', ${earlierSchema})))`
  const isOthers = (owner: SQL) => sql`a.grantee <> ${owner} and pg_has_role(${owner}, 'USAGE')`
  const onTables = await tx
    .selectDistinct({
      statement: sql<string>`
        format('revoke all on table %I.%I from %s cascade', n.nspname, c.relname, ${grantee})`,
    })
    .from(sql`
      pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      join pg_default_acl d on ${isDefault(sql`c.relowner`, "r")}
      cross join aclexplode(d.defaclacl) a`)
    .where(sql`n.nspname = current_schema() and ${isOurTable} and ${isOthers(sql`c.relowner`)}`)
  const onFunctions = await tx
    .selectDistinct({
      statement: sql<string>`
        format('revoke all on function %s from %s cascade', p.oid::regprocedure, ${grantee})`,
    })
    .from(sql`
      pg_proc p
      join pg_namespace n on n.oid = p.pronamespace
      join pg_default_acl d on ${isDefault(sql`p.proowner`, "f")}
      cross join aclexplode(d.defaclacl) a`)
    .where(sql`
      n.nspname = current_schema() and p.proname = ${TRIGGER_FUNCTION} and ${isOthers(sql`p.proowner`)}`)
  for (const { statement } of [...onTables, ...onFunctions]) await tx.execute(sql.raw(statement))
}
