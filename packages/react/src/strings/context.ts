import { createContext, useContext, useMemo } from "react"
import { english } from "./english.ts"
import { createFormats, type Formats } from "./formatTime.ts"
import type { ApiKeysStrings } from "./strings.ts"
import { withoutDirections } from "./withoutDirections.ts"

interface Language {
  strings: ApiKeysStrings
  formats: Formats
}

const LanguageContext = createContext<Language>({ strings: english, formats: createFormats("en") })

export const LanguageProvider = LanguageContext.Provider

/** The texts, and the formats of times and numbers. */
export const useLanguage = (): Language => useContext(LanguageContext)

/** The language that a page has chosen. Texts that it does not translate are in English. */
export const useChosenLanguage = (chosen: Partial<ApiKeysStrings> | undefined, locale: string): Language =>
  useMemo(
    () => ({ strings: withPlainArguments({ ...english, ...chosen }), formats: createFormats(locale) }),
    [chosen, locale],
  )

type Text = (...parts: unknown[]) => string

/** Texts whose arguments, such as labels, can't change how the rest of the sentence is displayed. */
function withPlainArguments(strings: ApiKeysStrings): ApiKeysStrings {
  const plain = (part: unknown) => (typeof part === "string" ? withoutDirections(part) : part)
  const entries = Object.entries(strings).map(([name, text]) =>
    typeof text === "function"
      ? [name, (...parts: unknown[]) => (text as Text).apply(strings, parts.map(plain))]
      : [name, text],
  )
  return Object.fromEntries(entries)
}
