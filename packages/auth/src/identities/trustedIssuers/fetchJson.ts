import { get as getHttp, type IncomingHttpHeaders, type IncomingMessage } from "node:http"
import { get as getHttps } from "node:https"
import { gunzipSync } from "node:zlib"

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
    const response = await get(url)
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

/**
 * Not by `fetch`: a response with more than five content codings, whose connection then ends, makes it emit an error that
 * nothing can catch, and the process exits.
 */
function get(url: string): Promise<IncomingMessage> {
  const send = new URL(url).protocol === "https:" ? getHttps : getHttp
  return new Promise((resolve, reject) => {
    const headers = { accept: "application/json", "accept-encoding": "identity" }
    send(url, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) }, resolve).on("error", reject)
  })
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
