import { fieldError } from "../parts/fieldErrors.ts"
import { SelectField, TextField } from "../parts/fields.tsx"
import { useNow } from "../parts/useNow.ts"
import { useLanguage } from "../strings/context.ts"
import { type ExpiryChoice, endOf } from "./settings.ts"
import type { SettingsFieldsProps } from "./settingsFieldsProps.ts"

const DAYS = ["7", "30", "90"] as const

/** When a key ends, with the resulting date. */
export function ExpiryField({ settings, onChange, problems, error, currentEnd = null }: SettingsFieldsProps) {
  const { strings, formats } = useLanguage()
  const now = useNow()
  const end = endOf(settings, now, currentEnd)
  const result = end === null ? strings.expiryNone : end && strings.expiryOn(formats.day(end))
  return (
    <>
      <SelectField
        label={strings.expiry}
        value={settings.expiry}
        onChange={(event) => onChange({ expiry: event.target.value as ExpiryChoice })}
        hint={<output>{result}</output>}
        error={settings.expiry === "date" ? undefined : fieldError(error, "expiresAt", strings.expiry)}
      >
        {currentEnd && <option value="keep">{formats.day(currentEnd)}</option>}
        <option value="never">{strings.expiryNever}</option>
        {DAYS.map((days) => (
          <option key={days} value={days}>
            {formats.span(Number(days), "day")}
          </option>
        ))}
        <option value="365">{formats.span(1, "year")}</option>
        <option value="date">{strings.expiryDate}</option>
      </SelectField>
      {settings.expiry === "date" && (
        <TextField
          label={strings.expiryDateLabel}
          type="date"
          value={settings.date}
          min={toDateInput(now)}
          max="9999-12-31"
          onChange={(event) => onChange({ date: event.target.value })}
          error={
            problems.includes("date")
              ? strings.expiryDateMissing
              : fieldError(error, "expiresAt", strings.expiry)
          }
        />
      )}
    </>
  )
}

/** A day in the reader's time zone, in the format of date inputs. */
function toDateInput(now: number): string {
  const date = new Date(now)
  const two = (part: number) => String(part).padStart(2, "0")
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}
