import { expect, test } from "vitest"
import { registerWithKey } from "../testServer.ts"
import { askBothWorkers, askOneWorker, linesOf, startWorkers } from "./startWorkers.ts"

test("METRICS_PORT serves the sum of all workers, which never falls when one is killed", async () => {
  await using running = await startWorkers({ METRICS_PORT: "0", DATABASE_CONNECTIONS: "7" })
  const { server, url, pids } = running
  const serving = linesOf(server).find(({ msg }) => msg?.startsWith("serving on")) as { metricsUrl: string }
  const read = async (series: string) => {
    const text = await (await fetch(serving.metricsUrl)).text()
    return Number(
      text
        .split("\n")
        .find((line) => line.startsWith(`${series} `))
        ?.split(" ")[1],
    )
  }
  const ACCEPTED = 'latchkey_verdicts_total{credential="apiKey",verdict="accepted"}'
  const { apiKey } = await registerWithKey(url)

  const { length: accepted } = await askBothWorkers(running, Array(8).fill({ apiKey }))
  expect(await read(ACCEPTED)).toBe(accepted)
  expect(await read("latchkey_database_connections_max")).toBe(7)
  expect(await read("latchkey_workers")).toBe(2)
  // Not twice, although both workers see the database.
  expect(await read("latchkey_database_synchronous")).toBe(0)
  expect(await read("latchkey_database_standbys")).toBe(0)

  // Of pages that are read while a worker dies as well.
  const [scraped, replaced]: [number[], AbortController] = [[], new AbortController()]
  const scraping = Promise.all(
    Array.from({ length: 12 }, async () => {
      while (!replaced.signal.aborted) scraped.push(await read(ACCEPTED))
    }),
  )
  await expect.poll(() => scraped.length).toBeGreaterThan(10)
  process.kill(Number(pids()[0]), "SIGKILL")
  await expect.poll(() => read("latchkey_workers_replaced_total")).toBe(1)
  replaced.abort()
  await scraping
  expect(new Set(scraped)).toEqual(new Set([accepted]))
  expect(server.output.filter((line) => line.includes("Warning"))).toEqual([])
  expect(await read(ACCEPTED)).toBe(accepted)
  await expect.poll(() => read("latchkey_workers"), { timeout: 90_000 }).toBe(2)
  await askOneWorker(running, { apiKey })
  expect(await read(ACCEPTED)).toBe(accepted + 1)
  // What the killed worker had open is gone.
  expect(await read("latchkey_database_connections_max")).toBe(7)
})
