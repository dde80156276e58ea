import type { ResetLink } from "@latchkey/sdk"
import { useEffect, useRef } from "react"
import { apiUrl } from "../../apiUrl.ts"
import { Button } from "../../components/Button.tsx"
import { CopyButton } from "../../components/CopyButton.tsx"
import { ModalActions } from "../../components/Modal.tsx"

interface Props {
  link: ResetLink
  onCopied: () => void
  onClose: () => void
}

/**
 * Shows a new link, once. Without a public URL, the server returns only the token, because it does not know this page's
 * URL.
 */
export function CreatedResetLink({ link, onCopied, onClose }: Props) {
  const copy = useRef<HTMLButtonElement>(null)
  useEffect(() => copy.current?.focus(), [])
  const url = link.url ?? `${apiUrl}/reset-password#token=${link.token}`
  return (
    <>
      <p className="rounded-lg bg-sunken px-3 py-2">
        <code className="text-sm wrap-anywhere" onCopy={onCopied}>
          {url}
        </code>
      </p>
      <div className="mt-3 flex flex-wrap items-center gap-2">
        <CopyButton ref={copy} kind="primary" text={url} name="the link" onCopied={onCopied} />
      </div>
      <ModalActions>
        <Button onClick={onClose}>Done</Button>
      </ModalActions>
    </>
  )
}
