import type { IncomingHttpHeaders, IncomingMessage } from "node:http"
import { gunzipSync } from "node:zlib"
import { sendRequest } from "../../sendRequest.ts"

const TIMEOUT_MS = 5_000
const MAX_BYTES = 256 * 1024

/**
 * Fetches a JSON object. Follows no redirects, which could lead away from the trusted server, and bounds the time and
 * the size of the response.
 *
 * @throws when there is no such response; the message names the URL.
 */
export async function fetchJson(
  url: string,
): Promise<{ body: Record<string, unknown>; headers: IncomingHttpHeaders }> {
  try {
    const response = await sendRequest(url, { headers: { accept: "application/json" }, ms: TIMEOUT_MS })
    const { statusCode, headers } = response
    if (statusCode !== 200) {
      response.destroy()
      throw new Error(`status ${statusCode}`)
    }
    const body: unknown = JSON.parse(await readText(response))
    if (typeof body !== "object" || body === null || Array.isArray(body)) throw new Error("not a JSON object")
    return { body: body as Record<string, unknown>, headers }
  } catch (cause) {
    throw new Error(`${url} could not be fetched`, { cause })
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength
    if (size > MAX_BYTES) throw new Error(`larger than ${MAX_BYTES} bytes`)
    chunks.push(chunk)
  }
  const bytes = Buffer.concat(chunks)
  // Some hosts of static files send what they have stored, whatever the request accepts.
  const isGzip = response.headers["content-encoding"] === "gzip"
  return (isGzip ? gunzipSync(bytes, { maxOutputLength: MAX_BYTES }) : bytes).toString()
}
