import { existsSync } from "node:fs"
import { isCi } from "../env.ts"

const FOLDERS = ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"]

/** The folder of Prometheus and its promtool; undefined if they are not installed. */
export const findPrometheus = (): string | undefined =>
  FOLDERS.find((folder) => ["prometheus", "promtool"].every((name) => existsSync(`${folder}/${name}`)))

/** Whether to run tests with Prometheus. In CI they always run, and fail without it. */
export const runsPrometheusTests = () => findPrometheus() !== undefined || isCi()
