import { type FileHandle, open } from "node:fs/promises"
import { finished } from "node:stream"
import { failure } from "./command.ts"

/** How many refused lines are printed without a report. */
const MAX_PRINTED = 20

/** Receives the refused lines of a file, with their numbers and reasons, but not their contents. */
export interface Report {
  add(line: number, reason: string): void
  /** Prints how many were not printed. */
  summarize(): void
  /** @returns whether everything has been written. */
  close(): Promise<boolean>
}

/**
 * @param file receives a line of JSON for each; without it, the first ones are printed.
 * @param input the file that is imported, which must not be overwritten.
 * @throws {CommandFailure} if the file can't be written, or is the input, also by another name.
 */
export async function createReport(
  { file, input }: { file: string | undefined; input: FileHandle },
  printError: (line: string) => void,
): Promise<Report> {
  if (file !== undefined) return reportTo(await openFor(file, input))
  let refused = 0
  return {
    add(line, reason) {
      refused++
      if (refused <= MAX_PRINTED) printError(`line ${line}: ${reason}`)
    },
    summarize() {
      if (refused > MAX_PRINTED) printError(`and ${refused - MAX_PRINTED} more; --report <file> has them all`)
    },
    close: async () => true,
  }
}

async function openFor(file: string, input: FileHandle): Promise<FileHandle> {
  // For appending, as a file that is opened for writing is empty before it can be compared.
  const output = await open(file, "a").catch(() => null)
  if (!output) throw failure("--report: expected a file that can be written")
  const [written, read] = await Promise.all([output.stat(), input.stat()])
  if (written.dev === read.dev && written.ino === read.ino) {
    await output.close()
    throw failure("--report: expected another file than the one that is imported")
  }
  if (written.isFile()) await output.truncate()
  return output
}

function reportTo(output: FileHandle): Report {
  const stream = output.createWriteStream()
  let isComplete = true
  stream.on("error", () => {
    isComplete = false
  })
  return {
    add: (line, reason) => void stream.write(`${JSON.stringify({ line, reason })}\n`),
    summarize() {},
    close: () =>
      new Promise((resolve) => {
        finished(stream, () => resolve(isComplete))
        stream.end()
      }),
  }
}
