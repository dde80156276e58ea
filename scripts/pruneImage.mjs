import { existsSync, lstatSync, readdirSync, realpathSync, rmSync } from "node:fs"
import { join, sep } from "node:path"

// Removes the parts of a deployed server (`pnpm deploy`) that only its build needs: the packages with these names,
// packages that nothing else needs, and the sources. `node pruneImage.mjs <folder>`
const BUILD_ONLY = ["@latchkey/dashboard", "esbuild", "typescript"]

const [folder] = process.argv.slice(2)
if (folder === undefined) throw new TypeError("expected the folder of a deployed server")
const modules = realpathSync(join(folder, "node_modules"))
const store = join(modules, ".pnpm")

/** The folders of the store, one for each package and version. */
const entries = readdirSync(store).filter(
  (name) => name !== "node_modules" && lstatSync(join(store, name)).isDirectory(),
)

/** The packages in a folder such as `node_modules`, with their scopes. */
const packagesIn = (path) =>
  readdirSync(path)
    .filter((name) => !name.startsWith("."))
    .flatMap((name) =>
      name.startsWith("@")
        ? readdirSync(join(path, name)).map((inner) => join(path, name, inner))
        : join(path, name),
    )

for (const name of BUILD_ONLY) {
  rmSync(join(modules, name), { recursive: true, force: true })
  // Links of other packages to it.
  for (const entry of entries) {
    const link = join(store, entry, "node_modules", name)
    if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink()) rmSync(link)
  }
}

const needed = new Set()
const visit = (path) => {
  if (!existsSync(path)) return
  const target = realpathSync(path)
  if (!target.startsWith(store + sep)) return
  const entry = target.slice(store.length + 1).split(sep)[0]
  if (needed.has(entry)) return
  needed.add(entry)
  for (const dependency of packagesIn(join(store, entry, "node_modules"))) visit(dependency)
}
for (const path of packagesIn(modules)) visit(path)
for (const entry of entries) {
  if (!needed.has(entry)) rmSync(join(store, entry), { recursive: true })
}
for (const name of ["src", "test", ".turbo"]) rmSync(join(folder, name), { recursive: true, force: true })
