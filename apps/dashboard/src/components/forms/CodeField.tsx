import type { SecondFactorCode, SecondFactorMethod } from "@latchkey/sdk"
import { useEffect, useRef, useState } from "react"
import { TextField } from "./TextField.tsx"
import type { Problems } from "./useForm.ts"

export const CODE_LABELS = { totp: "Code", recoveryCode: "Recovery code" } as const

const TEXTS = {
  totp: {
    hint: "The 6 digits in your authenticator app.",
    missing: "Enter the code from your authenticator app.",
    other: "Use a recovery code instead",
  },
  recoveryCode: {
    hint: "One of the codes that you saved when you set up the app. Each works once.",
    missing: "Enter one of your recovery codes.",
    other: "Use the authenticator app instead",
  },
} as const

const BOTH: readonly SecondFactorMethod[] = ["totp", "recoveryCode"]

interface Props {
  /** The form, whose fields include those of `CODE_LABELS`. */
  form: {
    field(name: SecondFactorMethod): { name: string; label: string; error: string | undefined }
    clearErrors(): void
  }
  methods?: readonly SecondFactorMethod[]
  /** Focuses the field when it appears. */
  isFirst?: boolean
}

/** A field for a second-factor code. `readCode` reads it. */
export function CodeField({ form, methods = BOTH, isFirst = false }: Props) {
  const [method, setMethod] = useState<SecondFactorMethod>(methods[0] ?? "totp")
  const input = useRef<HTMLInputElement>(null)
  const takesFocus = useRef(isFirst)
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when the method changes.
  useEffect(() => {
    if (takesFocus.current) input.current?.focus()
    takesFocus.current = true
  }, [method])
  const { hint, other } = TEXTS[method]
  const isApp = method === "totp"
  return (
    <div className="grid justify-items-stretch gap-2">
      <TextField
        {...form.field(method)}
        key={method}
        ref={input}
        hint={hint}
        inputMode={isApp ? "numeric" : "text"}
        autoComplete={isApp ? "one-time-code" : "off"}
        autoCapitalize="none"
        autoCorrect="off"
        spellCheck={false}
        required
        maxLength={64}
      />
      {methods.length > 1 && (
        <button
          type="button"
          onClick={() => {
            setMethod(isApp ? "recoveryCode" : "totp")
            form.clearErrors()
          }}
          className="justify-self-start rounded text-sm font-medium text-accent underline underline-offset-4 hover:text-accent-strong"
        >
          {other}
        </button>
      )}
    </div>
  )
}

type ReadCode =
  | { code: SecondFactorCode; problems?: undefined }
  | { code?: undefined; problems: Problems<SecondFactorMethod> }

/** The code of a form with a `CodeField`, or the problem that it is missing. People type spaces into codes. */
export function readCode(values: FormData): ReadCode {
  const method = values.has("totp") ? "totp" : "recoveryCode"
  const typed = String(values.get(method)).replaceAll(/\s/g, "")
  if (typed === "") return { problems: { [method]: TEXTS[method].missing } }
  return { code: method === "totp" ? { totp: typed } : { recoveryCode: typed } }
}
