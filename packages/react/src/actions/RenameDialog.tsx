import type { ApiKey } from "@latchkey/sdk"
import { useState } from "react"
import { useApp } from "../app.ts"
import { Dialog } from "../parts/Dialog.tsx"
import { DialogForm } from "../parts/DialogForm.tsx"
import { fieldError } from "../parts/fieldErrors.ts"
import { TextField } from "../parts/fields.tsx"
import { useSubmit } from "../parts/useSubmit.ts"
import { useLanguage } from "../strings/context.ts"

export function RenameDialog({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const { strings } = useLanguage()
  const { store, notify } = useApp()
  const [label, setLabel] = useState(apiKey.label)
  const [isMissing, setMissing] = useState(false)
  const form = useSubmit(async () => {
    const chosen = label.trim()
    setMissing(chosen === "")
    if (chosen === "") return
    if (chosen !== apiKey.label) {
      await store.update(apiKey.id, { label: chosen })
      notify(strings.wasChanged(chosen))
    }
    onClose()
  })
  return (
    <Dialog title={strings.renameTitle(apiKey.label)} onClose={onClose}>
      <DialogForm form={form} fields={["label"]} button={strings.save} onCancel={onClose}>
        <div data-part="fields">
          <TextField
            label={strings.label}
            value={label}
            onChange={(event) => setLabel(event.target.value)}
            maxLength={100}
            autoComplete="off"
            required
            data-autofocus=""
            error={isMissing ? strings.labelMissing : fieldError(form.error, "label", strings.label)}
          />
        </div>
      </DialogForm>
    </Dialog>
  )
}
