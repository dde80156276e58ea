import { once } from "node:events"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { initTRPC } from "@trpc/server"
import { createHTTPHandler } from "@trpc/server/adapters/standalone"
import { latchkeyHandler } from "../../src/adapters/node.ts"
import { createServer as createLatchkey } from "../../src/createServer.ts"
import { LIBRARY } from "../../src/internals.ts"
import { readOptions } from "../../src/options/readOptions.ts"
import type { Caller } from "../../src/types.ts"
import { LOWEST_BCRYPT_COST } from "../startLatchkey.ts"
import { type ConfiguredKeys, ROOT, TRAINEE } from "./callers.ts"
import { DECLARED } from "./expected.ts"
import {
  DECLARED_ASKS,
  FRAMEWORKS,
  type Framework,
  frameworks,
  type Latchkey,
  requirementOf,
} from "./frameworks.ts"

/** The product's own tRPC router, with a procedure for each list of scopes, and Latchkey's own. */
function createRouter(latchkey: Latchkey) {
  const t = initTRPC.context<ReturnType<typeof latchkey.createContext>>().create({
    errorFormatter: ({ shape, error }) => ({
      ...shape,
      data: { ...shape.data, reason: (error.cause as { reason?: string } | undefined)?.reason },
    }),
  })
  const procedures = DECLARED_ASKS.map((ask) => {
    const required = t.procedure.concat(latchkey.requires(requirementOf(ask)))
    return [ask.path, required.query(({ ctx }): Caller => ctx.caller)] as const
  })
  return t.router({ ...Object.fromEntries(procedures), latchkey: latchkey.router })
}

async function listening(server: Server) {
  if (!server.listening) await once(server, "listening")
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

/**
 * Starts a product with a Latchkey that serves every kind of caller: over `node:http` Latchkey's own handler at
 * `/latchkey` and the product's tRPC procedures at `/trpc`, and guarded routes on each framework.
 */
export async function startProduct({
  databaseUrl,
  secret,
  issuer,
  configured,
}: {
  databaseUrl: string
  secret: string
  issuer: string
  configured: ConfiguredKeys
}) {
  const settings = readOptions({
    ...{ databaseUrl, secret, scopes: DECLARED, passwords: "on", migrate: "auto", adminSubjects: [ROOT] },
    identify: (headers) => JSON.parse(headers.get("x-test-user") ?? "null"),
    scopesOf: ({ subject }) => (subject === TRAINEE ? ["reports:read"] : DECLARED),
    trustedIssuers: [{ issuer, audience: "api", scopeClaim: "scope", manage: "any" }],
  })
  const created = createLatchkey(settings, {
    ...LIBRARY,
    bcryptCost: LOWEST_BCRYPT_COST,
    mountedAt: settings.basePath,
    configuredKeys: { bootstrap: [configured.bootstrap], introspection: [configured.introspection] },
  })
  const latchkey = created.latchkey as unknown as Latchkey
  const trpc = createHTTPHandler({
    router: createRouter(latchkey),
    createContext: latchkey.createContext,
    basePath: "/trpc/",
  })
  const handle = latchkeyHandler(latchkey)
  const main = await listening(
    createServer((request, response) =>
      request.url?.startsWith("/trpc/") ? trpc(request, response) : handle(request, response),
    ).listen(0, "127.0.0.1"),
  )
  const guarded = new Map<Framework, Awaited<ReturnType<typeof listening>>>()
  for (const name of FRAMEWORKS) guarded.set(name, await listening(await frameworks[name](latchkey)))
  return {
    latchkey,
    url: main.url,
    guardUrl: (name: Framework) => guarded.get(name)?.url ?? "",
    async [Symbol.asyncDispose]() {
      for (const { server } of [main, ...guarded.values()]) {
        server.close()
        server.closeAllConnections()
      }
      await latchkey.close()
    },
  }
}

export type Product = Awaited<ReturnType<typeof startProduct>>
