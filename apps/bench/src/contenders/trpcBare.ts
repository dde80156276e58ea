import { createServer } from "node:http"
import { callProcedure, createContext, openSource, RequestState, serializeOutput } from "@latchkey/api"
import { port } from "./parts/environment.ts"
import { openAuth } from "./parts/fixedCaller.ts"

/** The lower bound of a tRPC call: one procedure of the router, without adapter and framework. */
createServer(async (request, response) => {
  const headers = { get: (name: string) => request.headers[name]?.toString() ?? null } as Headers
  const data = await callProcedure("auth.me", {
    kind: "query",
    ctx: createContext(openSource(openAuth), new RequestState({ headers, peerAddress: "127.0.0.1" })),
    getRawInput: async () => undefined,
  })
  const body = JSON.stringify({ result: { data: serializeOutput(data) } })
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) })
  response.end(body)
}).listen(port(), "127.0.0.1")
