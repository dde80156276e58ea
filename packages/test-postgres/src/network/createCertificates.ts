import { execFile } from "node:child_process"
import { chmod, chown, mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { unprivilegedUser } from "../programs/unprivilegedUser.ts"

export interface Certificates extends AsyncDisposable {
  /** The certificate of the authority, as PEM. */
  ca: string
  /** The PostgreSQL settings that make it use the server's certificate. */
  settings: string[]
}

/** Creates a certificate authority, and a server certificate that it signs for `localhost`. Needs OpenSSL. */
export async function createCertificates(): Promise<Certificates> {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-certificates-"))
  const openssl = (...parameters: string[]) => promisify(execFile)("openssl", parameters, { cwd: folder })
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
  await openssl("req", "-x509", ...newKey, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test CA")
  await openssl(
    ...["req", "-x509", ...newKey, "-keyout", "server.key", "-out", "server.pem", "-subj", "/CN=localhost"],
    ...["-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "subjectAltName=DNS:localhost"],
    ...["-addext", "basicConstraints=critical,CA:FALSE"],
  )
  const files = ["server.pem", "server.key"].map((name) => join(folder, name))
  const user = unprivilegedUser()
  await chmod(join(folder, "server.key"), 0o600)
  if (user) await Promise.all([folder, ...files].map((path) => chown(path, user.uid, user.gid)))
  return {
    ca: await readFile(join(folder, "ca.pem"), "utf8"),
    settings: ["ssl=on", `ssl_cert_file=${files[0]}`, `ssl_key_file=${files[1]}`],
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}
