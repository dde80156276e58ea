import type { RevokeWhereConditions } from "@latchkey/sdk"
import { type FormEvent, useRef, useState } from "react"
import { Button } from "../../components/Button.tsx"
import { FormError } from "../../components/forms/FormError.tsx"
import { TextField } from "../../components/forms/TextField.tsx"
import { Panel } from "../../components/Panel.tsx"
import { CONDITION_FIELDS, isUnconditional, readConditions } from "./conditions.ts"

interface Props {
  error: unknown
  isBusy: boolean
  /** Called when the conditions no longer match the last preview. */
  onChange: () => void
  onSubmit: (where: RevokeWhereConditions) => void
}

/** Asks which keys to revoke. */
export function ConditionForm({ error, isBusy, onChange, onSubmit }: Props) {
  const form = useRef<HTMLFormElement>(null)
  const [isEmpty, setEmpty] = useState(false)

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    if (isBusy) return
    const where = readConditions(new FormData(event.currentTarget))
    setEmpty(isUnconditional(where))
    if (!isUnconditional(where)) onSubmit(where)
  }

  return (
    <Panel
      title="Which keys?"
      description="Fill in at least one. A key has to meet all of them. Times are in your own time zone."
    >
      <form
        ref={form}
        method="post"
        noValidate
        autoComplete="off"
        onSubmit={submit}
        onChange={() => {
          setEmpty(false)
          onChange()
        }}
      >
        <div className="grid grid-cols-1 items-start gap-4 sm:grid-cols-2 lg:grid-cols-3">
          {CONDITION_FIELDS.map(({ name, label, hint, isTime }) => (
            <TextField
              key={name}
              name={name}
              label={label}
              hint={hint}
              type={isTime ? "datetime-local" : "text"}
              maxLength={isTime ? undefined : 2_000}
            />
          ))}
        </div>
        <div className="mt-4 grid gap-4">
          <div role="alert" className="empty:absolute">
            {isEmpty && <p className="text-sm text-danger">Fill in at least one condition.</p>}
          </div>
          <FormError error={error} />
          <div className="flex flex-wrap gap-2">
            <Button type="submit" kind="primary" isBusy={isBusy}>
              Preview
            </Button>
            <Button
              onClick={() => {
                form.current?.reset()
                onChange()
              }}
            >
              Clear
            </Button>
          </div>
        </div>
      </form>
    </Panel>
  )
}
