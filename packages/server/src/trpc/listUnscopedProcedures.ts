import type { AnyRouter } from "@trpc/server"
import { requirementsOf } from "./requires.ts"

/**
 * Lists the procedures of a router that any API key may call, because they are behind `requires` without a stated scope.
 * `scope: []` counts as stated.
 *
 * @returns their paths, such as `reports.list`, sorted.
 */
export function listUnscopedProcedures(router: AnyRouter): string[] {
  // tRPC keeps a router's procedures in one flat record, although the type is nested.
  const procedures = router._def.procedures as unknown as Record<string, { _def: { middlewares?: object[] } }>
  return Object.entries(procedures)
    .filter(([, { _def }]) => {
      const required = requirementsOf(_def.middlewares ?? [])
      return required.length > 0 && required.every(isUnscoped) && required.every(acceptsKeys)
    })
    .map(([path]) => path)
    .sort()
}

const isUnscoped = ({ scope }: { scope?: unknown }) => scope === undefined

const acceptsKeys = ({ via }: { via?: unknown }) => {
  const accepted = [via ?? []].flat()
  return accepted.length === 0 || accepted.includes("apiKey")
}
