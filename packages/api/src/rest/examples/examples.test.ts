import { expect, test } from "vitest"
import { z } from "zod"
import { createOpenApiDocument } from "../openapi.ts"
import { EXAMPLES } from "./examples.ts"

type Schema = Parameters<typeof z.fromJSONSchema>[0]
type Content = Record<
  string,
  { schema: Schema; examples: Record<string, { summary: string; value: unknown }> }
>

interface Operation {
  operationId: string
  parameters: { name: string; required: boolean; schema: Schema; example?: unknown }[]
  requestBody?: { content: Content }
  responses: Record<string, { content?: Content }>
}

const { paths, components } = JSON.parse(JSON.stringify(createOpenApiDocument("0.1.0"))) as {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: { Error: Exclude<Schema, boolean> & { examples: unknown[] } } }
}
const operations = Object.values(paths).flatMap((methods) => Object.values(methods))

const problemsOf = (schema: Schema, value: unknown) => z.fromJSONSchema(schema).safeParse(value).error?.issues

test.each(operations)("$operationId has examples of all inputs and outputs", (operation) => {
  const { parameters, requestBody, responses } = operation
  expect(parameters.filter(({ example }) => example === undefined).map(({ name }) => name)).toEqual([])
  for (const { name, schema, example } of parameters)
    expect(problemsOf(schema, example), name).toBeUndefined()
  const success = Object.entries(responses).find(([status]) => status.startsWith("2"))?.[1]
  for (const content of [requestBody?.content, success?.content]) {
    for (const { schema, examples } of Object.values(content ?? {})) {
      expect(Object.keys(examples)).not.toEqual([])
      for (const { summary, value } of Object.values(examples)) {
        expect(problemsOf(schema, value), summary).toBeUndefined()
      }
    }
  }
})

test("an example that does not fit its schema is a problem", () => {
  const { parameters } = operations.find(({ operationId }) => operationId === "audit.list") ?? {
    parameters: [],
  }
  const limit = parameters.find(({ name }) => name === "limit")
  expect(problemsOf(limit?.schema ?? true, 0)).toHaveLength(1)
})

test("every example belongs to an operation", () => {
  expect(Object.keys(EXAMPLES).sort()).toEqual(operations.map(({ operationId }) => operationId).sort())
})

test("a field in the path is not repeated in the body", () => {
  const bodies = operations.map(({ operationId, requestBody }) => {
    const [content] = Object.values(requestBody?.content ?? {})
    return {
      operationId,
      required: content?.schema,
      names: Object.keys(Object(content?.schema).properties ?? {}),
    }
  })
  expect(bodies.find(({ operationId }) => operationId === "apiKeys.rotate")?.names).toEqual([
    "grace",
    "expiresAt",
  ])
  expect(bodies.filter(({ names }) => names.includes("id"))).toEqual([])
})

test("errors have an example", () => {
  const { Error: schema } = components.schemas
  for (const example of schema.examples) expect(problemsOf(schema, example)).toBeUndefined()
  expect(schema.examples).toHaveLength(1)
})
