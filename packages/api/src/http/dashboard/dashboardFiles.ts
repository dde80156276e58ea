import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { getMimeType } from "hono/utils/mime"

/** The encodings in which the build compresses files, with the end of their names, best first. */
const ENCODINGS = { br: ".br", gzip: ".gz" } as const

type Encoding = keyof typeof ENCODINGS
type Bytes = Uint8Array<ArrayBuffer>

/** A file that the dashboard's page loads. */
export interface DashboardFile {
  type: string
  plain: Bytes
  compressed: ReadonlyMap<Encoding, Bytes>
}

/**
 * Reads the files of the built dashboard, about 1 MB, when the first of them is asked for. They are kept in memory:
 * to read a file for each response would cost fifty times as much, and a file descriptor for each slow client.
 *
 * @returns a function that finds a file by its path, such as `/assets/index-abc.js`; undefined for any other path.
 */
export function createDashboardFiles(folder: string): (path: string) => DashboardFile | undefined {
  let files: ReadonlyMap<string, DashboardFile> | undefined
  return (path) => {
    files ??= new Map(listPaths(folder).map((name) => [name, readFile(join(folder, name))]))
    return files.get(path)
  }
}

/** The content of a file in an encoding that the client accepts. */
export function encodedFor(
  acceptEncoding: string | undefined,
  { plain, compressed }: DashboardFile,
): { body: Bytes; encoding?: Encoding } {
  const accepted = new Set(acceptEncoding?.split(",").map((encoding) => encoding.trim()))
  for (const [encoding, body] of compressed) {
    if (accepted.has(encoding)) return { body, encoding }
  }
  return { body: plain }
}

function listPaths(folder: string): string[] {
  const assets = join(folder, "assets")
  const names = existsSync(assets) ? readdirSync(assets).map((name) => `/assets/${name}`) : []
  const isPlain = (name: string) => !Object.values(ENCODINGS).some((ending) => name.endsWith(ending))
  return [...names, "/favicon.svg"].filter((name) => isPlain(name) && existsSync(join(folder, name)))
}

function readFile(file: string): DashboardFile {
  const compressed = new Map<Encoding, Bytes>()
  for (const [encoding, ending] of Object.entries(ENCODINGS) as [Encoding, string][]) {
    if (existsSync(file + ending)) compressed.set(encoding, readBytes(file + ending))
  }
  return { type: getMimeType(file) ?? "application/octet-stream", plain: readBytes(file), compressed }
}

/** A copy, because the memory of a small file belongs to a pool that it shares with other data. */
const readBytes = (file: string): Bytes => new Uint8Array(readFileSync(file))
