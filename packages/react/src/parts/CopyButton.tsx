import { forwardRef } from "react"
import { useLanguage } from "../strings/context.ts"
import { Button } from "./Button.tsx"
import { Icon } from "./Icon.tsx"
import { useCopy } from "./useCopy.ts"

interface Props {
  text: string
  /** The button's action, and its result, for screen readers. */
  name: string
  doneName: string
  kind?: "primary" | "secondary"
  onCopied?: () => void
  isFocused?: boolean
}

/** Copies a text and reports whether it succeeded. */
export const CopyButton = forwardRef<HTMLButtonElement, Props>(function CopyButton(
  { text, name, doneName, kind = "secondary", onCopied, isFocused },
  ref,
) {
  const { strings } = useLanguage()
  const { outcome, copy } = useCopy(text, onCopied)
  const isCopied = outcome === "copied"
  return (
    <>
      <Button
        ref={ref}
        kind={kind}
        size="small"
        data-autofocus={isFocused || undefined}
        aria-label={isCopied ? doneName : name}
        onClick={copy}
      >
        <Icon name={isCopied ? "check" : "copy"} />
        {isCopied ? strings.copied : strings.copy}
      </Button>
      <span role="status" data-part={outcome === "failed" ? "field-error" : "hidden"}>
        {isCopied && doneName}
        {outcome === "failed" && strings.copyFailed}
      </span>
    </>
  )
})
