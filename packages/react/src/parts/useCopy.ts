import { useEffect, useState } from "react"

const SHOWN_MS = 4_000

/** Copies a text, and reports for a while whether that succeeded. */
export function useCopy(text: string, onCopied?: () => void) {
  const [outcome, setOutcome] = useState<"none" | "copied" | "failed">("none")
  useEffect(() => {
    if (outcome === "none") return
    const timer = setTimeout(() => setOutcome("none"), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [outcome])

  async function copy() {
    try {
      await navigator.clipboard.writeText(text)
      setOutcome("copied")
      onCopied?.()
    } catch {
      setOutcome("failed")
    }
  }
  return { outcome, copy }
}
