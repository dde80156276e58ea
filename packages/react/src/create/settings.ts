import type { ApiKey, ApiKeyUpdate, NewApiKey } from "@latchkey/sdk"

/** `keep` is only for keys that have an expiry. Numbers are days from now. */
export type ExpiryChoice = "keep" | "never" | "7" | "30" | "90" | "365" | "date"

/** The values of the form's fields. */
export interface Settings {
  label: string
  expiry: ExpiryChoice
  /** Such as `2030-01-31`, for the expiry `date`. */
  date: string
  /** Null: all scopes. */
  scopes: readonly string[] | null
  /** One on each line. */
  addresses: string
  calls: string
  /** Seconds. */
  window: number
}

export type Problem = "label" | "date" | "scopes" | "calls"

export const NEW_SETTINGS: Settings = {
  label: "",
  expiry: "never",
  date: "",
  scopes: null,
  addresses: "",
  calls: "",
  window: 60,
}

export const settingsOf = ({ label, expiresAt, scopes, allowedIps, rateLimit }: ApiKey): Settings => ({
  ...NEW_SETTINGS,
  label,
  expiry: expiresAt ? "keep" : "never",
  scopes,
  addresses: allowedIps?.join("\n") ?? "",
  calls: rateLimit ? String(rateLimit.limit) : "",
  window: rateLimit?.window ?? NEW_SETTINGS.window,
})

const DAY = 86_400_000

/** When a key with these settings ends: null for never, undefined if that is not chosen yet. */
export function endOf({ expiry, date }: Settings, now: number, current: Date | null = null) {
  if (expiry === "keep") return current
  if (expiry === "never") return null
  if (expiry !== "date") return new Date(now + Number(expiry) * DAY)
  // The end of the day where the user is.
  const end = new Date(`${date}T23:59:59.999`)
  return Number.isNaN(end.getTime()) || end.getTime() <= now ? undefined : end
}

/** The fields whose values the server would refuse. */
export function findProblems(settings: Settings, now: number): Problem[] {
  return [
    ...(settings.label.trim() === "" ? (["label"] as const) : []),
    ...(endOf(settings, now) === undefined ? (["date"] as const) : []),
    ...(settings.scopes?.length === 0 ? (["scopes"] as const) : []),
    ...(settings.calls.trim() !== "" && !/^[1-9]\d{0,9}$/.test(settings.calls.trim())
      ? (["calls"] as const)
      : []),
  ]
}

/** The settings in the API's format. */
export function toInput(settings: Settings, now: number): NewApiKey {
  const addresses = settings.addresses.split(/[\s,]+/).filter((address) => address !== "")
  return {
    label: settings.label.trim(),
    expiresAt: endOf(settings, now) ?? null,
    scopes: settings.scopes && [...settings.scopes],
    allowedIps: addresses.length > 0 ? addresses : null,
    rateLimit:
      settings.calls.trim() === "" ? null : { limit: Number(settings.calls), window: settings.window },
  }
}

/**
 * Only the settings that differ from the key's: those that the product has locked can't be sent, not even unchanged.
 */
export function toChange(settings: Settings, apiKey: ApiKey, now: number): ApiKeyUpdate {
  const after = toInput(settings, now)
  const before = toInput(settingsOf(apiKey), now)
  const { expiresAt, ...others } = after
  const changed = Object.entries(others).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name as keyof NewApiKey]),
  )
  const hasNewEnd = settings.expiry !== "keep" && !(settings.expiry === "never" && !apiKey.expiresAt)
  return { ...Object.fromEntries(changed), ...(hasNewEnd && { expiresAt }) }
}
