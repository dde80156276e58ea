/**
 * The rules by which secret scanners find the keys of one prefix, ready to be saved as each scanner's configuration.
 */
export interface ScanRules {
  /**
   * A regular expression that RE2, Hyperscan and JavaScript interpret in the same way. The reader has to compute the
   * checksum.
   */
  pattern: string
  /** For `.gitleaks.toml`. */
  gitleaks: string
  /** For TruffleHog's `--config`. */
  trufflehog: string
  /** The fields of a custom pattern of GitHub's secret scanning. */
  github: { secretFormat: string; beforeSecret: string; afterSecret: string }
}

/**
 * The rules for keys of this prefix. Keys without a prefix have none: they look like any SHA-256.
 *
 * @param prefix one that `isKeyPrefix` accepts: it goes into regular expressions and files as it is.
 */
export function createScanRules(prefix: string): ScanRules {
  const secretFormat = `${prefix}_[0-9a-f]{72}`
  const pattern = `\\b${secretFormat}\\b`
  const id = `${prefix.replaceAll("_", "-")}-api-key`
  return {
    pattern,
    // The minimum entropy, in bits per character, excludes placeholders such as acme_0000….
    gitleaks: `[extend]
useDefault = true

[[rules]]
id = "${id}"
description = "API key that begins with ${prefix}_"
regex = '''${pattern}'''
entropy = 3
keywords = ["${prefix}_"]
`,
    trufflehog: `detectors:
  - name: ${id}
    keywords:
      - ${prefix}_
    regex:
      key: '${pattern.replace(secretFormat, `(${secretFormat})`)}'
`,
    github: { secretFormat, beforeSecret: "\\A|[^0-9A-Za-z_]", afterSecret: "\\z|[^0-9A-Za-z_]" },
  }
}
