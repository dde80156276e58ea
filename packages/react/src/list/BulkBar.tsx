import type { ApiKey } from "@latchkey/sdk"
import { useApp } from "../app.ts"
import { Button } from "../parts/Button.tsx"
import { Icon } from "../parts/Icon.tsx"
import { useLanguage } from "../strings/context.ts"

/** The actions for several keys at once. */
export function BulkBar({ apiKeys, onClear }: { apiKeys: readonly ApiKey[]; onClear: () => void }) {
  const { strings, formats } = useLanguage()
  const { openDialog } = useApp()
  return (
    <div data-part="bulk-bar">
      <p role="status">{strings.selected(formats.number(apiKeys.length))}</p>
      <Button size="small" kind="quiet" onClick={onClear}>
        {strings.clearSelection}
      </Button>
      <Button size="small" kind="danger" onClick={() => openDialog({ kind: "revoke", apiKeys })}>
        <Icon name="trash" />
        {strings.revoke}
      </Button>
    </div>
  )
}
