import { readFileSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, inject, onTestFinished, test } from "vitest"
import { startServerOnPostgres } from "../testServer.ts"
import { panelQueries, rules } from "./expressions.ts"

/** Of the primary, which has metrics of its own. */
const WITH_WORKERS = new Set(["latchkey_workers", "latchkey_workers_replaced_total"])

/** The metrics in the table of docs/operations.md. */
const documented = [
  ...readFileSync(new URL("../../../../docs/operations.md", import.meta.url), "utf8").matchAll(
    /^\| (`latchkey_.*?) \|/gm,
  ),
].flatMap(([, names = ""]) => [...names.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name))

test("each metric of the dashboard and the rules exists, and each of Latchkey's is on the dashboard and documented", async () => {
  const log = await mkdtemp(join(tmpdir(), "latchkey-restore-log-"))
  onTestFinished(() => rm(log, { recursive: true }))
  await using server = await startServerOnPostgres(inject("postgresUrl"), {
    METRICS_PORT: "0",
    VERIFY_LEASE: "1",
    RESTORE_LOG: log,
  })
  const text = await (await fetch(String(server.metricsUrl))).text()
  const served = new Set([...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name = ""]) => name))
  const namesIn = (expr: string) =>
    [...expr.matchAll(/\b(?:latchkey|nodejs|process)_\w+/g)].map(([name]) =>
      name.replace(/_(bucket|sum|count)$/, ""),
    )

  const shown = new Set(panelQueries.flatMap(([, expr]) => namesIn(expr)))
  const used = new Set([...shown, ...rules.flatMap(({ expr }) => namesIn(expr))])
  expect([...used].filter((name) => !served.has(name) && !WITH_WORKERS.has(name))).toEqual([])
  const own = [...served].filter((name) => name.startsWith("latchkey_"))
  // Those on batches are in the routes.
  expect(own.filter((name) => !shown.has(name))).toEqual(["latchkey_batched_calls_total"])
  expect([...documented].sort()).toEqual([...own, ...WITH_WORKERS].sort())
})

test("each recorded metric of an alert is one that the rules record", () => {
  const recorded = new Set(rules.flatMap(({ record }) => record ?? []))
  const used = rules.flatMap(({ expr }) => [...expr.matchAll(/\blatchkey:[\w:]+/g)].map(([name]) => name))
  expect(used.filter((name) => !recorded.has(name))).toEqual([])
})
