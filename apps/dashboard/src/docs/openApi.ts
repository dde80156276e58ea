import { apiUrl } from "../apiUrl.ts"

/** JSON Schema, with the keywords that the reference shows. */
export interface Schema {
  type?: string | string[]
  description?: string
  format?: string
  enum?: unknown[]
  const?: unknown
  default?: unknown
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  additionalProperties?: Schema | boolean
  anyOf?: Schema[]
  $ref?: string
}

export interface Example {
  summary: string
  value: unknown
}

export interface Content {
  schema: Schema
  examples?: Record<string, Example>
}

export interface Parameter {
  name: string
  in: "path" | "query" | "header"
  description?: string
  required: boolean
  schema: Schema
  example?: unknown
}

export interface Operation {
  method: string
  path: string
  operationId: string
  tags: string[]
  summary: string
  description: string
  security: Record<string, string[]>[]
  parameters: Parameter[]
  requestBody?: { required: boolean; content: Record<string, Content> }
  responses: Record<
    string,
    {
      description: string
      headers?: Record<string, { description: string }>
      content?: Record<string, Content>
    }
  >
}

export interface SecurityScheme {
  type: string
  scheme?: string
  name?: string
  description: string
}

export interface Reference {
  about: string[]
  chapters: { name: string; description: string; operations: Operation[] }[]
  securitySchemes: Record<string, SecurityScheme>
  error: Schema & { examples?: unknown[] }
}

interface OpenApiDocument {
  info: { description: string }
  tags: { name: string; description: string }[]
  paths: Record<string, Record<string, Omit<Operation, "method" | "path">>>
  components: { schemas: { Error: Schema }; securitySchemes: Record<string, SecurityScheme> }
}

/** Loads the server's OpenAPI document, and groups its operations by chapter. @throws if it can't be loaded. */
export async function loadReference(signal: AbortSignal): Promise<Reference> {
  const response = await fetch(`${apiUrl}/openapi.json`, { signal })
  if (!response.ok) throw new Error(`openapi.json: ${response.status}`)
  const { info, tags, paths, components }: OpenApiDocument = await response.json()
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...operation,
      method: method.toUpperCase(),
      path,
    })),
  )
  return {
    about: info.description.split("\n\n"),
    chapters: tags.map((tag) => ({ ...tag, operations: operations.filter((it) => it.tags[0] === tag.name) })),
    securitySchemes: components.securitySchemes,
    error: components.schemas.Error,
  }
}
