import { parseTrustedIssuers } from "@latchkey/auth"
import { codeBlock, codeBlocks } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { runProgram } from "../../../../packages/sdk/test/packSdk.ts"
import { rest, startServerOnPostgres } from "../testServer.ts"
import { configurationAfter } from "./configurationAfter.ts"

const VARIABLES = codeBlock("docs/identity-providers.md", "sh", "Identity providers")
const ADMINISTRATORS = codeBlock("docs/identity-providers.md", "sh", "Administrators without accounts")

test("the page's variables are valid", () => {
  const { TRUSTED_ISSUERS, ADMIN_SUBJECTS, PASSWORDS } = configurationAfter(
    `${VARIABLES}${ADMINISTRATORS}npm start`,
  )
  expect(PASSWORDS).toBe("off")
  expect(TRUSTED_ISSUERS).toMatchObject([{ issuer: "https://login.company.tld/" }])
  expect(ADMIN_SUBJECTS).toEqual([{ issuer: "https://login.company.tld/", subject: "user_1" }])
})

test.each(codeBlocks("docs/identity-providers.md", "json", "Providers"))(
  "a provider's entry is valid: %s",
  (entry) => {
    expect(parseTrustedIssuers(JSON.parse(entry))).toHaveProperty("entries")
  },
)

test("the page's request disables a user of the provider whom Latchkey has not seen", async () => {
  const [, TRUSTED_ISSUERS = ""] = /^TRUSTED_ISSUERS='(.*)'$/m.exec(VARIABLES) ?? []
  const ADMIN_EMAILS = "admin@example.com"
  await using server = await startServerOnPostgres(inject("postgresUrl"), { TRUSTED_ISSUERS, ADMIN_EMAILS })
  const admin = { email: ADMIN_EMAILS, password: "a long and memorable sentence" }
  const { body } = await rest(server.url, "POST", "/auth/register", { body: admin })
  const { accessToken } = body

  const request = codeBlock("docs/identity-providers.md", "sh", "The end of a user")
  const command = request.replace("https://keys.company.tld", server.url).replace("curl ", "curl -sf ")
  const env = { ADMIN_TOKEN: accessToken }
  await runProgram("sh", ["-ec", command], { cwd: process.cwd(), env })

  const users = await rest(server.url, "GET", "/auth/admin/users?status=disabled", { accessToken })
  expect(users.body.items).toMatchObject([{ issuer: "https://login.company.tld/", subject: "user_7" }])
})
