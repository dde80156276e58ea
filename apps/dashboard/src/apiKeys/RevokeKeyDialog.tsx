import type { ApiKey } from "@latchkey/sdk"
import { useRef } from "react"
import { Button } from "../components/Button.tsx"
import { Modal, ModalActions } from "../components/Modal.tsx"
import { RelativeTime } from "../components/RelativeTime.tsx"
import { formatExact } from "../formatTime.ts"

interface Props {
  apiKey: ApiKey
  /** The owner's email, unless it is the user's own key. */
  owner?: string
  isOpen: boolean
  onClose: () => void
  onRevoke: () => void
  finalFocus: () => HTMLElement | true
}

export function RevokeKeyDialog({ apiKey, owner, isOpen, onClose, onRevoke, finalFocus }: Props) {
  const cancel = useRef<HTMLButtonElement>(null)
  return (
    <Modal
      kind="alert"
      isOpen={isOpen}
      onClose={onClose}
      initialFocus={cancel}
      finalFocus={finalFocus}
      title={`Revoke “${apiKey.label}”?`}
      description="All calls with this key will be rejected immediately. This can’t be undone."
    >
      <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-2 rounded-lg bg-sunken px-4 py-3 text-sm">
        <dt className="text-muted">Key</dt>
        <dd>
          <code>{apiKey.start}…</code>
        </dd>
        {owner && (
          <>
            <dt className="text-muted">Owner</dt>
            <dd className="wrap-anywhere">{owner}</dd>
          </>
        )}
        <dt className="text-muted">Created</dt>
        <dd>{formatExact(apiKey.createdAt)}</dd>
        <dt className="text-muted">Last used</dt>
        <dd>
          {apiKey.lastUsedAt ? (
            <>
              <RelativeTime time={apiKey.lastUsedAt} />
              <span className="text-muted"> ({formatExact(apiKey.lastUsedAt)})</span>
            </>
          ) : (
            "Never"
          )}
        </dd>
      </dl>
      <ModalActions>
        <Button ref={cancel} onClick={onClose}>
          Cancel
        </Button>
        <Button kind="danger" onClick={onRevoke}>
          Revoke key
        </Button>
      </ModalActions>
    </Modal>
  )
}
