import { connect, createTestDatabase } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { createDatabase } from "../createDatabase.ts"
import { examineDatabase } from "./examine.ts"

test("PostgreSQL meets every need, and nothing is left behind", async () => {
  await using server = await createTestDatabase(inject("postgresUrl"))
  const { db, close } = await createDatabase(server.url)
  const findings = await examineDatabase(db)
  expect(findings.filter(({ failure }) => failure !== null)).toEqual([])
  await close()
  const direct = connect(server.url)
  expect(await direct`select relname from pg_class where relname like 'doctor%'`).toEqual([])
  await direct.end()
})

test("a need that is not met is named, with the server's code, and the other needs are tried all the same", async () => {
  await using server = await createTestDatabase(inject("postgresUrl"))
  const direct = connect(server.url)
  // A role that finds another function first, as in an engine that has none.
  await direct.unsafe(`
    create function public.hashtextextended(text, integer) returns bigint language sql as 'select 1 / 0::bigint';
    create schema latchkey`)
  await direct.unsafe(`alter function public.hashtextextended(text, integer) set schema latchkey`)
  const { db, close } = await createDatabase(server.url)
  const findings = await examineDatabase(db)
  await close()
  await direct.end()
  expect(findings.filter(({ failure }) => failure !== null)).toEqual([
    expect.objectContaining({ name: "advisory locks", failure: "22012" }),
  ])
})
