import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { brotliCompressSync, constants, gzipSync } from "node:zlib"

// Compresses the build output at the highest level, and enforces a size limit for the first load.

const MAX_FIRST_LOAD_BYTES = 170_000
const dist = new URL("../dist/", import.meta.url).pathname
/** Other scripts are loaded by the pages that need them. */
const page = readFileSync(join(dist, "index.html"), "utf8")

let total = 0
for (const name of readdirSync(dist, { recursive: true })) {
  const path = join(dist, String(name))
  if (!statSync(path).isFile() || !/\.(html|js|css|svg)$/.test(path)) continue
  const content = readFileSync(path)
  const brotli = brotliCompressSync(content, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length },
  })
  const gzip = gzipSync(content, { level: 9 })
  writeFileSync(`${path}.br`, brotli)
  writeFileSync(`${path}.gz`, gzip)
  if (/\.(js|css)$/.test(path)) {
    const isFirst = page.includes(`/${name}"`)
    if (isFirst) total += gzip.length
    process.stdout.write(
      `${name}: ${gzip.length} bytes as gzip, ${brotli.length} as brotli${isFirst ? "" : ", loaded later"}\n`,
    )
  }
}
process.stdout.write(`first load: ${total} of ${MAX_FIRST_LOAD_BYTES} bytes of JavaScript and CSS as gzip\n`)
if (total > MAX_FIRST_LOAD_BYTES) {
  process.stderr.write("The first load exceeds the limit.\n")
  process.exit(1)
}
