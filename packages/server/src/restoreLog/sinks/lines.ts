/** Longer than any line of a log. */
const MAX_LINE_BYTES = 64 * 1024 * 1024

/**
 * Splits text into lines at line feeds only, and skips empty lines.
 *
 * @throws {Error} if a line has more than 64 MiB.
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let pending: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of chunks) {
    let from = 0
    for (let at = chunk.indexOf(LINE_FEED); at !== -1; at = chunk.indexOf(LINE_FEED, from)) {
      const line = Buffer.concat([...pending, chunk.subarray(from, at)])
      if (line.length > 0) yield line.toString()
      pending = []
      bytes = 0
      from = at + 1
    }
    bytes += chunk.length - from
    if (bytes > MAX_LINE_BYTES) throw new Error("a line is too long")
    if (from < chunk.length) pending.push(chunk.subarray(from))
  }
  if (bytes > 0) yield Buffer.concat(pending).toString()
}

const LINE_FEED = 0x0a
