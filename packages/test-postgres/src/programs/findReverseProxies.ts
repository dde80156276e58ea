import { existsSync } from "node:fs"
import { isCi } from "../env.ts"

const FOLDERS = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin"]

const find = (name: string) => FOLDERS.map((folder) => `${folder}/${name}`).find((path) => existsSync(path))

/** Finds nginx in the usual places. */
export const findNginx = (): string | undefined => find("nginx")

/** Finds Caddy in the usual places. */
export const findCaddy = (): string | undefined => find("caddy")

/** Whether to run tests with reverse proxies. In CI they always run, and fail without them. */
export const runsProxyTests = () => (findNginx() !== undefined && findCaddy() !== undefined) || isCi()
