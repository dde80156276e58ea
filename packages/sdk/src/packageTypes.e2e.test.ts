import { randomUUID } from "node:crypto"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { installByPnpm, readExamples, runProgram } from "../test/packSdk.ts"
import { usePackedSdk } from "../test/usePackedSdk.ts"

const use = usePackedSdk()

const NODE16 = { module: "node16", moduleResolution: "node16", lib: ["es2022"], types: ["node"] }

/** The newest compiler takes a quarter of the oldest one's CPU time. */
const RESOLUTIONS = {
  typescript57: [NODE16],
  typescript: [
    NODE16,
    { module: "nodenext", moduleResolution: "nodenext", types: ["node"] },
    { module: "esnext", moduleResolution: "bundler", lib: ["es2022", "dom"], types: [] },
  ],
}

const STRICTEST = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  noEmit: true,
  target: "es2022",
}

/** Type-checks files of an application, with the Node types from the tools folder. */
async function typeCheck(compiler: string, folder: string, files: readonly string[], options: object) {
  const config = `tsconfig.${randomUUID()}.json`
  const compilerOptions = { ...STRICTEST, typeRoots: [use.tool("@types")], ...options }
  await writeFile(join(folder, config), JSON.stringify({ compilerOptions, files }))
  await runProgram(process.execPath, [use.tool(join(compiler, "bin/tsc")), "-p", config], { cwd: folder })
}

describe.each(["typescript57", "typescript"] as const)(
  "with %s, strictly and without skipLibCheck",
  (compiler) => {
    test.each(RESOLUTIONS[compiler])("the examples compile under $moduleResolution", async (options) => {
      const examples = await use.ownExamples()
      // `process` needs Node's types.
      const usable = examples.filter((code) => options.types.length > 0 || !code.includes("process.env"))
      const names = usable.map((_, index) => `${compiler}-${options.moduleResolution}-${index}.mts`)
      await Promise.all(
        usable.map((code, index) => writeFile(join(use.app, names[index] ?? ""), `${code}export {}\n`)),
      )
      const commonJs = `${compiler}-${options.moduleResolution}.cts`
      await writeFile(
        join(use.app, commonJs),
        [
          'import sdk = require("@latchkey/sdk")',
          'const latchkey: sdk.Latchkey = sdk.createLatchkey({ baseUrl: "https://company.tld", accessToken: null })',
          "export const me: Promise<sdk.Me> = latchkey.auth.me()",
          "// @ts-expect-error lists show no keys",
          "export const key = latchkey.apiKeys.list().then(({ items }) => items[0]?.key)",
        ].join("\n"),
      )
      const files = options.moduleResolution === "bundler" ? names : [...names, commonJs]
      await typeCheck(compiler, use.app, files, options)
    })
  },
)

test("tRPC's own client and its TanStack integration work with AppRouter", async () => {
  const project = await installByPnpm(join(use.folder, "trpc"), [
    use.tarball,
    "@trpc/client@11.22.1",
    "@trpc/server@11.22.1",
    "@trpc/tanstack-react-query@11.22.1",
    "@tanstack/react-query@5.108.0",
    "react@19.2.0",
    "@types/react@19.2.2",
    "superjson@2.2.6",
  ])
  const [example] = readExamples(use.serverUrl).filter((code) => code.includes("@trpc/client"))
  const tanstack = `${example}
    import { QueryClient } from "@tanstack/react-query"
    import { createTRPCOptionsProxy } from "@trpc/tanstack-react-query"
    const queryClient = new QueryClient()
    const options = createTRPCOptionsProxy<AppRouter>({ client: trpc, queryClient })
    const page = await queryClient.fetchQuery(options.apiKeys.list.queryOptions({ limit: 1 }))
    const created: Date | undefined = page.items[0]?.createdAt
    console.log(page.items.length, created instanceof Date)
    const { mutationKey } = options.apiKeys.create.mutationOptions()
    console.log(mutationKey.flat().join("."))
  `
  await writeFile(join(project, "main.mts"), tanstack)
  // Some of tRPC's and React's own declarations don't compile.
  const options = { module: "nodenext", types: ["node"], skipLibCheck: true }
  for (const compiler of ["typescript57", "typescript"]) {
    await typeCheck(compiler, project, ["main.mts"], options)
  }
  await runProgram(use.tool(".bin/esbuild"), ["main.mts", "--outfile=main.mjs"], { cwd: project })
  const { stdout } = await runProgram(process.execPath, ["main.mjs"], {
    cwd: project,
    env: { LATCHKEY_API_KEY: use.apiKey },
  })
  expect(stdout).toMatch(/@company\.tld\n1 true\napiKeys\.create\n$/)
})
