import { chown, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import {
  codeBlock,
  findCaddy,
  findNginx,
  freePort,
  spawnSupervised,
  unprivilegedUser,
} from "@latchkey/test-postgres"

const CONFIGURATIONS = {
  nginx: codeBlock("docs/reverse-proxies.md", "nginx"),
  caddy: codeBlock("docs/reverse-proxies.md", "caddy"),
}

export type ProxyKind = "nginx" | "caddy"

export interface Proxy extends AsyncDisposable {
  url: string
  readLog(): Promise<string>
}

interface Addresses {
  /** Such as `127.0.0.1:3000`. */
  latchkey: string
  /** The path under which Latchkey is mounted. */
  basePath: string
  product: string
}

/** The configuration in the documentation, with other addresses. */
function configurationOf(kind: ProxyKind, { latchkey, basePath, product }: Addresses) {
  return CONFIGURATIONS[kind]
    .replaceAll("127.0.0.1:3000", latchkey)
    .replaceAll("127.0.0.1:8000", product)
    .replaceAll("/auth/verify", `${basePath}/auth/verify`)
}

const LAUNCHERS: Record<
  ProxyKind,
  { find: () => string | undefined; files: (configuration: string, port: number) => string; args: string[] }
> = {
  nginx: {
    find: findNginx,
    files: (configuration, port) =>
      [
        "daemon off; pid nginx.pid; error_log stderr;",
        "events {}",
        "http {",
        "access_log off;",
        ...["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${name};`),
        configuration.replace("listen 80;", `listen 127.0.0.1:${port};`),
        "}",
        "",
      ].join("\n"),
    args: ["-e", "stderr", "-p", ".", "-c", "configuration"],
  },
  caddy: {
    find: findCaddy,
    files: (configuration, port) =>
      configuration.replace(/^\{\n/, "{\n\tadmin off\n").replace(/^:80 /m, `http://127.0.0.1:${port} `),
    args: ["run", "--adapter", "caddyfile", "--config", "configuration"],
  },
}

/** Starts a reverse proxy with the configuration in the documentation, on a free loopback port. It exits with this process. */
export async function startProxy(kind: ProxyKind, addresses: Addresses): Promise<Proxy> {
  const { find, files, args } = LAUNCHERS[kind]
  const binary = find()
  if (!binary) throw new Error(`${kind} is not installed`)
  const port = await freePort()
  const user = unprivilegedUser()
  const folder = await mkdtemp(join(tmpdir(), `latchkey-${kind}-`))
  await writeFile(join(folder, "configuration"), files(configurationOf(kind, addresses), port))
  if (user) await chown(folder, user.uid, user.gid)

  const log = await open(join(folder, "log"), "w")
  const supervisor = spawnSupervised([binary, ...args], {
    ...user,
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder },
    output: log.fd,
  })
  const exited = new Promise<void>((resolve) => supervisor.once("exit", () => resolve()))

  const readLog = () => readFile(join(folder, "log"), "utf8")
  async function stop() {
    supervisor.stdin.end()
    await exited
    await log.close()
    await rm(folder, { recursive: true, force: true })
  }
  const url = `http://127.0.0.1:${port}`
  for (let attempt = 1; ; attempt++) {
    const answer = await fetch(url).catch(() => null)
    if (answer) return { url, readLog, [Symbol.asyncDispose]: stop }
    if (attempt === 100) {
      const output = await readLog()
      await stop()
      throw new Error(`${kind} did not start\n${output}`)
    }
    await sleep(100)
  }
}
