import { createServer } from "node:http"
import { port } from "./parts/environment.ts"
import { fixedCaller } from "./parts/fixedCaller.ts"

const { owner, scopes, via } = fixedCaller

/** The lower bound: plain `node:http` with a response of the same size. */
createServer((_, response) => {
  const json = { ...owner, scopes, via, apiKeyId: "6f1c8f0a-3b51-4f5e-9a57-2f2a4a1f7d10" }
  const body = JSON.stringify({ result: { data: { json, meta: { values: { createdAt: ["Date"] } } } } })
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) })
  response.end(body)
}).listen(port(), "127.0.0.1")
