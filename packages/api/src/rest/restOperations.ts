import { instant } from "@latchkey/contract/schemas"
import { z } from "zod"
import { appRouter } from "../trpc/appRouter.ts"
import type { Access, Meta, RestRoute } from "../trpc/procedures.ts"

/** JSON Schema, as far as we read it ourselves. */
export interface JsonSchema {
  type?: string
  properties?: Record<string, JsonSchema>
  required?: string[]
  [keyword: string]: unknown
}

/** One REST operation, as the router describes it. */
export interface RestOperation extends RestRoute {
  /** The procedure's path, such as `apiKeys.create`. */
  procedure: string
  kind: "query" | "mutation"
  access: Access
  /** Null when the procedure takes no input. */
  input: JsonSchema | null
  /** Null when it answers without a body. */
  output: JsonSchema | null
}

/** tRPC keeps a router's procedures in one flat record, whatever its type says. */
interface FlatProcedure {
  _def: { type: string; meta?: Meta; inputs: z.ZodType[]; output: z.ZodType }
}

/** Every procedure that stands in REST. */
export const restOperations: readonly RestOperation[] = Object.entries(
  appRouter._def.procedures as unknown as Record<string, FlatProcedure>,
).flatMap(([procedure, { _def }]) => {
  const { rest, access } = _def.meta ?? {}
  if (!rest || !access || (_def.type !== "query" && _def.type !== "mutation")) return []
  const [input] = _def.inputs
  return {
    ...rest,
    procedure,
    kind: _def.type,
    access,
    input: input ? toJsonSchema(input, "input") : null,
    output: toJsonSchema(_def.output, "output"),
  }
})

/** Null for `z.void()`. Dates are ISO 8601 text in JSON. */
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
