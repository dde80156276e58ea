import { constants, openSync, writeSync } from "node:fs"
import { isatty } from "node:tty"

/** A destination for pino. */
export interface LineWriter {
  /** Never blocks and never throws. */
  write(line: string): void
  /** The number of lines dropped since the start. */
  dropped(): number
}

/** Returns the text to write for one of pino's lines, or null for nothing. */
export type LineFormat = (line: string) => string | null

/** Bytes of lines to buffer while the disk is full or the reader has stopped reading. Further lines are dropped. */
const MAX_BUFFERED = 1_048_576

/**
 * Bytes that a pipe takes at once or not at all (POSIX, `PIPE_BUF`). Workers write to the same pipe, and a line of which only
 * a part was taken would go on behind a line of another worker.
 */
const PIPE_BUF = 4_096

/** Milliseconds between attempts to write the buffered lines. */
const RETRY_MS = 10

/** Milliseconds that buffered lines may delay the exit of the process. */
const EXIT_MS = 500

/**
 * Writes lines to standard output. A log that can't be written must not keep the server from serving or exiting
 * (https://github.com/moby/moby/issues/22502), so lines are buffered up to a limit and dropped beyond it. When writing
 * works again, a line reports how many were dropped.
 *
 * This uses neither a stream, which is unusable after its first error, nor the thread pool: a thread that is blocked in a
 * write keeps the process from exiting.
 *
 * @param format is applied to each line.
 */
export function createLineWriter(format: LineFormat = (line) => line): LineWriter {
  const target = openNonBlocking()
  const buffered: Buffer[] = []
  let bytesBuffered = 0
  let unreported = 0
  let dropped = 0
  let timer: NodeJS.Timeout | undefined

  /** Writes the buffered lines. Returns the code of the error that stopped it, if any. */
  function flush(): string | undefined {
    while (bytesBuffered > 0 || unreported > 0) {
      if (bytesBuffered === 0) {
        enqueue(describeDropped(unreported))
        unreported = 0
      }
      const bytes = takeLines()
      let written = 0
      try {
        written = writeSync(target, bytes)
        bytesBuffered -= written
      } catch (error) {
        return (error as NodeJS.ErrnoException).code
      } finally {
        if (written < bytes.length) buffered.unshift(bytes.subarray(written))
      }
    }
    return undefined
  }

  /** Removes as many lines from the buffer as a pipe takes at once, but at least one. */
  function takeLines(): Buffer {
    let [count, size] = [0, 0]
    for (const { length } of buffered) {
      if (count > 0 && size + length > PIPE_BUF) break
      count++
      size += length
    }
    const lines = buffered.splice(0, count)
    return count === 1 && lines[0] ? lines[0] : Buffer.concat(lines)
  }

  function enqueue(line: string) {
    const text = format(line)
    if (text === null) return
    const bytes = Buffer.from(text)
    buffered.push(bytes)
    bytesBuffered += bytes.length
  }

  function flushNowOrLater() {
    timer = flush() === undefined ? undefined : setTimeout(flushNowOrLater, RETRY_MS).unref()
  }

  process.on("exit", () => {
    const deadline = performance.now() + EXIT_MS
    // Only a slow reader is worth waiting for.
    while (flush() === "EAGAIN" && performance.now() < deadline) sleep(RETRY_MS)
  })

  return {
    write(line) {
      if (timer && (unreported > 0 || bytesBuffered + line.length > MAX_BUFFERED)) {
        unreported++
        dropped++
        return
      }
      enqueue(line)
      if (!timer) flushNowOrLater()
    },
    dropped: () => dropped,
  }
}

/**
 * Opens standard output so that writes fail with EAGAIN instead of blocking. Writes to files never block, and fail if the
 * disk is full.
 */
function openNonBlocking(): number {
  if (isatty(1)) {
    try {
      return openSync("/dev/fd/1", constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
    } catch {
      // Another user's terminal can't be opened. The inherited descriptor blocks while the terminal is paused.
      return 1
    }
  }
  // Node makes a pipe or socket non-blocking when `process.stdout` is first read, and offers no other way to do so.
  return process.stdout.fd
}

/** A line in pino's format. */
const describeDropped = (lines: number) =>
  `${JSON.stringify({ level: 40, time: Date.now(), msg: `${lines} log lines dropped` })}\n`

const sleep = (milliseconds: number) =>
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
