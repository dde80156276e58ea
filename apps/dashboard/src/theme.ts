import { useSyncExternalStore } from "react"
import { readStored, store } from "./storage.ts"

export type Theme = "system" | "light" | "dark"

const STORAGE_KEY = "latchkey.theme"
const listeners = new Set<() => void>()

const isTheme = (value: unknown): value is Theme =>
  value === "system" || value === "light" || value === "dark"

function read(): Theme {
  const stored = readStored(STORAGE_KEY)
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
  store(STORAGE_KEY, theme === "system" ? null : theme)
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
