import { once } from "node:events"
import { chown, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { freePort } from "../network/freePort.ts"
import { untilReady } from "../postgres/untilReady.ts"
import { findPgBouncer } from "./findPgBouncer.ts"
import { spawnSupervised } from "./spawnSupervised.ts"
import { unprivilegedUser } from "./unprivilegedUser.ts"

export interface TestPgBouncer extends AsyncDisposable {
  /** The URL of the server's database through PgBouncer. */
  url: string
  /** Stops PgBouncer immediately. */
  stop(): Promise<void>
  /** Restarts it on the same port. */
  start(): Promise<void>
}

/**
 * Starts PgBouncer in transaction mode in front of a server, on a free loopback port. Its pool is smaller than the
 * number of its clients, so that they have to share connections. It exits with this process.
 */
export async function startPgBouncer(
  serverUrl: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<TestPgBouncer> {
  const binary = findPgBouncer()
  if (!binary) throw new Error("PgBouncer is not installed")
  const user = unprivilegedUser()
  const folder = await mkdtemp(join(tmpdir(), "latchkey-pgbouncer-"))
  const [config, log] = [join(folder, "pgbouncer.ini"), join(folder, "log")]
  const server = new URL(serverUrl)
  const url = new URL(serverUrl)
  url.port = String(await freePort())
  const lines = Object.entries({
    listen_addr: "127.0.0.1",
    listen_port: url.port,
    unix_socket_dir: "",
    auth_type: "any",
    pool_mode: "transaction",
    default_pool_size: "3",
    max_client_conn: "500",
    logfile: log,
    ...settings,
  }).map(([name, value]) => `${name} = ${value}`)
  const target = [`host=${server.hostname}`, `port=${server.port}`, `user=${server.username}`]
  if (server.password) target.push(`password=${server.password}`)
  await writeFile(config, ["[databases]", `* = ${target.join(" ")}`, "[pgbouncer]", ...lines, ""].join("\n"))
  if (user) await Promise.all([folder, config].map((path) => chown(path, user.uid, user.gid)))

  const spawnSupervisor = () => spawnSupervised([binary, config], { ...user })
  let supervisor: ReturnType<typeof spawnSupervisor> | undefined

  async function stop() {
    if (!supervisor || supervisor.exitCode !== null) return
    const exited = once(supervisor, "exit")
    supervisor.stdin.end()
    await exited
  }
  async function start() {
    supervisor = spawnSupervisor()
    try {
      await untilReady(url.href, supervisor)
    } catch (error) {
      await stop()
      const output = await readFile(log, "utf8").catch(() => "")
      throw new Error(`PgBouncer did not start\n${output}`, { cause: error })
    }
  }
  async function remove() {
    await stop()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await start()
  } catch (error) {
    await remove()
    throw error
  }
  return { url: url.href, start, stop, [Symbol.asyncDispose]: remove }
}
