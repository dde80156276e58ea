import type { CreatedApiKey } from "@latchkey/sdk"
import { type ReactNode, useEffect, useRef, useState } from "react"
import { Button } from "../parts/Button.tsx"
import { CopyButton } from "../parts/CopyButton.tsx"
import { Dialog, DialogActions } from "../parts/Dialog.tsx"
import { Message } from "../parts/fields.tsx"
import { useWarningBeforeUnload } from "../parts/useWarningBeforeUnload.ts"
import { useLanguage } from "../strings/context.ts"
import { Snippets } from "./Snippets.tsx"

interface Props {
  created: CreatedApiKey
  /** Further information. */
  note?: ReactNode
  onCopied: () => void
  onClose: () => void
}

/** Shows a new key, with examples of its use. */
export function CreatedKey({ created: { key }, note, onCopied, onClose }: Props) {
  const { strings } = useLanguage()
  const copyButton = useRef<HTMLButtonElement>(null)
  useEffect(() => copyButton.current?.focus(), [])
  return (
    <div data-part="created">
      <Message kind="warning">{strings.copyNow}</Message>
      <div data-part="secret">
        <code data-part="key" dir="ltr" onCopy={onCopied}>
          {key}
        </code>
        <CopyButton
          ref={copyButton}
          kind="primary"
          text={key}
          name={strings.copyKey}
          doneName={strings.copiedKey}
          onCopied={onCopied}
        />
      </div>
      {note && <p data-part="note">{note}</p>}
      <Snippets apiKey={key} onCopied={onCopied} />
      <DialogActions>
        <Button onClick={onClose}>{strings.done}</Button>
      </DialogActions>
    </div>
  )
}

interface GuardOptions {
  /** Whether the key is being created. Only this dialog can show it. */
  isPending: boolean
  isShown: boolean
  onClose: () => void
}

/**
 * Keeps a dialog that creates a key open until the key is copied, or the user confirms closing without a copy. While the
 * key is being created, which takes seconds at most, the dialog can't be closed.
 */
export function useCopyGuard({ isPending, isShown, onClose }: GuardOptions) {
  const { strings } = useLanguage()
  const [isCopied, setCopied] = useState(false)
  const [isConfirming, setConfirming] = useState(false)
  useWarningBeforeUnload(isPending || (isShown && !isCopied))

  function close() {
    if (isPending) return
    if (isShown && !isCopied) setConfirming(true)
    else onClose()
  }
  return {
    onCopied: () => setCopied(true),
    close,
    confirmation: isConfirming && (
      <Dialog
        kind="alert"
        title={strings.notCopiedTitle}
        description={strings.notCopiedText}
        onClose={() => setConfirming(false)}
      >
        <DialogActions>
          <Button onClick={onClose}>{strings.closeAnyway}</Button>
          <Button data-autofocus="" kind="primary" onClick={() => setConfirming(false)}>
            {strings.backToKey}
          </Button>
        </DialogActions>
      </Dialog>
    ),
  }
}
