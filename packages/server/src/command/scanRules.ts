import { parseArgs } from "node:util"
import { createScanRules } from "@latchkey/auth"
import { keyPrefix } from "../options/fields.ts"
import { readKeyPrefix } from "./env.ts"
import type { Command } from "./io.ts"

/**
 * `scan-rules [gitleaks | trufflehog | github] [--prefix <prefix>]`: prints what that scanner's configuration takes, or
 * the rules for all of them as JSON. The prefix is `KEY_PREFIX` by default.
 */
export const scanRules: Command = (args, { variables, print, printError }) => {
  const parsed = parse(args)
  if (!parsed) return null
  const prefix = keyPrefix.safeParse(parsed.prefix ?? readKeyPrefix(variables))
  if (!prefix.success) {
    printError(
      `${parsed.prefix === undefined ? "KEY_PREFIX" : "--prefix"}: ${prefix.error.issues[0]?.message}`,
    )
    return 1
  }
  const rules = createScanRules(prefix.data)
  const selected = parsed.scanner === undefined ? rules : rules[parsed.scanner]
  print(typeof selected === "string" ? selected.trimEnd() : JSON.stringify(selected, null, 2))
  return 0
}

type Scanner = "gitleaks" | "trufflehog" | "github"

const isScanner = (text: string): text is Scanner => ["gitleaks", "trufflehog", "github"].includes(text)

function parse(args: string[]): { scanner: Scanner | undefined; prefix: string | undefined } | null {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { prefix: { type: "string" } },
    })
    const [scanner, ...others] = positionals
    if (others.length > 0 || (scanner !== undefined && !isScanner(scanner))) return null
    return { scanner, prefix: values.prefix }
  } catch {
    return null
  }
}
