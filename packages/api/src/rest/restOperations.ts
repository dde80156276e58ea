import { instant } from "@latchkey/contract/schemas"
import { z } from "zod"
import { type ProcedureKind, procedureDescriptions } from "../trpc/callProcedure.ts"
import type { Access, RestRoute } from "../trpc/procedures.ts"
import { describeFields } from "./fieldDescriptions.ts"

/** JSON Schema, with types for the keywords that this package reads. */
export interface JsonSchema {
  type?: string
  description?: string
  properties?: Record<string, JsonSchema>
  required?: string[]
  [keyword: string]: unknown
}

/** A REST operation, derived from a procedure. */
export interface RestOperation extends RestRoute {
  /** The procedure's path, such as `apiKeys.create`. */
  procedure: string
  kind: ProcedureKind
  access: Access
  /** Null if the procedure takes no input. */
  input: JsonSchema | null
  /** Null if the response has no body. */
  output: JsonSchema | null
}

describeFields(procedureDescriptions.map(({ output }) => output))

/** Every procedure with a REST route. */
export const restOperations: readonly RestOperation[] = procedureDescriptions.flatMap(
  ({ path: procedure, kind, meta: { rest, access }, input, output }) => {
    if (!rest || !access) return []
    return {
      ...rest,
      procedure,
      kind,
      access,
      input: input ? toJsonSchema(input, "input") : null,
      output: output ? toJsonSchema(output, "output") : null,
    }
  },
)

/** Returns null for `z.void()`. Dates are ISO 8601 strings in JSON. */
function toJsonSchema(schema: z.ZodType, io: "input" | "output"): JsonSchema | null {
  if (schema instanceof z.ZodVoid) return null
  const { $schema: _, ...jsonSchema } = z.toJSONSchema(schema, {
    io,
    unrepresentable: "any",
    override({ zodSchema, jsonSchema }) {
      if (zodSchema._zod.def.type !== "date" && zodSchema !== instant) return
      delete jsonSchema.anyOf
      jsonSchema.type = "string"
      jsonSchema.format = "date-time"
    },
  })
  return jsonSchema as JsonSchema
}
