import { createReadStream } from "node:fs"
import { open } from "node:fs/promises"
import { createInterface } from "node:readline"
import { parseArgs } from "node:util"
import { type ImportFormat, type ImportResult, importKeys } from "@latchkey/auth"
import { DatabaseUnusable } from "@latchkey/db"
import { issuer } from "../options/fields.ts"
import { readScopes } from "./env.ts"
import { createReport } from "./importReport.ts"
import type { Command } from "./io.ts"
import { explain, withDatabase } from "./withDatabase.ts"

/**
 * `import <file> [--dry-run] [--json] [--report <file>] [--issuer <issuer>] [--format better-auth|unkey] [--length <n>]`:
 * imports the keys of a file of JSON lines. Exits with 0 when every line is in the database, with 2 when some were refused.
 */
export const importFile: Command = async (args, { variables, print, printError, showProgress }) => {
  const parsed = parse(args)
  if (!parsed) return null
  if (typeof parsed === "string") {
    printError(parsed)
    return 1
  }
  const { file, isTrial, report: reportFile, ...options } = parsed
  const input = await open(file).catch(() => null)
  const size = await input?.stat().then((stat) => (stat.isFile() ? stat.size : null))
  if (!input || size === undefined || size === null) {
    await input?.close()
    printError("expected a file that can be read")
    return 1
  }
  const stream = createReadStream("", { fd: input })
  const report = await createReport(reportFile, printError).catch(() => null)
  if (!report) {
    stream.destroy()
    printError("--report: expected a file that can be written")
    return 1
  }
  try {
    const result = await withDatabase(variables, async (database) => {
      if ((await database.pendingMigrations()).length > 0)
        throw new DatabaseUnusable("the schema is not current; run latchkey migrate first")
      return importKeys(
        database.db,
        createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }),
        {
          ...{ ...options, isTrial, scopes: readScopes(variables), onRefused: report.add },
          onProgress: (lines) => showProgress?.(progressBar(stream.bytesRead / Math.max(size, 1), lines)),
        },
      )
    })
    showProgress?.("")
    report.summarize()
    print(options.isJson ? JSON.stringify({ dryRun: isTrial, ...result }) : summaryOf(result, isTrial))
    return result.refused > 0 ? 2 : 0
  } catch (error) {
    showProgress?.("")
    printError(explain(error, "the import"))
    printError("What was imported before remains. Run the command again to resume.")
    return 1
  } finally {
    stream.destroy()
    await report.close()
  }
}

const FORMATS: readonly string[] = ["latchkey", "better-auth", "unkey"] satisfies ImportFormat[]

const isFormat = (text: string): text is ImportFormat => FORMATS.includes(text)

/** The arguments; a text that says which of them is wrong; null if they are not of this command. */
function parse(args: string[]) {
  const given = parseOrNull(args)
  const [file, ...others] = given?.positionals ?? []
  if (!given || file === undefined || others.length > 0) return null
  const { format = "latchkey", length, issuer: named = "host", report, ...flags } = given.values
  if (!isFormat(format)) return "--format: expected better-auth or unkey"
  if (length !== undefined && !/^[1-9]\d{0,2}$/.test(length))
    return "--length: expected a number of characters"
  if (length !== undefined && format === "latchkey") return "--length: expected a --format"
  const checked = issuer.safeParse(named)
  if (!checked.success) return `--issuer: ${checked.error.issues[0]?.message}`
  return {
    ...{ file, format, report, issuer: checked.data },
    length: length === undefined ? undefined : Number(length),
    isTrial: flags["dry-run"] === true,
    isJson: flags.json === true,
  }
}

function parseOrNull(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        "dry-run": { type: "boolean" },
        json: { type: "boolean" },
        report: { type: "string" },
        issuer: { type: "string" },
        format: { type: "string" },
        length: { type: "string" },
      },
    })
  } catch {
    return null
  }
}

const WIDTH = 30

function progressBar(share: number, lines: number): string {
  const done = Math.round(Math.min(share, 1) * WIDTH)
  return `[${"#".repeat(done)}${".".repeat(WIDTH - done)}] ${Math.floor(Math.min(share, 1) * 100)} % ${lines} lines`
}

const summaryOf = ({ lines, imported, present, revoked, refused }: ImportResult, isTrial: boolean): string =>
  `${isTrial ? "would import" : "imported"} ${imported} of ${lines} lines; here already: ${present}; revoked here, and left so: ${revoked}; refused: ${refused}`
