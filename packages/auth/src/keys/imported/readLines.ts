/** Longer lines can't be keys. */
const MAX_BYTES = 65_536

/** The text of a line, or the reason why there is none. */
export type Line = { text: string } | { refusal: string }

/**
 * Splits a file into lines, which end with a line feed. However long a line is, it takes only a limited amount of
 * memory.
 *
 * This does not use `node:readline`, which keeps lines of any length, repairs invalid UTF-8, so that different
 * subjects become the same, and also splits at U+2028, which a JSON text may contain.
 */
export async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  let parts: Uint8Array[] = []
  let bytes = 0

  function add(part: Uint8Array) {
    bytes += part.length
    if (bytes <= MAX_BYTES) parts.push(part)
  }

  function take(): Line {
    const line = bytes > MAX_BYTES ? TOO_LONG : decode(Buffer.concat(parts))
    parts = []
    bytes = 0
    return line
  }

  for await (const chunk of chunks) {
    let begin = 0
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, begin)) {
      add(chunk.subarray(begin, end))
      yield take()
      begin = end + 1
    }
    add(chunk.subarray(begin))
  }
  if (bytes > 0) yield take()
}

const LINE_FEED = 10

const TOO_LONG: Line = { refusal: "expected a line of at most 64 KiB" }

const decoder = new TextDecoder("utf-8", { fatal: true })

function decode(line: Uint8Array): Line {
  try {
    return { text: decoder.decode(line) }
  } catch {
    return { refusal: "expected UTF-8" }
  }
}
