import { expect, test } from "vitest"
import { createOpenApiDocument } from "./openapi.ts"
import { restOperations, servedOperations } from "./restOperations.ts"

const pathsOf = (passwords: "on" | "off") =>
  Object.keys(createOpenApiDocument("1.0.0", { passwords }).paths).sort()

test("without accounts of Latchkey's own, their routes are neither served nor documented", () => {
  expect(servedOperations("on")).toEqual(restOperations)
  expect(pathsOf("off")).toEqual([
    "/auth/admin/apikeys",
    "/auth/admin/apikeys/revoke-where",
    "/auth/admin/apikeys/{key_id}",
    "/auth/admin/users",
    "/auth/admin/users/disable",
    "/auth/admin/users/enable",
    "/auth/admin/users/erase",
    "/auth/admin/users/{user_id}",
    "/auth/admin/users/{user_id}/disable",
    "/auth/admin/users/{user_id}/enable",
    "/auth/apikeys",
    "/auth/apikeys/leaked",
    "/auth/apikeys/usage",
    "/auth/apikeys/{key_id}",
    "/auth/apikeys/{key_id}/rotate",
    "/auth/apikeys/{key_id}/usage",
    "/auth/audit",
    "/auth/me",
    "/auth/owner-tokens",
    "/auth/verify",
    "/oauth/introspect",
  ])
})

test("a procedure with two routes has an operation id and an input for each route", () => {
  const routes = restOperations.filter(({ procedure }) => procedure === "admin.users.disable")
  expect(
    routes.map(({ operationId, path, input }) => [operationId, path, Object.keys(input?.properties ?? {})]),
  ).toEqual([
    ["admin.users.disable", "/auth/admin/users/{user_id}/disable", ["id"]],
    ["admin.users.disableBySubject", "/auth/admin/users/disable", ["issuer", "subject"]],
  ])
})
