import { useApp } from "../app.ts"
import { fieldError } from "../parts/fieldErrors.ts"
import { ChoiceField, FieldError } from "../parts/fields.tsx"
import type { ScopeOption } from "../scopeOption.ts"
import { useLanguage } from "../strings/context.ts"
import type { SettingsFieldsProps } from "./settingsFieldsProps.ts"

/** Chooses the scopes of a key: all, or only some. */
export function ScopesField({ settings, onChange, problems, error }: SettingsFieldsProps) {
  const { strings } = useLanguage()
  const { scopes: offered } = useApp()
  const options = withOthers(offered, settings.scopes ?? [])
  const toggle = (name: string, isChosen: boolean) => {
    const others = (settings.scopes ?? []).filter((scope) => scope !== name)
    onChange({ scopes: isChosen ? [...others, name] : others })
  }
  return (
    <ChoiceField
      legend={strings.scopes}
      choices={[
        { value: "all", label: strings.scopesAll, hint: strings.scopesAllHint },
        { value: "chosen", label: strings.scopesChosen },
      ]}
      value={settings.scopes === null ? "all" : "chosen"}
      onChange={(mode) => onChange({ scopes: mode === "all" ? null : offered.map(({ name }) => name) })}
    >
      {settings.scopes !== null && (
        <div data-part="scope-list">
          {options.map(({ name, description }) => (
            <label key={name} data-part="choice">
              <input
                type="checkbox"
                checked={settings.scopes?.includes(name) ?? false}
                onChange={(event) => toggle(name, event.target.checked)}
              />
              <span>
                <code>{name}</code>
                {description && <small data-part="hint">{description}</small>}
              </span>
            </label>
          ))}
        </div>
      )}
      <FieldError
        error={
          problems.includes("scopes") ? strings.scopesMissing : fieldError(error, "scopes", strings.scopes)
        }
      />
    </ChoiceField>
  )
}

/** Includes scopes of an existing key that are not offered any more. */
const withOthers = (offered: readonly ScopeOption[], chosen: readonly string[]): readonly ScopeOption[] => [
  ...offered,
  ...chosen.filter((name) => !offered.some((option) => option.name === name)).map((name) => ({ name })),
]
