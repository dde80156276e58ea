import { open } from "node:fs/promises"

/** How many refused lines are printed without a report. */
const MAX_PRINTED = 20

/** Where the refused lines of a file are named, with their numbers and reasons, and nothing of what they contain. */
export interface Report {
  add(line: number, reason: string): void
  /** Says how many were not printed. */
  summarize(): void
  close(): Promise<void>
}

/**
 * @param file receives a line of JSON for each; without it, the first ones are printed.
 * @throws if the file can't be written.
 */
export async function createReport(
  file: string | undefined,
  printError: (line: string) => void,
): Promise<Report> {
  if (file !== undefined) {
    const stream = (await open(file, "w")).createWriteStream()
    return {
      add: (line, reason) => void stream.write(`${JSON.stringify({ line, reason })}\n`),
      summarize() {},
      close: () => new Promise((resolve) => stream.end(() => resolve())),
    }
  }
  let refused = 0
  return {
    add(line, reason) {
      refused++
      if (refused <= MAX_PRINTED) printError(`line ${line}: ${reason}`)
    },
    summarize() {
      if (refused > MAX_PRINTED) printError(`and ${refused - MAX_PRINTED} more; --report <file> has them all`)
    },
    close: async () => {},
  }
}
