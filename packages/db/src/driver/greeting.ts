import { PRIMARY_CHECK } from "./primary/onPrimary.ts"
import { raiseSynchronousCommit, type Settings } from "./settings.ts"

const IS_READ_ONLY = "current_setting('transaction_read_only') = 'on'"

/**
 * The first statement on a connection. It fails on a standby unless that is accepted, and tells whether the server is
 * read-only and whether the connection has kept its initial settings. A PgBouncer that ignores settings drops them, and
 * runs the statements of one connection on many. A pooler may pass on some settings and drop others, so the search path is
 * checked separately.
 *
 * @param settings null where a pooler refuses them.
 */
export function greetingWith(
  settings: Settings | null,
  { acceptsStandby }: { acceptsStandby: boolean },
): string {
  const check = acceptsStandby ? "true" : PRIMARY_CHECK
  if (!settings) return `select ${check}, ${IS_READ_ONLY}`
  const { search_path: searchPath } = settings
  const isKept = searchPath === undefined ? "" : `and current_setting('search_path') = '${searchPath}'`
  return `
    select ${check}, ${IS_READ_ONLY}, kept, (${raiseSynchronousCommit("not kept")})
    from (select source = 'client' ${isKept} as kept from pg_settings where name = 'statement_timeout') settings`
}
