import { expiry, instant } from "@latchkey/contract/schemas"
import { z } from "zod"
import { type ProcedureKind, procedureDescriptions } from "../trpc/callProcedure.ts"
import type { Access, RestRoute } from "../trpc/procedures.ts"
import { describeFields } from "./descriptions/describeFields.ts"

/** JSON Schema, with types for the keywords that this package reads. */
export interface JsonSchema {
  type?: string
  description?: string
  properties?: Record<string, JsonSchema>
  required?: string[]
  [keyword: string]: unknown
}

/** A REST operation, derived from a procedure. */
export interface RestOperation extends Omit<RestRoute, "input"> {
  operationId: string
  /** The procedure's path, such as `apiKeys.create`. */
  procedure: string
  kind: ProcedureKind
  access: Access
  /** Whether it belongs to Latchkey's own accounts. */
  accounts: boolean
  /** Whether, and how, keys with `latchkey:manage` may call it. */
  managers?: "owner" | "admin"
  /** Whether owner tokens are accepted. */
  ownerTokens?: true
  /** The scope that the caller needs. */
  scope?: string
  /** Null if the procedure takes no input. */
  input: JsonSchema | null
  /** Null if the response has no body. */
  output: JsonSchema | null
  /** The headers of a successful response, in OpenAPI's format. */
  headers?: Readonly<Record<string, object>>
}

describeFields(procedureDescriptions.map(({ output }) => output))

/** Every procedure with a REST route. */
export const restOperations: readonly RestOperation[] = procedureDescriptions.flatMap(
  ({
    path: procedure,
    kind,
    meta: { rest = [], access, accounts = false, scope, managers, ownerTokens },
    ...schemas
  }) => {
    if (!access) return []
    const { output } = schemas
    const routes: RestRoute[] = [rest].flat()
    return routes.map(({ input = schemas.input, operationId = procedure, ...route }) => ({
      ...route,
      operationId,
      procedure,
      kind,
      access,
      accounts,
      ...(scope !== undefined && { scope }),
      ...(managers !== undefined && { managers }),
      ...(ownerTokens && { ownerTokens }),
      input: input ? toJsonSchema(input, "input") : null,
      output: output ? toJsonSchema(output, "output") : null,
    }))
  },
)

/** Returns null for `z.void()`. Dates are ISO 8601 strings in JSON. */
function toJsonSchema(schema: z.ZodType, io: "input" | "output"): JsonSchema | null {
  if (schema instanceof z.ZodVoid) return null
  const { $schema: _, ...jsonSchema } = z.toJSONSchema(schema, {
    io,
    unrepresentable: "any",
    override({ zodSchema, jsonSchema }) {
      if (zodSchema === expiry) {
        jsonSchema.anyOf = [
          { type: "string", format: "date-time" },
          { type: "string", format: "date" },
        ]
      }
      if (zodSchema._zod.def.type !== "date" && zodSchema !== instant) return
      delete jsonSchema.anyOf
      jsonSchema.type = "string"
      jsonSchema.format = "date-time"
    },
  })
  return jsonSchema as JsonSchema
}

/** The operations of a server, with or without accounts of Latchkey's own. */
export const servedOperations = (passwords: "on" | "off"): readonly RestOperation[] =>
  restOperations.filter(({ accounts }) => passwords === "on" || !accounts)
