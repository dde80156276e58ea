import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"
import type { simulate } from "./simulate.ts"

/** A change of the source that breaks a rule of the protocol, of the database, or of its callers. */
export interface Mutation {
  file:
    | "changes"
    | "clocks"
    | "lease"
    | "leasedRead"
    | "marginOf"
    | "waitForLeases"
    | "simulatedDatabase"
    | "simulatedInstance"
    | "simulate"
  from: string
  to: string
}

/** Loads the simulation of the protocol with some of its rules broken. */
export async function loadSimulation(mutations: readonly Mutation[]): Promise<{ simulate: typeof simulate }> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("simulate.ts", import.meta.url))],
    bundle: true,
    platform: "node",
    format: "esm",
    write: false,
    plugins: [
      {
        name: "mutations",
        setup({ onLoad }) {
          for (const file of new Set(mutations.map((mutation) => mutation.file))) {
            onLoad({ filter: new RegExp(`/leases/${file}\\.ts$`) }, async ({ path }) => ({
              contents: mutate(
                await readFile(path, "utf8"),
                mutations.filter((mutation) => mutation.file === file),
              ),
              loader: "ts",
            }))
          }
        },
      },
    ],
  })
  const [output] = outputFiles
  if (!output) throw new TypeError("nothing was built")
  return import(`data:text/javascript;base64,${Buffer.from(output.text).toString("base64")}`)
}

function mutate(source: string, mutations: readonly Mutation[]): string {
  return mutations.reduce((text, { from, to }) => {
    if (text.split(from).length !== 2) throw new Error(`the source must contain exactly once: ${from}`)
    return text.replace(from, () => to)
  }, source)
}
