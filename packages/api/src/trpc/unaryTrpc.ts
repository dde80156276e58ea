import { appRouter, type Context, failureOf } from "@latchkey/api"
import { getTRPCErrorFromUnknown, getTRPCErrorShape, TRPCError } from "@trpc/server"
import { decodeUtf8 } from "../http/decodeUtf8.ts"
import type { AppContext } from "../http/requestState.ts"
import { isJson } from "../http/isJson.ts"
import { parseJson } from "../http/parseJson.ts"
import { respond } from "../http/respond.ts"

const config = appRouter._def._config
const { serialize } = config.transformer.output

/** A procedure as tRPC's adapters call it; what they pass is copied for each of its layers, so it is little. */
interface Procedure {
  _def: { type: string }
  (options: {
    path: string
    type: "query" | "mutation"
    ctx: Context
    getRawInput: () => Promise<unknown>
  }): Promise<unknown>
}

/** tRPC keeps a router's procedures in one flat record, whatever its type says. */
const procedures = new Map(Object.entries(appRouter._def.procedures as unknown as Record<string, Procedure>))

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
  if (!paths.every((name) => procedures.get(name)?._def.type === kind)) return null
  return { paths, kind, isBatch, query: params?.get("input") ?? null }
}

/**
 * Serves unary calls. tRPC's fetch adapter does the same and is made for streams as well, which costs several
 * times as much; `unaryTrpc.test.ts` holds the two to the same answers.
 */
export async function serveUnaryCalls(
  c: AppContext,
  { paths, kind, isBatch, query }: UnaryCalls,
): Promise<Response> {
  const { api, failures } = c.get("exchange")
  let inputs: Promise<unknown[]> | undefined

  async function readInputs(): Promise<unknown[]> {
    const text = kind === "query" ? query : decodeUtf8(await c.req.arrayBuffer())
    if (!text) return []
    const parsed = parseJson(text)
    if (!isBatch) return [config.transformer.input.deserialize(parsed as never)]
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
      throw new TypeError("the input of a batch is an object")
    }
    const byIndex = parsed as Record<number, never>
    return paths.map((_, index) =>
      byIndex[index] === undefined ? undefined : config.transformer.input.deserialize(byIndex[index]),
    )
  }

  async function readInput(index: number): Promise<unknown> {
    inputs ??= readInputs().catch((cause: unknown) => {
      throw new TRPCError({ code: "BAD_REQUEST", cause })
    })
    return (await inputs)[index]
  }

  async function call(path: string, index: number) {
    try {
      const procedure = procedures.get(path)
      if (!procedure) throw new TRPCError({ code: "NOT_FOUND" })
      const data = await procedure({
        path,
        type: kind,
        ctx: api,
        getRawInput: () => readInput(index),
      })
      return { status: 200, body: { result: { data: serialize(data) } } }
    } catch (cause) {
      const error = getTRPCErrorFromUnknown(cause)
      failures.push({ failure: failureOf(error), error })
      const shape = getTRPCErrorShape({ config, error, type: kind, path, input: undefined, ctx: api })
      return { status: shape.data.httpStatus, body: { error: serialize(shape) } }
    }
  }

  if (!isBatch) {
    const { status, body } = await call(paths[0] ?? "", 0)
    return respond(c, status, JSON.stringify(body))
  }
  const answers = await Promise.all(paths.map(call))
  const statuses = new Set(answers.map(({ status }) => status))
  const [status = 207] = statuses.size === 1 ? statuses : []
  return respond(c, status, JSON.stringify(answers.map(({ body }) => body)))
}
