import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

export interface CodeBlock {
  /** The path in the repository, such as `docs/limits.md`. */
  page: string
  /** The text of the heading above it, without backticks. Empty before the first heading. */
  heading: string
  /** The word after the opening fence. Empty if there is none. */
  language: string
  code: string
}

/** All code blocks of a document in this repository, in order. The indentation of blocks in lists is removed. */
export function readCodeBlocks(page: string): CodeBlock[] {
  const text = readFileSync(fileURLToPath(new URL(`../../../${page}`, import.meta.url)), "utf8")
  const blocks: CodeBlock[] = []
  let heading = ""
  let open: (CodeBlock & { fence: string }) | null = null
  for (const line of text.split("\n")) {
    const fence = /^( *```)(\w*)$/.exec(line)
    if (open && line === open.fence) {
      const { fence: _, ...block } = open
      blocks.push(block)
      open = null
    } else if (open) {
      const indentation = open.fence.length - "```".length
      open.code += `${line.slice(indentation)}\n`
    } else if (fence) {
      open = { page, heading, language: fence[2] ?? "", code: "", fence: fence[1] ?? "" }
    } else {
      heading = /^#+ (.*)$/.exec(line)?.[1]?.replaceAll("`", "") ?? heading
    }
  }
  return blocks
}

/**
 * The code blocks of a document in a language, under a heading or anywhere. A test that uses them is responsible for them:
 * `documents.test.ts` finds these calls, so their arguments have to be literal strings.
 *
 * @throws {Error} if there are none.
 */
export function codeBlocks(page: string, language: string, heading?: string): string[] {
  const found = readCodeBlocks(page).filter(
    (block) => block.language === language && (heading === undefined || block.heading === heading),
  )
  if (found.length === 0) throw new Error(`${page} has no ${language} under "${heading ?? "any heading"}"`)
  return found.map(({ code }) => code)
}

/** Like `codeBlocks`, but returns the only one. */
export function codeBlock(page: string, language: string, heading?: string): string {
  const [code, ...others] = codeBlocks(page, language, heading)
  if (code === undefined || others.length > 0) throw new Error(`${page} has several blocks of ${language}`)
  return code
}
