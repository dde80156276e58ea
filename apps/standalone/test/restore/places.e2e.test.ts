import { readdirSync } from "node:fs"
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { codeBlocks, eventually, runsProxyTests } from "@latchkey/test-postgres"
import { expect, inject, onTestFinished, test } from "vitest"
import { openConnection, type RawConnection } from "../abuse/rawConnection.ts"
import { request } from "../abuse/request.ts"
import { newSecret, registerWithKey, rest, type SpawnOptions, spawnBuiltServer } from "../testServer.ts"
import { createRestorable } from "./restorable.ts"
import { startLogServer } from "./startLogServer.ts"

const serverUrl = inject("postgresUrl")

/** Milliseconds: each of these tests starts four servers as processes. */
const PATIENCE_MS = 180_000

const keyStatus = async (url: string, { apiKey }: { apiKey: string }) =>
  (await rest(url, "GET", "/auth/me", { apiKey })).status
const revoke = (url: string, { id, accessToken }: { id: string; accessToken: string }) =>
  rest(url, "DELETE", `/auth/apikeys/${id}`, { accessToken })

/** Starts the built server, and stops it when disposed. */
async function start(variables: Record<string, string>, options: SpawnOptions = {}) {
  const server = spawnBuiltServer(variables, options)
  return {
    url: await server.url,
    pid: server.child.pid,
    output: server.output,
    async [Symbol.asyncDispose]() {
      server.child.kill("SIGTERM")
      await server.exited
    },
  }
}

/** A program with the text of a document, in a folder of its own. */
async function installProgram(text: string) {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-place-"))
  onTestFinished(() => rm(folder, { recursive: true }))
  const [path, objects] = [join(folder, "latchkey-log"), join(folder, "objects")]
  await mkdir(objects)
  await writeFile(path, text.replaceAll("/var/lib/restore-log", objects))
  await chmod(path, 0o700)
  return { folder, path, objects }
}

/** Revokes keys, restores a backup from before that, and expects the keys to stay revoked. */
async function expectRestorable(variables: Record<string, string>, readObjects: () => Promise<string>) {
  await using restorable = await createRestorable(serverUrl)
  const given = { ...restorable.variables, ...variables }
  const first = await start(given)
  const users = []
  for (let n = 0; n < 3; n++) users.push(await registerWithKey(first.url))
  const [one, two, kept] = users
  if (!one || !two || !kept) throw new Error("missing")
  await first[Symbol.asyncDispose]()
  const backup = await restorable.backUp()
  const servers = [await start(given), await start(given)] as const
  expect((await revoke(servers[0].url, one)).status).toBe(204)
  expect((await revoke(servers[1].url, two)).status).toBe(204)
  const text = await readObjects()
  expect([one, two, kept].map(({ id }) => text.includes(id))).toEqual([true, true, false])
  for (const server of servers) await server[Symbol.asyncDispose]()

  await using restored = await start({ ...given, DATABASE_URL: backup })
  expect(restored.output.join("")).toContain("applied: 2 keys revoked")
  expect(await Promise.all(users.map((user) => keyStatus(restored.url, user)))).toEqual([401, 401, 200])
}

const readAll = async (folder: string) =>
  (await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), "utf8")))).join("")

test.runIf(runsProxyTests())(
  "a log at an HTTP server, as documented: nginx with TLS",
  async () => {
    const token = newSecret()
    await using server = await startLogServer(token)
    const variables = { RESTORE_LOG: server.url, NODE_EXTRA_CA_CERTS: server.certificate }
    await expectRestorable({ ...variables, RESTORE_LOG_TOKEN: token }, () => readAll(server.objects))
  },
  PATIENCE_MS,
)

test.runIf(runsProxyTests())("a wrong token ends the start with one line that says so", async () => {
  await using server = await startLogServer(newSecret())
  await using restorable = await createRestorable(serverUrl)
  const { exited, output } = spawnBuiltServer({
    ...{ ...restorable.variables, RESTORE_LOG: server.url, NODE_EXTRA_CA_CERTS: server.certificate },
    RESTORE_LOG_TOKEN: newSecret(),
  })
  expect(await exited).toMatchObject({ code: 1 })
  expect(output.join("")).toMatch(
    /RESTORE_LOG: the server at https:\/\/localhost:\d+ has answered GET with status 401/,
  )
})

test.runIf(runsProxyTests())(
  "while the HTTP server is down, revocations are 503 with begun, and verdicts go on",
  async () => {
    const token = newSecret()
    await using place = await startLogServer(token)
    await using restorable = await createRestorable(serverUrl)
    await using server = await start({
      ...{ ...restorable.variables, RESTORE_LOG: place.url, NODE_EXTRA_CA_CERTS: place.certificate },
      RESTORE_LOG_TOKEN: token,
    })
    const [one, two] = [await registerWithKey(server.url), await registerWithKey(server.url)]
    await place.stop()
    expect(await revoke(server.url, one)).toMatchObject({ status: 503, body: { begun: true } })
    expect([await keyStatus(server.url, one), await keyStatus(server.url, two)]).toEqual([401, 200])
    place.start()
    // 404 if an earlier try was told 503, because the HTTP server was not up yet.
    await eventually(async () => expect([204, 404]).toContain((await revoke(server.url, two)).status))
    expect(await readAll(place.objects)).toContain(one.id)
  },
)

test(
  "a log on another machine by a command, as documented",
  async () => {
    const [onMachine = ""] = codeBlocks("docs/restore.md", "sh", "A command")
    const { path, objects } = await installProgram(onMachine)
    await expectRestorable({ RESTORE_LOG: `command:${path}` }, () => readAll(objects))
  },
  PATIENCE_MS,
)

test(
  "a client takes all file descriptors, so that no command can start: revocations are 503, and the server goes on",
  async () => {
    const openFiles = 150
    const [onMachine = ""] = codeBlocks("docs/restore.md", "sh", "A command")
    const { path } = await installProgram(onMachine)
    await using restorable = await createRestorable(serverUrl)
    const variables = { ...restorable.variables, RESTORE_LOG: `command:${path}`, DATABASE_CONNECTIONS: "3" }
    await using server = await start(variables, { openFiles })
    const [one, two] = [await registerWithKey(server.url), await registerWithKey(server.url)]
    // Opens all connections to the database.
    const others = await Promise.all(Array.from({ length: 10 }, () => registerWithKey(server.url)))
    await Promise.all(others.flatMap((other) => [revoke(server.url, other), keyStatus(server.url, other)]))
    using kept = openConnection(server.url)
    const send = async ({ id, accessToken }: typeof one) => {
      const headers = [`Authorization: Bearer ${accessToken}`, "Connection: keep-alive"]
      kept.write(request(`DELETE /auth/apikeys/${id}`, headers))
      return (await kept.read())?.status
    }
    const taken: RawConnection[] = []
    const takeMore = () => {
      taken.push(...Array.from({ length: openFiles }, () => openConnection(server.url)))
      return readdirSync(`/proc/${server.pid}/fd`).length
    }
    await expect.poll(takeMore).toBeGreaterThanOrEqual(openFiles - 1)
    expect(await send(one)).toBe(503)
    for (const connection of taken) connection[Symbol.dispose]()
    await eventually(async () => expect([204, 404]).toContain(await send(two)))
    expect(await keyStatus(server.url, one)).toBe(401)
  },
  PATIENCE_MS,
)

/** A bucket in a folder. It knows only what the documented command uses. */
const AWS = `#!/bin/sh
set -eu
[ "$AWS_SECRET_ACCESS_KEY" = for-aws ] && [ -z "\${AUTH_SECRET-}\${DATABASE_URL-}" ]
[ "$1" = s3 ] && shift && verb=$1 && shift && [ "$1" = --quiet ] && shift || verb=$2
path() { echo "BUCKET/\${1#s3://acme-latchkey/}"; }
case $verb in
  list-objects-v2) [ "$*" = "s3api list-objects-v2 --bucket acme-latchkey --query Contents[].[Key] --output text" ]
    names=$(ls BUCKET); echo "\${names:-None}" ;;
  cp) if [ "$1" = - ]; then cat > "$(path "$2")"; else cat "$(path "$1")"; fi ;;
  rm) rm -f "$(path "$1")" ;;
esac
`

test(
  "a log in a bucket by a command, as documented",
  async () => {
    const [, inBucket = ""] = codeBlocks("docs/restore.md", "sh", "A command")
    const { folder, path, objects } = await installProgram(inBucket)
    await writeFile(join(folder, "aws"), AWS.replaceAll("BUCKET", objects))
    await chmod(join(folder, "aws"), 0o700)
    const PATH = `${folder}:${process.env.PATH}`
    const variables = { RESTORE_LOG: `command:${path}`, PATH }
    const credential = { RESTORE_LOG_COMMAND_AWS_SECRET_ACCESS_KEY: "for-aws" }
    await expectRestorable({ ...variables, ...credential }, () => readAll(objects))
  },
  PATIENCE_MS,
)
