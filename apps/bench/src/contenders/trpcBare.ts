import { randomUUID } from "node:crypto"
import { createServer } from "node:http"
import { appRouter, createContext } from "@latchkey/api"
import { callTRPCProcedure } from "@trpc/server"
import { port } from "./parts/environment.ts"
import { openAuth } from "./parts/fixedCaller.ts"

const { serialize } = appRouter._def._config.transformer.output

/** The lower bound of a tRPC call: one procedure of the router, without adapter and framework. */
createServer(async (request, response) => {
  const ctx = createContext(openAuth, {
    headers: { get: (name) => request.headers[name]?.toString() ?? null },
    requestId: randomUUID(),
    address: () => "127.0.0.1",
  })
  const data = await callTRPCProcedure({
    router: appRouter,
    path: "auth.me",
    type: "query",
    getRawInput: async () => undefined,
    ctx,
    signal: undefined,
    batchIndex: 0,
  })
  const body = JSON.stringify({ result: { data: serialize(data) } })
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) })
  response.end(body)
}).listen(port(), "127.0.0.1")
