import { sql } from "drizzle-orm"

/** The role of a row `a` of `aclexplode`, as SQL names it in `grant` and `revoke`. */
export const grantee = sql`case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end`
