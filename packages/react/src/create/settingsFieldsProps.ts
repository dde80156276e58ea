import type { Problem, Settings } from "./settings.ts"

export interface SettingsFieldsProps {
  settings: Settings
  onChange: (change: Partial<Settings>) => void
  problems: readonly Problem[]
  /** The server's refusal of the values. */
  error: unknown
  /** The expiry of an existing key. */
  currentEnd?: Date | null
  /** The product has set everything except the label and the expiry. */
  isLocked?: boolean
}
