import { useSyncExternalStore } from "react"

export type Theme = "system" | "light" | "dark"

const STORED = "latchkey.theme"
const listeners = new Set<() => void>()

const isTheme = (value: unknown): value is Theme =>
  value === "system" || value === "light" || value === "dark"

function read(): Theme {
  const stored = localStorage.getItem(STORED)
  return isTheme(stored) ? stored : "system"
}

/** Shows the theme that was chosen here before; called once, before anything is drawn. */
export function applyTheme() {
  const theme = read()
  if (theme === "system") delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
  for (const listener of listeners) listener()
}

export function setTheme(theme: Theme) {
  if (theme === "system") localStorage.removeItem(STORED)
  else localStorage.setItem(STORED, theme)
  applyTheme()
}

export function useTheme(): Theme {
  return useSyncExternalStore((listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, read)
}

// Other tabs follow.
addEventListener("storage", ({ key }) => {
  if (key === STORED) applyTheme()
})
