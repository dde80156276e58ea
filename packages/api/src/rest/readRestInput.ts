import { parseJson } from "@latchkey/auth"
import { TRPCError } from "@trpc/server"
import type { HonoRequest } from "hono"
import { ZodRealError } from "zod"
import { type Failure, failure, invalidInput } from "../failure.ts"
import { decodeUtf8 } from "../http/body/decodeUtf8.ts"
import { isForm, isJson } from "../http/body/isJson.ts"
import { localUrl } from "../http/localUrl.ts"
import type { RestOperation } from "./restOperations.ts"

type Fields = Record<string, unknown>

/**
 * Reads a procedure's input from a REST request: from the path parameters, and from the query of a GET or the JSON body
 * of any other method. Unknown fields are passed on, for the procedure's schema to reject.
 *
 * Mutations take no query: proxies log URLs, which must not contain a password, and a page of any origin may send a POST
 * without a body, whereas browsers send JSON to another origin only after a preflight.
 */
export async function readRestInput(
  request: HonoRequest,
  operation: RestOperation,
): Promise<{ input: unknown } | { failure: Failure }> {
  const body = await (operation.oauth ? readForm(request, operation) : readBody(request))
  if ("failure" in body) return body
  if (body.value !== undefined && !operation.oauth && !isObject(body.value)) {
    return { failure: invalidInput([{ path: [], message: "must be a JSON object" }]) }
  }
  const fields: [string, unknown][] = Array.isArray(body.value)
    ? body.value
    : Object.entries(body.value ?? {})
  for (const [name, field] of Object.entries(operation.params ?? {})) {
    fields.push([field, request.param(name)])
  }
  const { searchParams } = localUrl(request.url)
  if (operation.kind === "mutation" && searchParams.size > 0) {
    return { failure: invalidInput([{ path: [], message: "takes no query; send a body" }]) }
  }
  for (const [name, value] of searchParams) {
    fields.push([name, fromQuery(operation, name, value)])
  }
  if (new Set(fields.map(([name]) => name)).size !== fields.length)
    return { failure: invalidInput([{ path: [], message: "has a field more than once" }]) }
  const input = fields.length === 0 && operation.input === null ? undefined : Object.fromEntries(fields)
  return { input }
}

/**
 * Rejects input with fields that the operation does not document, and returns any other input. The schemas reject unknown
 * fields too, except those that tRPC's own clients add.
 *
 * @throws {TRPCError} as for input that a schema rejects.
 */
export function refuseUndocumented({ input: schema }: RestOperation, input: unknown): unknown {
  const { properties } = schema ?? {}
  const keys = properties ? Object.keys(input ?? {}).filter((name) => !Object.hasOwn(properties, name)) : []
  if (keys.length === 0) return input
  const cause = new ZodRealError([{ code: "unrecognized_keys", keys, path: [], message: "" }])
  throw new TRPCError({ code: "BAD_REQUEST", cause })
}

async function readBody(request: HonoRequest): Promise<{ value: unknown } | { failure: Failure }> {
  if (request.method === "GET" || request.method === "HEAD") return { value: undefined }
  const bytes = await request.arrayBuffer()
  if (bytes.byteLength === 0) return { value: undefined }
  if (!isJson(request.header("content-type"))) {
    return { failure: failure("UNSUPPORTED_MEDIA_TYPE", "Send the body as application/json.") }
  }
  try {
    return { value: parseJson(decodeUtf8(bytes)) }
  } catch {
    return {
      failure: failure("INVALID_INPUT", "The body must be valid JSON in UTF-8, without duplicate fields."),
    }
  }
}

/** Every field costs something, even one that is ignored. */
const MAX_FORM_FIELDS = 100

/** The documented fields of a form, in the order sent. Others are ignored (RFC 6749, section 3.2). */
async function readForm(
  request: HonoRequest,
  { input }: RestOperation,
): Promise<{ value: [string, string][] } | { failure: Failure }> {
  const bytes = await request.arrayBuffer()
  if (bytes.byteLength > 0 && !isForm(request.header("content-type"))) {
    return {
      failure: failure("UNSUPPORTED_MEDIA_TYPE", "Send the body as application/x-www-form-urlencoded."),
    }
  }
  try {
    const text = decodeUtf8(bytes)
    if (text.split("&").length > MAX_FORM_FIELDS) {
      return { failure: failure("INVALID_INPUT", `The form must have at most ${MAX_FORM_FIELDS} fields.`) }
    }
    const fields = [...new URLSearchParams(text)]
    return { value: fields.filter(([name]) => Object.hasOwn(input?.properties ?? {}, name)) }
  } catch {
    return { failure: failure("INVALID_INPUT", "The body must be a form in UTF-8.") }
  }
}

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Query values are strings. Converts one to a number if its field is a number and the string is an integer. */
function fromQuery(operation: RestOperation, name: string, value: string) {
  const properties = operation.input?.properties ?? {}
  const type = Object.hasOwn(properties, name) ? properties[name]?.type : undefined
  return (type === "integer" || type === "number") && /^-?\d{1,15}$/.test(value) ? Number(value) : value
}
