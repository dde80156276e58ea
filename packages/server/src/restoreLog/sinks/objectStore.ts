/** A store of objects with names that are not secret. Every call ends in bounded time. */
export interface ObjectStore {
  /** For messages, without secrets. */
  readonly place: string
  /** The names of all objects. @throws {RestoreLogError} */
  list(): Promise<string[]>
  /** @throws {RestoreLogError} */
  read(name: string): AsyncIterable<Uint8Array>
  /** Stores an object, and replaces it if it exists. It is durable when it resolves. @throws {RestoreLogError} */
  put(name: string, text: string): Promise<void>
  /** @throws {RestoreLogError} */
  remove(name: string): Promise<void>
}

/** How long a store may take. */
export interface StoreTimes {
  /** Milliseconds to change an object, 10,000 by default. Calls wait for less. */
  writeMs?: number
  /** Milliseconds until a list, or an object, has arrived, 60,000 by default. */
  readMs?: number
}

export const WRITE_MS = 10_000
export const READ_MS = 60_000

/** The largest objects that processes write are far smaller. */
export const MAX_OBJECT_BYTES = 256 * 1024 * 1024

/** Enough for the names of half a million objects. */
export const MAX_LIST_BYTES = 32 * 1024 * 1024

/** @throws {Error} once there are more bytes. */
export async function* upTo(maxBytes: number, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw new Error(`more than ${maxBytes} bytes`)
    yield chunk
  }
}

/** @throws {Error} once there are more bytes. */
export async function textOf(maxBytes: number, chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = []
  for await (const chunk of upTo(maxBytes, chunks)) all.push(chunk)
  return Buffer.concat(all).toString()
}
