import { chown, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import {
  codeBlock,
  findNginx,
  freePort,
  spawnSupervised,
  testCertificate,
  unprivilegedUser,
} from "@latchkey/test-postgres"

/**
 * Starts nginx with TLS and the configuration in the documentation. It stops with this process.
 *
 * @param token the bearer token that it expects.
 */
export async function startLogServer(token: string) {
  const binary = findNginx()
  if (!binary) throw new Error("nginx is not installed")
  const user = unprivilegedUser()
  const folder = await mkdtemp(join(tmpdir(), "latchkey-nginx-"))
  const objects = join(folder, "objects")
  const certificate = join(folder, "certificate.pem")
  const port = await freePort()
  const shown = codeBlock("docs/restore.md", "nginx", "An HTTP server")
    .replace("listen 443 ssl", `listen 127.0.0.1:${port} ssl`)
    .replace("/etc/ssl/log.internal.pem", certificate)
    .replace("/etc/ssl/log.internal.key", join(folder, "key.pem"))
    .replace("/var/lib/restore-log", objects)
    .replace("RESTORE_LOG_TOKEN", token)
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${name};`,
  )
  const configuration = `daemon off; pid nginx.pid; error_log stderr; events {}
http { access_log off; ${temporary.join(" ")}
${shown}}
`
  await mkdir(objects)
  await writeFile(certificate, testCertificate.cert)
  await writeFile(join(folder, "key.pem"), testCertificate.key)
  await writeFile(join(folder, "configuration"), configuration)
  if (user) await Promise.all([folder, objects].map((path) => chown(path, user.uid, user.gid)))

  const command = [binary, "-e", "stderr", "-p", ".", "-c", "configuration"]
  function spawnServer() {
    const supervisor = spawnSupervised(command, { ...user, cwd: folder })
    const exited = new Promise<void>((resolve) => supervisor.once("exit", () => resolve()))
    return async () => {
      supervisor.stdin.end()
      await exited
    }
  }
  let stop = spawnServer()
  return {
    url: `https://localhost:${port}/restore-log`,
    /** The path of its certificate, which signs itself. */
    certificate,
    /** The folder that has the objects. */
    objects,
    stop: () => stop(),
    start() {
      stop = spawnServer()
    },
    async [Symbol.asyncDispose]() {
      await stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
