import { createReadStream } from "node:fs"
import { constants, open } from "node:fs/promises"
import { type ImportFormat, type ImportResult, importKeys } from "@latchkey/auth"
import { codeOf } from "@latchkey/db"
import { issuer } from "../options/fields.ts"
import { defineCommand, failure } from "./command.ts"
import { readScopes } from "./env.ts"
import { createReport } from "./importReport.ts"
import { COMMAND_LINE } from "./io.ts"
import { explain, withCurrentDatabase } from "./withDatabase.ts"

/**
 * `import <file>`: imports the keys of a file of JSON lines. Exits with 0 when every line is in the database, with 2 when
 * some were refused.
 */
export const importFile = defineCommand({
  about: "Imports the keys of another system, from a file with a line of JSON for each.",
  operands: "<file.ndjson>",
  least: 1,
  options: {
    "dry-run": { type: "boolean", about: "store nothing" },
    report: { type: "string", value: "<file>", about: "write the refused lines' numbers and reasons there" },
    issuer: { type: "string", value: "<issuer>", about: "whose subjects the owners are; host by default" },
    format: { type: "string", value: "<better-auth | unkey>", about: "the rows are those of that product" },
    length: { type: "string", value: "<characters>", about: "how long the keys are, for a --format" },
  },
  exitsWith2: "some lines were refused",
  subject: "the import",
  async run({ operands: [file = ""], options }, { variables, printError, showProgress }) {
    const { isTrial, ...checked } = check(options)
    // Opening a named pipe would wait for a writer, who may never come.
    const input = await open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => null)
    const size = await input?.stat().then((stat) => (stat.isFile() ? stat.size : null))
    if (!input || size === undefined || size === null) {
      await input?.close()
      throw failure("expected a file that can be read")
    }
    const stream = createReadStream("", { fd: input })
    const report = await createReport({ file: options.report, input }, printError).catch((error) => {
      stream.destroy()
      throw error
    })
    try {
      const result = await withCurrentDatabase(variables, (database) =>
        importKeys(database.db, stream, {
          ...{
            ...checked,
            isTrial,
            actor: COMMAND_LINE,
            scopes: readScopes(variables),
            onRefused: report.add,
          },
          onProgress: (lines) => showProgress?.(progressBar(stream.bytesRead / Math.max(size, 1), lines)),
        }),
      )
      showProgress?.("")
      report.summarize()
      const isReported = await report.close()
      const error = "--report: not all refused lines could be written"
      return {
        ...(!isReported && { errors: [error] }),
        exitCode: result.refused > 0 ? 2 : 0,
        lines: [summaryOf(result, isTrial)],
        json: { dryRun: isTrial, ...result, ...(!isReported && { error }) },
      }
    } catch (error) {
      showProgress?.("")
      throw failure(
        error === stream.errored
          ? `the file can't be read to its end (${codeOf(error)})`
          : explain(error, "the import"),
        "What was imported before remains. Run the command again to resume.",
      )
    } finally {
      stream.destroy()
      await report.close()
    }
  },
})

const FORMATS: readonly string[] = ["latchkey", "better-auth", "unkey"] satisfies ImportFormat[]

const isFormat = (text: string): text is ImportFormat => FORMATS.includes(text)

interface Given {
  "dry-run"?: boolean
  issuer?: string
  format?: string
  length?: string
}

/** @throws {CommandFailure} that says which of the options is wrong. */
function check({ format = "latchkey", length, issuer: named = "host", ...flags }: Given) {
  if (!isFormat(format)) throw failure("--format: expected better-auth or unkey")
  if (length !== undefined && !/^[1-9]\d{0,2}$/.test(length))
    throw failure("--length: expected a number of characters")
  if (length !== undefined && format === "latchkey") throw failure("--length: expected a --format")
  const checked = issuer.safeParse(named)
  if (!checked.success) throw failure(`--issuer: ${checked.error.issues[0]?.message}`)
  return {
    ...{ format, issuer: checked.data },
    length: length === undefined ? undefined : Number(length),
    isTrial: flags["dry-run"] === true,
  }
}

const WIDTH = 30

function progressBar(share: number, lines: number): string {
  const done = Math.round(Math.min(share, 1) * WIDTH)
  return `[${"#".repeat(done)}${".".repeat(WIDTH - done)}] ${Math.floor(Math.min(share, 1) * 100)} % ${lines} lines`
}

const summaryOf = ({ lines, imported, present, revoked, refused }: ImportResult, isTrial: boolean): string =>
  `${isTrial ? "would import" : "imported"} ${imported} of ${lines} lines; here already: ${present}; revoked here, and left so: ${revoked}; refused: ${refused}`
