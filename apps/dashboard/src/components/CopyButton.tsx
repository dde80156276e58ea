import { type RefObject, useEffect, useState } from "react"
import { Button } from "./Button.tsx"
import { Icon } from "./Icon.tsx"

interface Props {
  text: string
  /** Names the copied text for screen readers, such as "the API key". */
  name: string
  kind?: "primary" | "secondary"
  ref?: RefObject<HTMLButtonElement | null>
  onCopied?: () => void
}

/** Copies a text and reports whether it succeeded. */
export function CopyButton({ text, name, kind = "secondary", ref, onCopied }: Props) {
  const [outcome, setOutcome] = useState<"none" | "copied" | "failed">("none")
  useEffect(() => {
    if (outcome === "none") return
    const timer = setTimeout(() => setOutcome("none"), 4_000)
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

  return (
    <>
      <Button {...(ref && { ref })} kind={kind} size="small" onClick={copy}>
        <Icon name={outcome === "copied" ? "check" : "copy"} />
        <span className="min-w-12 text-left">{outcome === "copied" ? "Copied" : "Copy"}</span>
        <span className="sr-only">{name}</span>
      </Button>
      <span role="status" className={outcome === "failed" ? "text-sm text-danger" : "sr-only"}>
        {outcome === "copied" && `Copied ${name}`}
        {outcome === "failed" && "The browser blocked copying. Select the text and copy it manually."}
      </span>
    </>
  )
}
