import { createReadStream } from "node:fs"
import { mkdir, readdir } from "node:fs/promises"
import { join } from "node:path"
import { createInterface } from "node:readline"
import type { Keyring } from "@latchkey/auth"
import type { LoggedChange } from "@latchkey/db"
import { type LogLine, readLine } from "./logLine.ts"
import { joinRanges, type Range } from "./ranges.ts"
import { codeOf, unusableFolder } from "./restoreLogError.ts"

/** What a restore log has. */
export interface ReadLog {
  /** The deployments that have more in it than a beginning, the last one at the end. */
  deployments: string[]
  /** From where on it has all changes; null if there is no beginning. */
  begin: Range | null
  /** What it has, from there on if there is a beginning. More than one range: changes are missing between them. */
  ranges: Range[]
  /** The last change of each subject and kind after the position that was asked for. */
  changes: LoggedChange[]
  /** Lines that are torn or were changed. */
  unreadable: number
  /** Lines that are signed with a secret that is not configured. */
  unknownSecret: number
  /** Whether all lines are signed with the current secret. */
  isSignedAnew: boolean
}

const ENDING = ".ndjson"

/** The names of a log's files, in the order of their creation. Creates the folder if it is missing. */
export async function listFiles(folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  return (await readdir(folder)).filter((name) => name.endsWith(ENDING)).sort()
}

interface ReadOptions {
  keyring: Keyring
  /** Whose lines count. */
  deploymentId: string | null
  /** The position after which changes are collected. */
  after: number
  /** By default, all files. */
  files?: readonly string[]
}

const ATTEMPTS = 5

/**
 * Reads a log. Lines that can't be read are left out: what they had is missing, unless another line has it.
 *
 * @throws {RestoreLogError} if the folder can't be read.
 */
export async function readLog(folder: string, options: ReadOptions): Promise<ReadLog> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await readOnce(folder, options)
    } catch (error) {
      // Another instance has just replaced some of the files by one.
      const isGone = codeOf(error) === "ENOENT"
      if (!isGone || options.files || attempt === ATTEMPTS) throw unusableFolder(error)
    }
  }
}

async function readOnce(
  folder: string,
  { keyring, deploymentId, after, files }: ReadOptions,
): Promise<ReadLog> {
  const deployments = new Set<string>()
  const ranges: Range[] = []
  const begins: Range[] = []
  const parts = new Set<string>()
  const changes = new Map<string, LoggedChange>()
  const counts = { unreadable: 0, unknownSecret: 0 }
  let isSignedAnew = true

  function take(line: LogLine, mac: string) {
    if (!("begins" in line)) {
      deployments.delete(line.deployment)
      deployments.add(line.deployment)
    }
    if (line.deployment !== deploymentId) return
    for (const change of line.changes) {
      const known = changes.get(`${change.kind} ${change.id}`)
      if (change.position > after && change.position >= (known?.position ?? 0))
        changes.set(`${change.kind} ${change.id}`, change)
    }
    if (!("to" in line)) parts.add(mac)
    else if (line.parts?.every((part) => parts.has(part)) ?? true) {
      const { from, to, at } = line
      ;(line.begins ? begins : ranges).push({ from, to, at })
    } else counts.unreadable++
  }

  for (const name of files ?? (await listFiles(folder))) {
    for await (const text of linesOf(join(folder, name))) {
      const read = readLine(text, keyring)
      if (typeof read === "string") counts[read]++
      else {
        take(read.line, read.mac)
        isSignedAnew &&= read.isCurrent
      }
    }
  }
  const [begin = null] = begins.sort((a, b) => b.to - a.to)
  return {
    deployments: [...deployments],
    begin,
    ranges: joinRanges(begin ? [begin, ...ranges] : ranges).filter(({ to }) => to >= (begin?.to ?? 0)),
    changes: [...changes.values()],
    ...counts,
    isSignedAnew,
  }
}

async function* linesOf(path: string) {
  const lines = createInterface({
    input: createReadStream(path, "utf8"),
    crlfDelay: Number.POSITIVE_INFINITY,
  })
  for await (const line of lines) if (line !== "") yield line
}
