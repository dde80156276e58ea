import { appRouter, failureOf } from "@latchkey/api"
import { callTRPCProcedure, getTRPCErrorFromUnknown, getTRPCErrorShape, TRPCError } from "@trpc/server"
import type { AppContext } from "./exchange.ts"
import { isJson } from "./isJson.ts"
import { respond } from "./respond.ts"

const config = appRouter._def._config
const { serialize } = config.transformer.output

const VARY = { vary: "trpc-accept, accept" }

/** tRPC keeps a router's procedures in one flat record, whatever its type says. */
const kinds = new Map(
  Object.entries(appRouter._def.procedures as unknown as Record<string, { _def: { type: string } }>).map(
    ([path, { _def }]) => [path, _def.type],
  ),
)

/** Calls for procedures that answer once, as tRPC's links for queries and mutations send them. */
export interface UnaryCalls {
  paths: readonly string[]
  kind: "query" | "mutation"
  isBatch: boolean
  /** The `input` of a GET. */
  query: string | null
}

/**
 * Reads a request as unary calls; null when there is anything in it that the links don't send, such as a path
 * that is no procedure's, another method or a stream. Those are left to tRPC's own adapter.
 */
export function readUnaryCalls(c: AppContext, maxBatchSize: number): UnaryCalls | null {
  const { raw } = c.req
  if (raw.headers.get("trpc-accept") !== null || raw.headers.get("accept")?.includes("jsonl")) return null
  const kind = raw.method === "GET" ? "query" : raw.method === "POST" ? "mutation" : null
  if (kind === null || (kind === "mutation" && !isJson(raw.headers.get("content-type") ?? undefined)))
    return null

  const path = c.req.param("path") ?? ""
  const search = raw.url.indexOf("?")
  const params = search === -1 ? null : new URLSearchParams(raw.url.slice(search + 1))
  const isBatch = params?.get("batch") === "1"
  const paths = isBatch ? path.split(",") : [path]
  const expected = (isBatch ? 1 : 0) + (params?.has("input") ? 1 : 0)
  if ((params?.size ?? 0) !== expected || paths.length > maxBatchSize) return null
  if (!paths.every((name) => kinds.get(name) === kind)) return null
  return { paths, kind, isBatch, query: params?.get("input") ?? null }
}

/**
 * Serves unary calls on what tRPC offers for custom adapters. Its fetch adapter does the same and is made for
 * streams as well, which costs several times as much; `unaryTrpc.test.ts` holds the two to the same answers.
 */
export async function serveUnaryCalls(
  c: AppContext,
  { paths, kind, isBatch, query }: UnaryCalls,
): Promise<Response> {
  const { api, failures } = c.get("exchange")
  let inputs: Promise<unknown[]> | undefined

  async function readInputs(): Promise<unknown[]> {
    const text = kind === "query" ? query : await c.req.raw.text()
    if (!text) return []
    const parsed: unknown = JSON.parse(text)
    if (!isBatch) return [config.transformer.input.deserialize(parsed as never)]
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
      throw new TypeError("the input of a batch is an object")
    }
    const byIndex = parsed as Record<number, never>
    return paths.map((_, index) =>
      byIndex[index] === undefined ? undefined : config.transformer.input.deserialize(byIndex[index]),
    )
  }

  async function call(path: string, index: number) {
    try {
      const data: unknown = await callTRPCProcedure({
        router: appRouter,
        path,
        type: kind,
        ctx: api,
        signal: undefined,
        batchIndex: index,
        async getRawInput() {
          inputs ??= readInputs().catch((cause: unknown) => {
            throw new TRPCError({ code: "BAD_REQUEST", cause })
          })
          return (await inputs)[index]
        },
      })
      return { status: 200, body: { result: { data: serialize(data) } } }
    } catch (cause) {
      const error = getTRPCErrorFromUnknown(cause)
      failures.push({ failure: failureOf(error), error })
      const shape = getTRPCErrorShape({ config, error, type: kind, path, input: undefined, ctx: api })
      return { status: shape.data.httpStatus, body: { error: serialize(shape) } }
    }
  }

  const answers = await Promise.all(paths.map(call))
  const [first] = answers
  if (!first) throw new TypeError("no call, no answer")
  const status = answers.every((answer) => answer.status === first.status) ? first.status : 207
  return respond(c, status, JSON.stringify(isBatch ? answers.map(({ body }) => body) : first.body), VARY)
}
