import { constants, openSync, writeSync } from "node:fs"
import { isatty } from "node:tty"

/** Where the log goes, as pino writes to it. */
export interface LineWriter {
  /** Never blocks and never throws. */
  write(line: string): void
  /** How many lines have been dropped since the start. */
  dropped(): number
}

/** Bytes of lines that wait for a full disk, or for a reader that has stopped reading. Further lines are dropped. */
const MAX_WAITING = 1_048_576

/** Milliseconds between attempts to write the lines that wait. */
const RETRY_MS = 10

/** Milliseconds that the lines that wait may hold up the end of the process. */
const EXIT_MS = 500

/**
 * Writes lines to standard output. A log that can't be written must not stop the server from serving or from
 * ending (https://github.com/moby/moby/issues/22502), so lines that can't be written now wait, up to a limit. The
 * lines beyond it are dropped, and when writing works again, a line says how many.
 *
 * Not through a stream or the thread pool: a thread that is blocked in a write keeps the process from exiting, and a
 * stream is lost with its first error.
 */
export function createLineWriter(): LineWriter {
  const target = openNonBlocking()
  let waiting: Buffer[] = []
  let bytesWaiting = 0
  let unreported = 0
  let dropped = 0
  let timer: NodeJS.Timeout | undefined

  /** Writes what waits. Returns the code of the error that stopped it. */
  function flush(): string | undefined {
    while (bytesWaiting > 0 || unreported > 0) {
      if (bytesWaiting === 0) {
        enqueue(describeDropped(unreported))
        unreported = 0
      }
      const bytes = waiting.length === 1 && waiting[0] ? waiting[0] : Buffer.concat(waiting)
      try {
        bytesWaiting -= writeSync(target, bytes)
      } catch (error) {
        waiting = [bytes]
        return (error as NodeJS.ErrnoException).code
      }
      waiting = bytesWaiting > 0 ? [bytes.subarray(-bytesWaiting)] : []
    }
    return undefined
  }

  function enqueue(line: string) {
    const bytes = Buffer.from(line)
    waiting.push(bytes)
    bytesWaiting += bytes.length
  }

  function flushNowOrLater() {
    timer = flush() === undefined ? undefined : setTimeout(flushNowOrLater, RETRY_MS).unref()
  }

  process.on("exit", () => {
    const deadline = performance.now() + EXIT_MS
    // Only a reader that is slow is worth waiting for.
    while (flush() === "EAGAIN" && performance.now() < deadline) sleep(RETRY_MS)
  })

  return {
    write(line) {
      if (timer && (unreported > 0 || bytesWaiting + line.length > MAX_WAITING)) {
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
 * A descriptor of standard output that fails with EAGAIN where a write would block. A file on a disk does not block,
 * it fails.
 */
function openNonBlocking(): number {
  if (isatty(1)) {
    try {
      return openSync("/dev/fd/1", constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
    } catch {
      // Another user's terminal can only be written to through its own descriptor, which blocks while it is paused.
      return 1
    }
  }
  // Node makes a pipe or socket non-blocking when it first opens this stream, and has no other way to ask for that.
  return process.stdout.fd
}

/** In the form of pino's lines. */
const describeDropped = (lines: number) =>
  `${JSON.stringify({ level: 40, time: Date.now(), msg: `${lines} log lines dropped` })}\n`

const sleep = (milliseconds: number) =>
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
