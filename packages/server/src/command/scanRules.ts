import { createScanRules } from "@latchkey/auth"
import { keyPrefix } from "../options/fields.ts"
import { defineCommand, failure, WrongUsage } from "./command.ts"
import { readKeyPrefix } from "./env.ts"

/**
 * `scan-rules [gitleaks | trufflehog | github] [--prefix <prefix>]`: prints the rules in the format of that scanner's
 * configuration, or the rules for all scanners as JSON. The prefix is `KEY_PREFIX` by default.
 */
export const scanRules = defineCommand({
  about: "Prints the rules by which a secret scanner finds keys, or those for all scanners as JSON.",
  operands: "[gitleaks | trufflehog | github]",
  most: 1,
  options: { prefix: { type: "string", value: "<prefix>", about: "in place of KEY_PREFIX" } },
  run({ operands: [scanner], options: { prefix: given } }, { variables }) {
    if (scanner !== undefined && !isScanner(scanner)) throw new WrongUsage()
    const prefix = keyPrefix.safeParse(given ?? readKeyPrefix(variables))
    if (!prefix.success)
      throw failure(`${given === undefined ? "KEY_PREFIX" : "--prefix"}: ${prefix.error.issues[0]?.message}`)
    const rules = createScanRules(prefix.data)
    const selected = scanner === undefined ? rules : rules[scanner]
    return {
      lines: [typeof selected === "string" ? selected.trimEnd() : JSON.stringify(selected, null, 2)],
      json: typeof selected === "string" ? { [scanner ?? "rules"]: selected } : selected,
    }
  },
})

type Scanner = "gitleaks" | "trufflehog" | "github"

const isScanner = (text: string): text is Scanner => ["gitleaks", "trufflehog", "github"].includes(text)
