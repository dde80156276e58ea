import { describeError } from "@latchkey/api"
import pino from "pino"
import { expect, test } from "vitest"
import { createTerminalFormat } from "./terminalFormat.ts"

/** What a terminal shows of the lines that `write` logs. */
function shown(write: (log: pino.Logger) => void, logLevel = "info") {
  const format = createTerminalFormat(logLevel)
  let text = ""
  const output = {
    write(line: string) {
      text += format(line) ?? ""
    },
  }
  write(pino({ level: logLevel, base: null }, output))
  return text
}

const request = { requestId: "id", method: "GET", route: "/auth/me", status: 401, durationMs: 1.5 }

test("the start is one line with the URL, the database, and who becomes administrator", () => {
  const start = { url: "http://localhost:3000", database: "embedded", awaitsFirstAccount: true }
  expect(shown((log) => log.info(start, "serving"))).toBe(
    "Latchkey  http://localhost:3000  embedded database  the first account becomes administrator\n",
  )
  const later = {
    ...start,
    database: "PostgreSQL",
    awaitsFirstAccount: false,
    metricsUrl: "http://[::1]:9/metrics",
  }
  expect(shown((log) => log.info(later, "serving"))).toBe(
    "Latchkey  http://localhost:3000  metrics at http://[::1]:9/metrics  PostgreSQL\n",
  )
})

test("requests are shown only at the levels debug and trace", () => {
  const write = (log: pino.Logger) => log.info({ ...request, reasons: ["UNAUTHENTICATED"] }, "request")
  expect(shown(write)).toBe("")
  expect(shown(write, "debug")).toBe("GET /auth/me 401 UNAUTHENTICATED 1.5 ms id\n")
})

test("warnings and errors are marked, and errors have their causes and stacks", () => {
  expect(shown((log) => log.warn("TRUST_PROXY is 0"))).toBe("warning: TRUST_PROXY is 0\n")
  const cause = Object.assign(new Error("a value"), { code: "ECONNRESET", stack: undefined })
  const middle = Object.assign(new TypeError("a value", { cause }), {
    stack: "TypeError\n    at query (db.ts:1:2)",
  })
  const error = Object.assign(new Error("a value", { cause: middle }), {
    stack: "Error\n    at main (app.ts:3:4)",
  })
  const errors = [describeError(error)]
  expect(shown((log) => log.error({ ...request, status: 500, errors }, "request"))).toBe(
    [
      "error: GET /auth/me 500 1.5 ms id",
      "  Error",
      "    at main (app.ts:3:4)",
      "  caused by TypeError",
      "    at query (db.ts:1:2)",
      "  caused by Error (ECONNRESET)",
      "",
    ].join("\n"),
  )
})

test("control characters in values do not reach the terminal", () => {
  expect(shown((log) => log.warn("a\u001b]0;title\u0007b\nc\u202ed"))).toBe(
    "warning: a\uFFFD]0;title\uFFFDb\uFFFDc\uFFFDd\n",
  )
})
