import { randomUUID } from "node:crypto"
import { connect } from "@latchkey/test-postgres"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { registerWithApp } from "../accounts/authenticatorApp.ts"
import { type RestCall, register, rest, startServerOnPostgres } from "../testServer.ts"
import { allProcedures } from "./procedures.ts"

interface Schema {
  description?: string
  properties?: Record<string, Schema>
  items?: Schema
  anyOf?: Schema[]
}

interface Operation {
  operationId: string
  parameters: { name: string; description?: string; required: boolean; schema: { pattern?: string } }[]
  security: Record<string, string[]>[]
  requestBody?: { content: Record<string, { schema: Schema }> }
  responses: Record<string, { description: string; content?: Record<string, { schema: Schema }> }>
}

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
const operations = new Map<string, Operation>()
let securitySchemes: Record<string, { type: string; scheme?: string; name?: string }>
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"), { MAX_KEYS_PER_USER: "1" })
  const { body } = await rest(server.url, "GET", "/openapi.json")
  securitySchemes = body.components.securitySchemes
  for (const methods of Object.values<Record<string, Operation>>(body.paths)) {
    for (const operation of Object.values(methods)) operations.set(operation.operationId, operation)
  }
})
afterAll(() => server[Symbol.asyncDispose]())

function operationOf(path: string) {
  const operation = operations.get(path)
  if (operation === undefined) throw new Error(`${path} is not in the document`)
  return operation
}

/** The paths of the fields in a schema that have no description. */
const undescribedFields = ({ properties = {}, items, anyOf = [] }: Schema, path = ""): string[] => [
  ...Object.entries(properties).flatMap(([name, field]) => [
    ...(field.description ? [] : [`${path}${name}`]),
    ...undescribedFields(field, `${path}${name}.`),
  ]),
  ...[...(items ? [items] : []), ...anyOf].flatMap((schema) => undescribedFields(schema, path)),
]

test.each(allProcedures)("every field and parameter of $path is described", ({ path }) => {
  const { parameters, requestBody, responses } = operationOf(path)
  const bodies = [requestBody, ...Object.values(responses)]
  const schemas = bodies.flatMap((body) => Object.values(body?.content ?? {}).map(({ schema }) => schema))
  expect(schemas.flatMap((schema) => undescribedFields(schema))).toEqual([])
  expect(parameters.filter(({ description }) => !description)).toEqual([])
})

test("each operation lists the credentials that it takes, and each of them is described", () => {
  const credentialsOf = (path: string) =>
    operationOf(path).security.map((scheme) => Object.keys(scheme).join())
  const byKey = ["apiKey", "apiKeyAsBearer"]
  expect(credentialsOf("auth.login")).toEqual([])
  expect(credentialsOf("auth.introspect")).toEqual([...byKey, "apiKeyAsPassword"])
  expect(credentialsOf("auth.verify")).toEqual(["accessToken", ...byKey])
  expect(credentialsOf("sessions.list")).toEqual(["accessToken"])
  expect(credentialsOf("apiKeys.create")).toEqual(["accessToken", "ownerToken", ...byKey])
  expect(credentialsOf("ownerTokens.create")).toEqual(byKey)
  expect(credentialsOf("admin.users.disable")).toEqual(["accessToken", ...byKey])
  expect(credentialsOf("admin.users.list")).toEqual(["accessToken"])

  const used = new Set([...operations.keys()].flatMap(credentialsOf))
  expect([...used].sort()).toEqual(Object.keys(securitySchemes).sort())
  expect(securitySchemes).toMatchObject({
    accessToken: { type: "http", scheme: "bearer" },
    apiKey: { type: "apiKey", name: "X-API-Key" },
    apiKeyAsPassword: { type: "http", scheme: "basic" },
  })
})

test("the headers that name an owner are parameters of the operations that read them", () => {
  const headersOf = (path: string) =>
    operationOf(path).parameters.filter(({ name }) => name.startsWith("Latchkey-"))
  for (const path of ["apiKeys.create", "apiKeys.list", "apiKeys.revoke", "ownerTokens.create"]) {
    const [onBehalfOf, actor, ...others] = headersOf(path)
    expect([onBehalfOf?.name, actor?.name, others]).toEqual(["Latchkey-On-Behalf-Of", "Latchkey-Actor", []])
    expect([onBehalfOf?.required, actor?.required]).toEqual([path === "ownerTokens.create", false])
    expect("host user%2042").toMatch(new RegExp(onBehalfOf?.schema.pattern ?? "$ "))
    expect("user_42").not.toMatch(new RegExp(onBehalfOf?.schema.pattern ?? ""))
  }
  expect(headersOf("auth.me")).toEqual([])
})

describe("each operation lists exactly the reasons with which it can fail", () => {
  /** These need an outage, a flood or scopes, which other tests make. */
  const NOT_PROVOKED = ["RATE_LIMITED", "UNAVAILABLE", "INSUFFICIENT_SCOPE"]

  let taken: Awaited<ReturnType<typeof register>>
  let user: RestCall
  let apiKey: RestCall
  /** A user with a second factor, and one who has begun to set it up. */
  let careful: Awaited<ReturnType<typeof registerWithApp>>
  let beginner: Awaited<ReturnType<typeof register>>
  let admin: RestCall
  let backend: RestCall
  /** The path of a key that another one replaces. */
  let replaced: string
  beforeAll(async () => {
    taken = await register(server.url)
    user = { accessToken: taken.accessToken }
    const { body } = await rest(server.url, "POST", "/auth/apikeys", { ...user, body: { label: "x" } })
    apiKey = { apiKey: body.key }
    replaced = `/auth/apikeys/${body.id}`
    await rest(server.url, "POST", `${replaced}/rotate`, { ...user, body: {} })
    careful = await registerWithApp(server.url)
    beginner = await register(server.url)
    await rest(server.url, "POST", "/auth/second-factor", {
      ...beginner,
      body: { currentPassword: beginner.password },
    })
    const administrator = await register(server.url)
    const sql = connect(server.shared.DATABASE_URL)
    await sql`update owners set role = 'admin' where id = ${administrator.user.id}`
    await sql.end()
    admin = { accessToken: administrator.accessToken }
    const scopes = ["latchkey:introspect", "latchkey:manage"]
    const created = await rest(server.url, "POST", "/auth/apikeys", {
      ...admin,
      body: { label: "x", scopes },
    })
    backend = { apiKey: created.body.key }
  })

  /** Calls that fail only with these inputs. */
  const ownCalls = (path: string): RestCall[] => {
    const { email, password } = taken
    const wrongCode = { currentPassword: password, recoveryCode: "x" }
    const calls: Record<string, RestCall[]> = {
      "auth.register": [
        { body: { email, password } },
        { body: { email: `x${email}`, password, session: "cookie" } },
      ],
      "auth.login": [
        { body: { email, password: "wrong" } },
        { body: { email, password, session: "cookie" } },
        { body: { email: careful.email, password: careful.password } },
      ],
      "auth.requestPasswordReset": [{ body: { email } }],
      "auth.resetPassword": [{ body: { token: "x", newPassword: "a long enough phrase" } }],
      "auth.verifyEmail": [{}, { accessToken: "x" }, apiKey, { ...user, ...apiKey }].map((credential) => ({
        ...credential,
        body: { token: "x" },
      })),
      "secondFactor.setUp": [
        { ...user, body: { currentPassword: "wrong" } },
        { ...careful, body: { currentPassword: careful.password } },
      ],
      "secondFactor.confirm": [
        { ...user, body: { totp: "1" } },
        { ...beginner, body: { totp: "1" } },
      ],
      "secondFactor.renewRecoveryCodes": [
        { ...user, body: wrongCode },
        { ...careful, body: wrongCode },
      ],
      "secondFactor.remove": [
        { ...user, body: wrongCode },
        { ...careful, body: wrongCode },
      ],
      "auth.refresh": [{ body: {} }, { headers: { cookie: "__Host-latchkey=x" } }],
      "auth.logout": [{ headers: { cookie: "__Host-latchkey=x" } }],
      "auth.changePassword": [
        { ...user, body: { currentPassword: "wrong", newPassword: "a long enough phrase" } },
      ],
      "ownerTokens.create": [{ ...backend, body: {} }],
      "apiKeys.create": [{ ...user, body: { label: "one more than allowed" } }],
    }
    return calls[path] ?? []
  }

  test.each(allProcedures)("$path", async ({ path, operation }) => {
    const url = operation.path.replaceAll(/\{\w+\}/g, randomUUID())
    const call = async (options: RestCall, query = "") =>
      (await rest(server.url, operation.method, url + query, options)).body?.reason as string | undefined
    const isMutation = operation.kind === "mutation"
    const invalid: RestCall = operation.oauth
      ? { body: "token=", headers: { "content-type": "application/x-www-form-urlencoded" } }
      : { body: { unknownField: "x" } }
    const callers = [{ ...user, ...apiKey }, {}, apiKey, user, admin]

    const reasons = new Set<string | undefined>()
    for (const credential of operation.oauth ? [...callers, backend] : callers) {
      reasons.add(
        isMutation ? await call({ ...credential, ...invalid }) : await call(credential, "?unknownField=x"),
      )
    }
    for (const options of ownCalls(path)) reasons.add(await call(options))
    if (path === "apiKeys.rotate") {
      reasons.add((await rest(server.url, "POST", `${replaced}/rotate`, { ...user, body: {} })).body.reason)
    }
    for (const credential of [{}, apiKey]) reasons.add(await call(credential))
    if (operation.params) reasons.add(await call(admin))
    if (isMutation) {
      reasons.add(await call({ ...user, body: "x", headers: { "content-type": "text/plain" } }))
      reasons.add(await call({ ...user, body: { unknownField: "x".repeat(70_000) } }))
    }

    const documented = Object.values(operationOf(path).responses).flatMap(({ description }) =>
      [...description.matchAll(/`([A-Z_]+)`: /g)].map(([, reason]) => reason),
    )
    const provoked = (all: Iterable<string | undefined>) =>
      [...all].filter((reason) => reason !== undefined && !NOT_PROVOKED.includes(reason)).sort()
    expect(provoked(reasons)).toEqual(provoked(documented))
  })
})
