import { appRouter, type RestOperation, restOperations } from "@latchkey/api"
import { type RestCall, rest } from "./testServer.ts"

/** A procedure of the router, as tests go through all of them. */
export interface TestedProcedure {
  path: string
  /** What it takes, as REST describes it; null for nothing. */
  operation: RestOperation
  declaresInput: boolean
  declaresOutput: boolean
}

interface FlatProcedure {
  _def: { inputs: unknown[]; output?: unknown; meta?: { input?: "none" } }
}

/** tRPC keeps a router's procedures in one flat record, whatever its type says. */
const flat = Object.entries(appRouter._def.procedures as unknown as Record<string, FlatProcedure>)

/** Every procedure there is. Throws for one that REST does not have, which the contract does not allow. */
export const allProcedures: readonly TestedProcedure[] = flat.map(([path, { _def }]) => {
  const operation = restOperations.find(({ procedure }) => procedure === path)
  if (!operation) throw new TypeError(`${path} has no place in REST, or does not say who may call it`)
  return {
    path,
    operation,
    declaresInput: _def.inputs.length > 0 || _def.meta?.input === "none",
    declaresOutput: _def.output !== undefined,
  }
})

export type Input = Record<string, unknown>

/** The two surfaces, and how each is asked for a procedure. They answer alike: a status, and a reason on failure. */
export const SURFACES: Record<
  "tRPC" | "REST",
  (
    url: string,
    procedure: TestedProcedure,
    input: Input | undefined,
    credential: RestCall,
  ) => Promise<{ status: number; reason: string | undefined; text: string }>
> = {
  async tRPC(url, { path, operation }, input, credential) {
    const wrapped = input && { json: input }
    const isQuery = operation.kind === "query"
    const query = isQuery && wrapped ? `?input=${encodeURIComponent(JSON.stringify(wrapped))}` : ""
    const { status, body } = await rest(url, isQuery ? "GET" : "POST", `/trpc/${path}${query}`, {
      ...credential,
      headers: { "content-type": "application/json" },
      ...(!isQuery && wrapped && { body: wrapped }),
    })
    return { status, reason: body.error?.json.data.reason, text: JSON.stringify(body) }
  },

  async REST(url, { operation }, input = {}, credential) {
    const { method, path, params = {} } = operation
    const inPath = Object.values(params)
    const others = Object.entries(input).filter(([name]) => !inPath.includes(name))
    const filled = path.replaceAll(/\{(\w+)\}/g, (_, name) =>
      encodeURIComponent(String(input[params[name] ?? ""] ?? "none")),
    )
    const query = new URLSearchParams(others.map(([name, value]): [string, string] => [name, String(value)]))
    const hasBody = operation.kind === "mutation" && others.length > 0
    const { status, body } = await rest(url, method, hasBody ? filled : `${filled}?${query}`, {
      ...credential,
      ...(hasBody && { body: Object.fromEntries(others) }),
    })
    return { status, reason: body?.reason, text: JSON.stringify(body) }
  },
}

/** The surfaces' names and calls, for tests of each. */
export const surfaces = Object.entries(SURFACES) as [keyof typeof SURFACES, (typeof SURFACES)["REST"]][]
