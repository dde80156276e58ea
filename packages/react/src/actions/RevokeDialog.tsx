import type { ApiKey } from "@latchkey/sdk"
import { useApp } from "../app.ts"
import { Button } from "../parts/Button.tsx"
import { Dialog, DialogActions } from "../parts/Dialog.tsx"
import { Time } from "../parts/Time.tsx"
import { useLanguage } from "../strings/context.ts"

/** Asks for confirmation before keys are revoked. The list shows them as revoked at once, and reports failures. */
export function RevokeDialog({ apiKeys, onClose }: { apiKeys: readonly ApiKey[]; onClose: () => void }) {
  const { strings, formats } = useLanguage()
  const { store, notify } = useApp()
  const [only] = apiKeys.length === 1 ? apiKeys : []
  const count = formats.number(apiKeys.length)

  async function revoke() {
    onClose()
    const results = await Promise.allSettled(apiKeys.map(({ id }) => store.revoke(id)))
    const failed = results.filter((result) => result.status === "rejected")
    const done = apiKeys.length - failed.length
    if (only) {
      if (failed[0]) notify(strings.notRevoked(only.label), failed[0].reason)
      else notify(strings.wasRevoked(only.label))
      return
    }
    if (done > 0) notify(strings.wereRevoked(formats.number(done)))
    if (failed[0]) notify(strings.someNotRevoked(formats.number(failed.length)), failed[0].reason)
  }

  return (
    <Dialog
      kind="alert"
      title={only ? strings.revokeTitle(only.label) : strings.revokeManyTitle(count)}
      description={strings.revokeText}
      onClose={onClose}
    >
      <ul data-part="key-list">
        {apiKeys.map((apiKey) => (
          <li key={apiKey.id}>
            <bdi data-part="key-list-label">{apiKey.label}</bdi>
            <code>{apiKey.start}…</code>
            <span data-part="hint">
              {apiKey.lastUsedAt ? (
                <Time time={apiKey.lastUsedAt} as={strings.lastUsed} />
              ) : (
                strings.neverUsed
              )}
            </span>
          </li>
        ))}
      </ul>
      <DialogActions>
        <Button data-autofocus="" onClick={onClose}>
          {strings.cancel}
        </Button>
        <Button kind="danger" onClick={revoke}>
          {only ? strings.revokeKey : strings.revokeManyKeys(count)}
        </Button>
      </DialogActions>
    </Dialog>
  )
}
