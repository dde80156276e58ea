import type { Keyring } from "@latchkey/auth"
import { type LogLine, readLine } from "./logLine.ts"
import { type LogSink, ObjectGone } from "./sinks/logSink.ts"

export interface ScannedLine {
  line: LogLine
  mac: string
  /** Whether it is signed with the current secret. */
  isCurrent: boolean
}

export interface Unread {
  /** Lines that are torn or were changed. */
  unreadable: number
  /** Lines that are signed with a secret that is not configured. */
  unknownSecret: number
}

/** It is rare that objects are replaced more than once while they are read. */
const ATTEMPTS = 10

/**
 * Reads all lines of a log, in no particular order, and some of them twice. Lines that can't be read are skipped: their changes
 * are missing, unless another line has them.
 *
 * @param options.names by default, all objects.
 * @param options.unread counts the lines that are skipped.
 * @throws {RestoreLogError} if the log can't be read.
 * @throws {ObjectGone} if one of the named objects is gone.
 */
export async function* scanLog(
  { sink, keyring }: { sink: LogSink; keyring: Keyring },
  { names, unread }: { names?: readonly string[] | undefined; unread?: Unread } = {},
): AsyncGenerator<ScannedLine> {
  const done = new Set<string>()
  let isWhole = false
  for (let attempt = 1; !isWhole; attempt++) {
    isWhole = true
    for (const name of names ?? (await sink.list())) {
      if (done.has(name)) continue
      try {
        for await (const text of sink.read(name)) {
          const read = readLine(text, keyring)
          if (typeof read !== "string") yield read
          else if (unread) unread[read]++
        }
        done.add(name)
      } catch (error) {
        // Another process has just replaced it by an object that the next list has.
        if (!(error instanceof ObjectGone) || names || attempt === ATTEMPTS) throw error
        isWhole = false
      }
    }
  }
}
