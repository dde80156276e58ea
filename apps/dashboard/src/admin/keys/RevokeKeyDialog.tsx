import { withoutDirections } from "@latchkey/react/internal"
import type { ApiKey } from "@latchkey/sdk"
import { ConfirmDialog } from "../../components/ConfirmDialog.tsx"
import { RelativeTime } from "../../components/RelativeTime.tsx"
import { formats } from "../../formatTime.ts"

interface Props {
  apiKey: ApiKey
  owner: string
  isOpen: boolean
  onClose: () => void
  onConfirm: () => void
  finalFocus: () => HTMLElement | true
}

export const RevokeKeyDialog = ({ apiKey, owner, ...dialog }: Props) => (
  <ConfirmDialog
    {...dialog}
    title={`Revoke “${withoutDirections(apiKey.label)}”?`}
    description="All calls with this key will be rejected immediately. This can’t be undone."
    button="Revoke key"
  >
    <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-2 rounded-lg bg-sunken px-4 py-3 text-sm">
      <dt className="text-muted">Key</dt>
      <dd>
        <code>{apiKey.start}…</code>
      </dd>
      <dt className="text-muted">Owner</dt>
      <dd className="wrap-anywhere">{owner}</dd>
      <dt className="text-muted">Created</dt>
      <dd>{formats.exact(apiKey.createdAt)}</dd>
      <dt className="text-muted">Last used</dt>
      <dd>
        {apiKey.lastUsedAt ? (
          <>
            <RelativeTime time={apiKey.lastUsedAt} />
            <span className="text-muted"> ({formats.exact(apiKey.lastUsedAt)})</span>
          </>
        ) : (
          "Never"
        )}
      </dd>
    </dl>
  </ConfirmDialog>
)
