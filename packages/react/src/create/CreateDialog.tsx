import type { CreatedApiKey } from "@latchkey/sdk"
import { useState } from "react"
import { useApp } from "../app.ts"
import { Dialog } from "../parts/Dialog.tsx"
import { DialogForm } from "../parts/DialogForm.tsx"
import { useSubmit } from "../parts/useSubmit.ts"
import { useLanguage } from "../strings/context.ts"
import { CreatedKey, useCopyGuard } from "./CreatedKey.tsx"
import { FIELDS, SettingsFields } from "./SettingsFields.tsx"
import { findProblems, NEW_SETTINGS, type Problem, toInput } from "./settings.ts"

/** Asks for the settings, then shows the new key. Only this dialog's state holds the key, and closing it discards the key. */
export function CreateDialog({ onClose }: { onClose: () => void }) {
  const { strings } = useLanguage()
  const { store } = useApp()
  const [created, setCreated] = useState<CreatedApiKey>()
  const guard = useCopyGuard({ isShown: created !== undefined, onClose })
  return (
    <Dialog
      title={created ? strings.keyReady(created.label) : strings.createKey}
      description={created ? undefined : strings.labelHint}
      onClose={guard.close}
    >
      {created ? (
        <CreatedKey
          created={created}
          isCopied={guard.isCopied}
          onCopied={guard.onCopied}
          onClose={guard.close}
        />
      ) : (
        <CreateForm onCancel={onClose} create={async (input) => setCreated(await store.create(input))} />
      )}
      {guard.confirmation}
    </Dialog>
  )
}

interface FormProps {
  create: (input: ReturnType<typeof toInput>) => Promise<void>
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
    <DialogForm form={form} fields={FIELDS} button={strings.createKey} onCancel={onCancel}>
      <SettingsFields
        settings={settings}
        onChange={(change) => setSettings({ ...settings, ...change })}
        problems={problems}
        error={form.error}
      />
    </DialogForm>
  )
}
