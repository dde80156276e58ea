import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

// Lists the npm packages of a deployed server as CycloneDX 1.6, in `sbom.cdx.json`. `node writeSbom.mjs <folder>`
//
// It reads the installed packages. `pnpm sbom` reads the lockfile, which also contains optional peers and packages
// that the image omits; `npm sbom` can't read pnpm's layout.

const [folder] = process.argv.slice(2)
if (folder === undefined) throw new TypeError("expected the folder of a deployed server")
const store = join(folder, "node_modules", ".pnpm")

const read = (...path) => JSON.parse(readFileSync(join(...path, "package.json"), "utf8"))

/** `name@version` of a folder of the store, without its peers. Scopes are written with a plus. */
const nameOf = (entry) => /^(@?[^@(]+)@[^_(]+/.exec(entry)?.[1]?.replace("+", "/")

const packages = readdirSync(store)
  .filter((entry) => entry !== "node_modules" && nameOf(entry))
  .map((entry) => read(store, entry, "node_modules", nameOf(entry)))

const describe = (type, { name, version, license, description }) => ({
  type,
  ...{ name, version, description },
  "bom-ref": `${name}@${version}`,
  purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
  ...(typeof license === "string" && { licenses: [{ expression: license }] }),
})

const components = new Map(
  packages.map((found) => [`${found.name}@${found.version}`, describe("library", found)]),
)
const server = read(folder)
const sbom = {
  bomFormat: "CycloneDX",
  specVersion: "1.6",
  version: 1,
  metadata: { component: describe("application", { version: "0.0.0", ...server }) },
  components: [...components.keys()].sort().map((key) => components.get(key)),
}
writeFileSync(join(folder, "sbom.cdx.json"), `${JSON.stringify(sbom, null, 2)}\n`)
