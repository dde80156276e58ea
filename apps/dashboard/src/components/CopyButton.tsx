import { useCopy } from "@latchkey/react/internal"
import type { RefObject } from "react"
import { Button } from "./Button.tsx"
import { Icon } from "./Icon.tsx"

interface Props {
  text: string
  /** The name of the copied text for screen readers, such as "the API key". */
  name: string
  kind?: "primary" | "secondary"
  ref?: RefObject<HTMLButtonElement | null>
  onCopied?: () => void
}

/** Copies a text and reports whether it succeeded. */
export function CopyButton({ text, name, kind = "secondary", ref, onCopied }: Props) {
  const { outcome, copy } = useCopy(text, onCopied)
  return (
    <>
      <Button {...(ref && { ref })} kind={kind} size="small" onClick={copy}>
        <Icon name={outcome === "copied" ? "check" : "copy"} />
        {outcome === "copied" ? "Copied" : "Copy"}
        <span className="sr-only">{name}</span>
      </Button>
      <span role="status" className={outcome === "failed" ? "text-sm text-danger" : "sr-only"}>
        {outcome === "copied" && `Copied ${name}`}
        {outcome === "failed" && "The browser blocked copying. Select the text and copy it manually."}
      </span>
    </>
  )
}
