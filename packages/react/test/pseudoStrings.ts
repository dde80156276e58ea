import { type ApiKeysStrings, english } from "../src/index.ts"

const LETTERS = "ابتثجحخدذرزسشصضطظعغفقكلمنه"

/** A text in letters that are read from the right, of the same length. Arguments are kept. */
const translate = (text: string, args: readonly unknown[] = []) => {
  const kept = args.filter((arg): arg is string => typeof arg === "string" && arg !== "")
  const parts =
    kept.length > 0
      ? text.split(
          new RegExp(`(${kept.map((kept) => kept.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})`),
        )
      : [text]
  return parts
    .map((part) =>
      kept.includes(part)
        ? part
        : part.replaceAll(/[a-z]/gi, (letter) => LETTERS[letter.toLowerCase().charCodeAt(0) - 97] ?? letter),
    )
    .join("")
}

const pseudo = (value: unknown): unknown => {
  if (typeof value === "string") return translate(value)
  if (typeof value === "function") return (...args: unknown[]) => translate(value(...args), args)
  return Object.fromEntries(Object.entries(value as object).map(([name, item]) => [name, pseudo(item)]))
}

/** Every text of the component in another script. */
export const pseudoStrings = pseudo(english) as ApiKeysStrings
