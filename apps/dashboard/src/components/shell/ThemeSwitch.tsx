import { setTheme, type Theme, useTheme } from "../../theme.ts"
import { Icon, type IconName } from "../Icon.tsx"

const CHOICES: readonly { theme: Theme; label: string; icon: IconName }[] = [
  { theme: "system", label: "System theme", icon: "system" },
  { theme: "light", label: "Light theme", icon: "sun" },
  { theme: "dark", label: "Dark theme", icon: "moon" },
]

export function ThemeSwitch() {
  const current = useTheme()
  return (
    <fieldset className="inline-flex rounded-full border border-line bg-surface p-0.5">
      <legend className="sr-only">Theme</legend>
      {CHOICES.map(({ theme, label, icon }) => (
        <label
          key={theme}
          title={label}
          className="relative grid size-8 cursor-pointer place-items-center rounded-full text-muted hover:text-ink has-checked:bg-raised has-checked:text-ink has-checked:ring-1 has-checked:ring-control has-focus-visible:outline-2 has-focus-visible:outline-accent"
        >
          <input
            type="radio"
            name="theme"
            aria-label={label}
            checked={theme === current}
            onChange={() => setTheme(theme)}
            className="absolute inset-0 cursor-pointer appearance-none rounded-full outline-none"
          />
          <Icon name={icon} />
        </label>
      ))}
    </fieldset>
  )
}
