import { parseJson } from "@latchkey/auth"
import { TRPCError } from "@trpc/server"
import { failureOf, toTrpcError } from "../failure.ts"
import type { AppContext } from "../http/app.ts"
import { decodeUtf8 } from "../http/body/decodeUtf8.ts"
import { isJson } from "../http/body/isJson.ts"
import { respond } from "../http/respond.ts"
import {
  callProcedure,
  deserializeInput,
  formatTrpcError,
  type ProcedureKind,
  procedureKind,
  serializeOutput,
} from "./callProcedure.ts"

/** Queries or mutations, as tRPC's HTTP links send them. */
export interface UnaryCalls {
  paths: readonly string[]
  kind: ProcedureKind
  isBatch: boolean
  /** The query parameter `input` of a GET. */
  query: string | null
}

/**
 * Reads a request as unary calls. Returns null for anything that the links don't send, such as an unknown procedure,
 * another method or a stream, and leaves it to tRPC's own adapter.
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
  if (!paths.every((name) => procedureKind(name) === kind)) return null
  return { paths, kind, isBatch, query: params?.get("input") ?? null }
}

/**
 * Serves unary calls. tRPC's fetch adapter gives the same responses but costs several times as much, because it also
 * supports streams. `unaryTrpc.db.test.ts` compares the two.
 */
export async function serveUnaryCalls(
  c: AppContext,
  { paths, kind, isBatch, query }: UnaryCalls,
): Promise<Response> {
  const ctx = c.get("procedureContext")
  const { failures } = c.get("request")
  let inputs: Promise<unknown[]> | undefined

  async function readInputs(): Promise<unknown[]> {
    const text = kind === "query" ? query : decodeUtf8(await c.req.arrayBuffer())
    if (!text) return []
    const parsed = parseJson(text)
    if (!isBatch) return [deserializeInput(parsed)]
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
      throw new TypeError("the input of a batch must be an object")
    }
    const byIndex = parsed as Record<number, unknown>
    return paths.map((_, index) =>
      byIndex[index] === undefined ? undefined : deserializeInput(byIndex[index]),
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
      const data = await callProcedure(path, { kind, ctx, getRawInput: () => readInput(index) })
      return { status: 200, body: { result: { data: serializeOutput(data) } } }
    } catch (cause) {
      const error = toTrpcError(cause)
      failures.push({ failure: failureOf(error), error })
      const shape = formatTrpcError(error, ctx, { path, kind })
      return { status: shape.data.httpStatus, body: { error: serializeOutput(shape) } }
    }
  }

  if (!isBatch) {
    const { status, body } = await call(paths[0] ?? "", 0)
    return respond(c, status, JSON.stringify(body))
  }
  const results = await Promise.all(paths.map(call))
  const statuses = new Set(results.map(({ status }) => status))
  const [status = 207] = statuses.size === 1 ? statuses : []
  return respond(c, status, JSON.stringify(results.map(({ body }) => body)))
}
