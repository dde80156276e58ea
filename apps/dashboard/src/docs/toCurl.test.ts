import { expect, test } from "vitest"
import type { Operation } from "./openApi.ts"
import { toCurl } from "./toCurl.ts"

const operation: Operation = {
  method: "POST",
  path: "/auth/apikeys/{key_id}/rotate",
  operationId: "apiKeys.rotate",
  tags: ["API keys"],
  summary: "",
  description: "",
  security: [{ accessToken: [] }, { apiKey: [] }],
  parameters: [{ name: "key_id", in: "path", required: true, schema: {}, example: "8e3e" }],
  requestBody: { required: false, content: { "application/json": { schema: {} } } },
  responses: {},
}

test("a call with a body and a credential", () => {
  expect(toCurl("https://keys.example", operation, { label: "it's" })).toBe(
    [
      "curl https://keys.example/auth/apikeys/8e3e/rotate \\",
      '  -H "Authorization: Bearer $ACCESS_TOKEN" \\',
      "  -H 'Content-Type: application/json' \\",
      `  -d '{"label":"it'\\''s"}'`,
    ].join("\n"),
  )
})

test("a call without a body, with a query and a required header", () => {
  const list: Operation = {
    ...operation,
    method: "DELETE",
    path: "/auth/apikeys",
    security: [{ apiKey: [] }],
    parameters: [
      { name: "limit", in: "query", required: false, schema: {}, example: 20 },
      { name: "cursor", in: "query", required: false, schema: {}, example: "abc" },
      { name: "Latchkey-On-Behalf-Of", in: "header", required: true, schema: {}, example: "host user_42" },
    ],
  }
  expect(toCurl("https://keys.example", list, undefined)).toBe(
    [
      "curl -X DELETE 'https://keys.example/auth/apikeys?limit=20' \\",
      '  -H "X-API-Key: $LATCHKEY_API_KEY" \\',
      "  -H 'Latchkey-On-Behalf-Of: host user_42'",
    ].join("\n"),
  )
})

test("a form", () => {
  const form: Operation = {
    ...operation,
    path: "/oauth/introspect",
    security: [{ apiKey: [] }],
    parameters: [],
    requestBody: { required: true, content: { "application/x-www-form-urlencoded": { schema: {} } } },
  }
  expect(toCurl("http://localhost:3000", form, { token: "abc" })).toBe(
    [
      "curl http://localhost:3000/oauth/introspect \\",
      '  -H "X-API-Key: $LATCHKEY_API_KEY" \\',
      "  --data-urlencode token=abc",
    ].join("\n"),
  )
})
