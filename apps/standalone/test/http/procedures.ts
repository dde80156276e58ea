import { appRouter, type RestOperation, restOperations } from "@latchkey/api"
import { type RestCall, rest } from "../testServer.ts"

/** A procedure of the router, for tests that run on every procedure. */
export interface TestedProcedure {
  path: string
  /** Its REST operation, with the input's schema and who may call it. */
  operation: RestOperation
  /** The procedures that keys with `latchkey:manage` may call: for an owner, or like an administrator. */
  managers: "owner" | "admin" | undefined
  declaresInput: boolean
  declaresOutput: boolean
}

interface FlatProcedure {
  _def: { inputs: unknown[]; output?: unknown; meta?: { input?: "none"; managers?: "owner" | "admin" } }
}

/** At runtime, tRPC keeps a router's procedures in one flat record. Its types do not show that. */
const flat = Object.entries(appRouter._def.procedures as unknown as Record<string, FlatProcedure>)

/** All procedures of the router. Importing this throws if one has no REST operation, which the contract requires. */
export const allProcedures: readonly TestedProcedure[] = flat.map(([path, { _def }]) => {
  const operation = restOperations.find(({ procedure }) => procedure === path)
  if (!operation) throw new TypeError(`${path} has no REST operation, or does not declare who may call it`)
  return {
    path,
    operation,
    managers: _def.meta?.managers,
    declaresInput: _def.inputs.length > 0 || _def.meta?.input === "none",
    declaresOutput: _def.output !== undefined,
  }
})

export type Input = Record<string, unknown>

/** Calls a procedure on each surface. Both return the status, the reason of a failure, and the body as text. */
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
      headers: { "content-type": "application/json", ...credential.headers },
      ...(!isQuery && wrapped && { body: wrapped }),
    })
    return { status, reason: body.error?.json.data.reason, text: JSON.stringify(body) }
  },

  async REST(url, { operation }, input = {}, credential) {
    const { method, path, params = {} } = operation
    const pathFields = Object.values(params)
    const otherFields = Object.entries(input).filter(([name]) => !pathFields.includes(name))
    const filledPath = path.replaceAll(/\{(\w+)\}/g, (_, name) =>
      encodeURIComponent(String(input[params[name] ?? ""] ?? "none")),
    )
    const query = new URLSearchParams(
      otherFields.map(([name, value]): [string, string] => [name, String(value)]),
    )
    const hasBody = operation.kind === "mutation" && otherFields.length > 0
    const form = operation.oauth && {
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: query.toString(),
    }
    const { status, body } = await rest(url, method, hasBody ? filledPath : `${filledPath}?${query}`, {
      ...credential,
      ...(hasBody && (form || { body: Object.fromEntries(otherFields) })),
    })
    return { status, reason: body?.reason, text: JSON.stringify(body) }
  },
}

/** The surfaces as entries, for `describe.each`. */
export const surfaces = Object.entries(SURFACES) as [keyof typeof SURFACES, (typeof SURFACES)["REST"]][]
