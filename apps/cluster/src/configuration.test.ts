import { codeBlock } from "@latchkey/test-postgres"
import { expect, test } from "vitest"
import { parse } from "yaml"
import { haproxyConfiguration, patroniConfiguration } from "./configuration.ts"

test("the trials use HAProxy as the documentation recommends it", () => {
  expect(haproxyConfiguration(["db1", "db2", "db3"], ":5000")).toBe(
    codeBlock("docs/high-availability.md", "", "HAProxy"),
  )
})

test("the trials use Patroni as the documentation recommends it", () => {
  const address = (machine: number) => `db${machine}`
  const configuration = patroniConfiguration(
    { clusterAddressOf: address },
    {
      machine: 1,
      times: { ttl: 30, loopWait: 10, retryTimeout: 10 },
      isSynchronous: true,
      folder: "/cluster",
      bin: "/bin",
    },
  )
  expect(JSON.parse(configuration)).toMatchObject(
    parse(codeBlock("docs/high-availability.md", "yaml", "Patroni")),
  )
})
