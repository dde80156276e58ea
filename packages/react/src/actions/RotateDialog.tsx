import type { ApiKey, CreatedApiKey } from "@latchkey/sdk"
import { useState } from "react"
import { useApp } from "../app.ts"
import { CreatedKey, useCopyGuard } from "../create/CreatedKey.tsx"
import { Dialog } from "../parts/Dialog.tsx"
import { DialogForm } from "../parts/DialogForm.tsx"
import { ChoiceField } from "../parts/fields.tsx"
import { useNow } from "../parts/useNow.ts"
import { useSubmit } from "../parts/useSubmit.ts"
import { useLanguage } from "../strings/context.ts"
import { spanOf } from "../strings/spanOf.ts"

/** Seconds for which the old key keeps working. */
const GRACES = ["0", "3600", "86400", "604800", "2592000"] as const

/** Replaces a key, and shows the new one. */
export function RotateDialog({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const { strings, formats } = useLanguage()
  const { store } = useApp()
  const now = useNow()
  const [grace, setGrace] = useState<(typeof GRACES)[number]>("86400")
  const [created, setCreated] = useState<CreatedApiKey>()
  const form = useSubmit(async () => {
    setCreated(await store.rotate(apiKey.id, { grace: Number(grace) }))
  })
  const guard = useCopyGuard({ isPending: form.isBusy, isShown: created !== undefined, onClose })
  const end = formats.end(endOfGrace(apiKey, Number(grace), now), now)
  const note = grace === "0" ? strings.rotatedNowText(apiKey.start) : strings.rotatedText(apiKey.start, end)

  return (
    <Dialog
      title={created ? strings.keyReady(created.label) : strings.rotateTitle(apiKey.label)}
      description={created ? undefined : strings.rotateText}
      onClose={guard.close}
      onLeave={created && onClose}
    >
      {created ? (
        <CreatedKey created={created} note={note} onCopied={guard.onCopied} onClose={guard.close} />
      ) : (
        <DialogForm form={form} button={strings.rotateKey} onCancel={guard.close} createsKey>
          <ChoiceField
            legend={strings.grace}
            choices={GRACES.map((value) => ({
              value,
              label: value === "0" ? strings.graceNow : spanOf(Number(value), formats),
            }))}
            value={grace}
            onChange={setGrace}
            isRow
          >
            <p data-part="hint" role="status">
              {grace === "0" ? strings.graceNowHint : strings.graceUntil(end)}
            </p>
          </ChoiceField>
        </DialogForm>
      )}
      {guard.confirmation}
    </Dialog>
  )
}

/** The old key ends at its expiry or at the end of the grace period, whichever comes first. */
const endOfGrace = ({ expiresAt }: ApiKey, grace: number, now: number) =>
  new Date(Math.min(now + grace * 1_000, expiresAt?.getTime() ?? Infinity))
