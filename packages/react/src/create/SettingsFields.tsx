import { useApp } from "../app.ts"
import { fieldError } from "../parts/fieldErrors.ts"
import { FieldError, Message, TextArea, TextField } from "../parts/fields.tsx"
import { useLanguage } from "../strings/context.ts"
import { ExpiryField } from "./ExpiryField.tsx"
import { LimitFields } from "./LimitFields.tsx"
import { ScopesField } from "./ScopesField.tsx"
import type { SettingsFieldsProps } from "./settingsFieldsProps.ts"

/** The fields whose problems are shown next to them. */
export const FIELDS = ["label", "expiresAt", "scopes", "allowedIps", "rateLimit"] as const

/** The fields of a key that its owner can choose. */
export function SettingsFields({ isLocked = false, ...props }: SettingsFieldsProps) {
  const { strings } = useLanguage()
  const { scopes } = useApp()
  const { settings, onChange, problems, error } = props
  return (
    <div data-part="fields">
      <TextField
        label={strings.label}
        placeholder={strings.labelExample}
        value={settings.label}
        onChange={(event) => onChange({ label: event.target.value })}
        maxLength={100}
        autoComplete="off"
        required
        data-autofocus=""
        error={problems.includes("label") ? strings.labelMissing : fieldError(error, "label", strings.label)}
      />
      <ExpiryField {...props} />
      {isLocked && <Message kind="info">{strings.lockedHint}</Message>}
      {!isLocked && (scopes.length > 0 || settings.scopes !== null) && <ScopesField {...props} />}
      {!isLocked && <MoreFields {...props} />}
    </div>
  )
}

function MoreFields({ settings, onChange, problems, error }: SettingsFieldsProps) {
  const { strings } = useLanguage()
  const addressError = fieldError(error, "allowedIps", strings.addresses)
  const limitError = fieldError(error, "rateLimit", strings.limit)
  const isUsed = settings.addresses !== "" || settings.calls !== ""
  return (
    <details data-part="more" open={isUsed || addressError || limitError ? true : undefined}>
      <summary>{strings.more}</summary>
      <div data-part="fields">
        <TextArea
          label={strings.addresses}
          hint={strings.addressesHint}
          value={settings.addresses}
          onChange={(event) => onChange({ addresses: event.target.value })}
          rows={2}
          placeholder="203.0.113.0/24"
          autoComplete="off"
          spellCheck={false}
          error={addressError}
        />
        <LimitFields settings={settings} onChange={onChange} isInvalid={problems.includes("calls")} />
        <FieldError error={limitError} />
      </div>
    </details>
  )
}
