import { fileURLToPath } from "node:url"
import { codeBlock, createTestDatabase } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { newSecret, registerWithKey, rest, spawnBuiltServer } from "../testServer.ts"
import { startCollector } from "./startCollector.ts"

/** What the page has the operator set, with a smaller SDK and the test's collector. */
function variablesOf(collector: string) {
  const exports = [
    ...codeBlock("docs/operations.md", "sh", "Traces").matchAll(/(?:^export |\s)([A-Z_]+)=("[^"]+"|\S+)/gm),
  ]
  const documented = Object.fromEntries(
    exports.map(([, name = "", value = ""]) => [name, value.replaceAll('"', "")] as const),
  )
  expect(Object.keys(documented)).toEqual([
    "NODE_OPTIONS",
    "OTEL_SERVICE_NAME",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
  ])
  return {
    ...documented,
    NODE_OPTIONS: String(documented.NODE_OPTIONS).replace(/\/opt\S+/, register),
    OTEL_EXPORTER_OTLP_ENDPOINT: collector,
  }
}

const register = fileURLToPath(new URL("register.mjs", import.meta.url))

test.each(["1", "2"])(
  "with WORKERS=%s, NODE_OPTIONS=--import of an SDK traces requests",
  async (WORKERS) => {
    await using collector = await startCollector()
    await using database = await createTestDatabase(inject("postgresUrl"))
    const server = spawnBuiltServer({
      WORKERS,
      DATABASE_URL: database.url,
      AUTH_SECRET: newSecret(),
      ...variablesOf(collector.url),
    })
    const url = await server.url
    const { apiKey } = await registerWithKey(url)
    const traceId = "4bf92f3577b34da6a3ce929d0e0e4736"
    const parent = "00f067aa0ba902b7"

    const headers = { traceparent: `00-${traceId}-${parent}-01` }
    expect((await rest(url, "GET", "/auth/me", { apiKey, headers })).status).toBe(200)

    const traced = () => collector.spans.filter((span) => span.traceId === traceId)
    await expect
      .poll(
        () =>
          traced()
            .map(({ name }) => name)
            .sort(),
        { timeout: 10_000 },
      )
      .toEqual(["GET /auth/me", "SELECT api_keys", "latchkey.authenticate", "latchkey.read apiKeys"])
    const request = traced().find(({ name }) => name === "GET /auth/me")
    expect(request?.parentSpanId).toBe(parent)
    expect(JSON.stringify(collector.spans)).not.toContain(apiKey.slice(16))
    server.child.kill("SIGTERM")
    expect(await server.exited).toEqual({ code: 0, signal: null })
  },
  180_000,
)
