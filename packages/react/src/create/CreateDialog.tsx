import type { CreatedApiKey, NewApiKey } from "@latchkey/sdk"
import { useState } from "react"
import { useApp } from "../app.ts"
import { Dialog } from "../parts/Dialog.tsx"
import { DialogForm } from "../parts/DialogForm.tsx"
import { useSubmit } from "../parts/useSubmit.ts"
import { useLanguage } from "../strings/context.ts"
import { CreatedKey, useCopyGuard } from "./CreatedKey.tsx"
import { FIELDS, SettingsFields } from "./SettingsFields.tsx"
import { findProblems, NEW_SETTINGS, type Problem, toInput } from "./settings.ts"

/**
 * Asks for the settings, then shows the new key. Only this dialog's state holds the key, which is discarded when the
 * dialog closes or the page is left.
 */
export function CreateDialog({ onClose }: { onClose: () => void }) {
  const { strings } = useLanguage()
  const { store } = useApp()
  const [created, setCreated] = useState<CreatedApiKey>()
  const [isPending, setPending] = useState(false)
  const guard = useCopyGuard({ isPending, isShown: created !== undefined, onClose })

  async function create(input: NewApiKey) {
    setPending(true)
    try {
      setCreated(await store.create(input))
    } finally {
      setPending(false)
    }
  }

  return (
    <Dialog
      title={created ? strings.keyReady(created.label) : strings.createKey}
      description={created ? undefined : strings.labelHint}
      onClose={guard.close}
      onLeave={created && onClose}
    >
      {created ? (
        <CreatedKey created={created} onCopied={guard.onCopied} onClose={guard.close} />
      ) : (
        <CreateForm onCancel={guard.close} create={create} />
      )}
      {guard.confirmation}
    </Dialog>
  )
}

interface FormProps {
  create: (input: NewApiKey) => Promise<void>
  onCancel: () => void
}

function CreateForm({ create, onCancel }: FormProps) {
  const { strings } = useLanguage()
  const [settings, setSettings] = useState(NEW_SETTINGS)
  const [problems, setProblems] = useState<Problem[]>([])
  const form = useSubmit(async () => {
    const now = Date.now()
    const found = findProblems(settings, now)
    setProblems(found)
    if (found.length === 0) await create(toInput(settings, now))
  })
  return (
    <DialogForm form={form} fields={FIELDS} button={strings.createKey} onCancel={onCancel} createsKey>
      <SettingsFields
        settings={settings}
        onChange={(change) => setSettings({ ...settings, ...change })}
        problems={problems}
        error={form.error}
      />
    </DialogForm>
  )
}
