import { useEffect, useRef } from "react"
import { Button } from "../components/Button.tsx"
import { CopyButton } from "../components/CopyButton.tsx"
import { ModalActions } from "../components/Modal.tsx"
import { product } from "../settings.ts"
import { downloadText } from "./downloadText.ts"

interface Props {
  codes: readonly string[]
  onSaved: () => void
  onClose: () => void
}

/** Shows new recovery codes, to be copied or downloaded. */
export function RecoveryCodes({ codes, onSaved, onClose }: Props) {
  const copy = useRef<HTMLButtonElement>(null)
  useEffect(() => copy.current?.focus(), [])
  const text = codes.join("\n")

  function download() {
    downloadText(`Recovery codes for ${product.name}. Each works once.\n\n${text}\n`, "recovery-codes.txt")
    onSaved()
  }

  return (
    <>
      <ul
        aria-label="Recovery codes"
        onCopy={onSaved}
        className="grid gap-y-1 rounded-lg bg-sunken px-3 py-3 font-mono text-sm"
      >
        {codes.map((code) => (
          <li key={code} className="wrap-anywhere">
            {code}
          </li>
        ))}
      </ul>
      <div className="mt-3 flex flex-wrap items-center gap-2">
        <CopyButton ref={copy} text={text} name="the recovery codes" onCopied={onSaved} />
        <Button size="small" onClick={download}>
          Download<span className="sr-only"> the recovery codes</span>
        </Button>
      </div>
      <ModalActions>
        <Button kind="primary" onClick={onClose}>
          Done
        </Button>
      </ModalActions>
    </>
  )
}
