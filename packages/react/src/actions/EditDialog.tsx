import type { ApiKey } from "@latchkey/sdk"
import { useState } from "react"
import { useApp } from "../app.ts"
import { FIELDS, SettingsFields } from "../create/SettingsFields.tsx"
import { findProblems, type Problem, settingsOf, toChange } from "../create/settings.ts"
import { Dialog } from "../parts/Dialog.tsx"
import { DialogForm } from "../parts/DialogForm.tsx"
import { useSubmit } from "../parts/useSubmit.ts"
import { useLanguage } from "../strings/context.ts"

export function EditDialog({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const { strings } = useLanguage()
  const { store, notify } = useApp()
  const [settings, setSettings] = useState(() => settingsOf(apiKey))
  const [problems, setProblems] = useState<Problem[]>([])
  const form = useSubmit(async () => {
    const now = Date.now()
    const found = findProblems(settings, now)
    setProblems(found)
    if (found.length > 0) return
    const change = toChange(settings, apiKey, now)
    if (Object.keys(change).length > 0) {
      const { label } = await store.update(apiKey.id, change)
      notify(strings.wasChanged(label))
    }
    onClose()
  })
  return (
    <Dialog title={strings.editTitle(apiKey.label)} onClose={onClose}>
      <DialogForm form={form} fields={FIELDS} button={strings.save} onCancel={onClose}>
        <SettingsFields
          settings={settings}
          onChange={(change) => setSettings({ ...settings, ...change })}
          problems={problems}
          error={form.error}
          currentEnd={apiKey.expiresAt}
          isLocked={apiKey.locked}
        />
      </DialogForm>
    </Dialog>
  )
}
