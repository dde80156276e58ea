import { useSyncExternalStore } from "react"

export type Theme = "system" | "light" | "dark"

const STORAGE_KEY = "latchkey.theme"
const listeners = new Set<() => void>()

const isTheme = (value: unknown): value is Theme =>
  value === "system" || value === "light" || value === "dark"

function read(): Theme {
  const stored = localStorage.getItem(STORAGE_KEY)
  return isTheme(stored) ? stored : "system"
}

/** Applies the stored theme. Must run before the first render. */
export function applyTheme() {
  const theme = read()
  if (theme === "system") delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
  for (const listener of listeners) listener()
}

export function setTheme(theme: Theme) {
  if (theme === "system") localStorage.removeItem(STORAGE_KEY)
  else localStorage.setItem(STORAGE_KEY, theme)
  applyTheme()
}

export function useTheme(): Theme {
  return useSyncExternalStore((listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, read)
}

// Follows changes in other tabs.
addEventListener("storage", ({ key }) => {
  if (key === STORAGE_KEY) applyTheme()
})
