const TIMEOUT_MS = 5_000
const MAX_BYTES = 256 * 1024

/**
 * Fetches a JSON object. Follows no redirects, which could lead away from the trusted server, and bounds the time and
 * the size of the response.
 *
 * @throws when there is no such response; the message names the URL.
 */
export async function fetchJson(url: string): Promise<{ body: Record<string, unknown>; headers: Headers }> {
  try {
    const response = await fetch(url, {
      headers: { accept: "application/json" },
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    if (response.status !== 200) {
      await response.body?.cancel()
      throw new Error(`status ${response.status}`)
    }
    const body: unknown = JSON.parse(await readText(response))
    if (typeof body !== "object" || body === null || Array.isArray(body)) throw new Error("not a JSON object")
    return { body: body as Record<string, unknown>, headers: response.headers }
  } catch (cause) {
    throw new Error(`${url} could not be fetched`, { cause })
  }
}

async function readText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body ?? []) {
    size += chunk.byteLength
    if (size > MAX_BYTES) throw new Error(`larger than ${MAX_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
