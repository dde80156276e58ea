import { randomBytes, randomUUID } from "node:crypto"
import { createTestDatabase, sharedFolder, type TestDatabase } from "@latchkey/test-postgres"
import { afterAll, beforeAll, inject } from "vitest"
import { createLatchkey } from "../src/index.ts"
import { installTools } from "./installTools.ts"
import { install, type PackedSdk, packSdk, readExamples } from "./packSdk.ts"
import { register, type ServerProcess, startServer } from "./startServer.ts"

/** Installs the packed SDK alone in a project, starts a server, and creates a key, before the tests of a file. */
export function usePackedSdk() {
  /** A key that acts for users. */
  const manageKey = randomBytes(32).toString("hex")
  let sdk: PackedSdk
  let database: TestDatabase
  let server: ServerProcess
  let apiKey: string
  let app: string
  let tool: (path: string) => string

  beforeAll(async () => {
    ;[sdk, database] = await Promise.all([packSdk(), createTestDatabase(inject("postgresUrl"))])
    ;[server, app, tool] = await Promise.all([
      startServer({ databaseUrl: database.url, BOOTSTRAP_KEY: manageKey }),
      sharedFolder(inject("runFolder"), "sdk-app", (folder) => install(folder, [sdk.tarball])),
      installTools(),
    ])
    const { accessToken } = await register(server.url)
    const latchkey = createLatchkey({ baseUrl: server.url, accessToken })
    apiKey = (await latchkey.apiKeys.create({ label: "README" })).key
  }, 180_000)

  afterAll(async () => {
    await server?.[Symbol.asyncDispose]()
    await database?.[Symbol.asyncDispose]()
    await sdk?.[Symbol.asyncDispose]()
  })

  return {
    manageKey,
    get apiKey() {
      return apiKey
    },
    get serverUrl() {
      return server.url
    },
    get databaseUrl() {
      return database.url
    },
    get tarball() {
      return sdk.tarball
    },
    /** A folder of the test file. */
    get folder() {
      return sdk.folder
    },
    /** The folder of the project that has only the package installed, which other test files use too. */
    get app() {
      return app
    },
    /** The path of a file among the tools' packages. */
    tool: (path: string) => tool(path),
    /** The README's examples that need no other package, with unique email addresses. Their servers keep no process alive. */
    async ownExamples() {
      const suffix = randomUUID()
      const examples = readExamples(server.url).map((code) =>
        code
          .replaceAll("@company.tld", `-${suffix}@company.tld`)
          .replaceAll("listen(8000)", "listen(0).unref()"),
      )
      return examples.filter((code) => !code.includes("@trpc/client"))
    },
  }
}
