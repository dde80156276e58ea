import type { RevokeWhereConditions } from "@latchkey/sdk"

interface ConditionField {
  name: keyof RevokeWhereConditions
  label: string
  hint?: string
  isTime?: boolean
}

/** The conditions of a mass revocation, as fields of a form. */
export const CONDITION_FIELDS: readonly ConditionField[] = [
  { name: "createdAfter", label: "Created after", isTime: true },
  { name: "createdBefore", label: "Created before", isTime: true },
  { name: "unusedSince", label: "Not used since", isTime: true },
  { name: "labelContains", label: "Label contains" },
  { name: "scope", label: "Scope", hint: "Also finds keys that have every scope of their owner." },
  { name: "createdBy", label: "Created by", hint: "The id of the person who created the key." },
  { name: "subject", label: "Owner", hint: "The owner’s id in your product, or the id of their account." },
  {
    name: "issuer",
    label: "Issuer",
    hint: "The owner’s issuer: latchkey, host, or a provider’s URL.",
  },
]

/** The conditions in a form, whose times are in the user's time zone. */
export function readConditions(form: FormData): RevokeWhereConditions {
  const filled = CONDITION_FIELDS.flatMap(({ name, isTime }) => {
    const text = String(form.get(name) ?? "").trim()
    if (text === "") return []
    return [[name, isTime ? new Date(text).toISOString() : text]]
  })
  return Object.fromEntries(filled)
}

/** Whether there is no condition, which would revoke everything. */
export const isUnconditional = (where: RevokeWhereConditions) => Object.keys(where).length === 0
