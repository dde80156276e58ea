import { SelectField, TextField } from "../parts/fields.tsx"
import { useLanguage } from "../strings/context.ts"
import { spanOf } from "../strings/spanOf.ts"
import type { Settings } from "./settings.ts"

const WINDOWS = [1, 60, 3_600, 86_400]

interface Props {
  settings: Settings
  onChange: (change: Partial<Settings>) => void
  isInvalid: boolean
}

/** How many calls a key may make, and in what time. */
export function LimitFields({ settings, onChange, isInvalid }: Props) {
  const { strings, formats } = useLanguage()
  const windows = WINDOWS.includes(settings.window) ? WINDOWS : [settings.window, ...WINDOWS]
  return (
    <fieldset data-part="limit">
      <legend data-part="label">{strings.limit}</legend>
      <TextField
        label={strings.limitCalls}
        inputMode="numeric"
        value={settings.calls}
        onChange={(event) => onChange({ calls: event.target.value })}
        autoComplete="off"
        error={isInvalid ? strings.limitInvalid : undefined}
      />
      <SelectField
        label={strings.limitPer}
        value={settings.window}
        onChange={(event) => onChange({ window: Number(event.target.value) })}
      >
        {windows.map((window) => (
          <option key={window} value={window}>
            {spanOf(window, formats)}
          </option>
        ))}
      </SelectField>
      <p data-part="hint">{strings.limitHint}</p>
    </fieldset>
  )
}
