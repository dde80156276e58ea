import type { RevokeWhereConditions, RevokeWherePreview } from "@latchkey/sdk"
import { type FormEvent, useEffect, useRef, useState } from "react"
import { Button } from "../../components/Button.tsx"
import { FormError } from "../../components/forms/FormError.tsx"
import { TextField } from "../../components/forms/TextField.tsx"
import { Icon } from "../../components/Icon.tsx"
import { Panel } from "../../components/Panel.tsx"
import { OwnedKeyTable } from "../keys/OwnedKeyTable.tsx"
import { useRevokeWhere } from "./useRevokeWhere.ts"

interface Props {
  where: RevokeWhereConditions
  preview: RevokeWherePreview
  /** Requests a new preview, because each one can be confirmed only once, within 10 minutes. */
  onAgain: () => void
}

/** Shows which keys would be revoked, and revokes them once the user has typed their number. */
export function RevocationPreview({ where, preview, onAgain }: Props) {
  const { count, sample, confirm } = preview
  const revocation = useRevokeWhere()
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])

  return (
    <section aria-labelledby="preview-title" className="grid grid-cols-1 gap-4">
      <h2 id="preview-title" ref={heading} tabIndex={-1} className="text-lg font-semibold outline-none">
        {countOf(count, "active key matches", "active keys match")}
      </h2>
      {count > 0 && (
        <>
          {sample.length < count && (
            <p className="-mt-3 text-sm text-muted">The newest {sample.length} of them:</p>
          )}
          <OwnedKeyTable
            apiKeys={sample}
            isStale={false}
            caption="Some of the keys that match, newest first"
          />
          {revocation.isSuccess ? (
            <Done revoked={revocation.data.revoked} />
          ) : revocation.isPending ? (
            <Progress attempts={revocation.attempts} />
          ) : (
            <Confirmation
              count={count}
              error={revocation.error}
              onAgain={onAgain}
              onConfirm={() => revocation.mutate({ where, confirm })}
            />
          )}
        </>
      )}
    </section>
  )
}

const countOf = (count: number, one: string, many: string) =>
  count === 0 ? `No ${many}` : `${count.toLocaleString("en")} ${count === 1 ? one : many}`

interface ConfirmationProps {
  count: number
  error: unknown
  onAgain: () => void
  onConfirm: () => void
}

/** The number has to be typed, because a revocation can't be undone. */
function Confirmation({ count, error, onAgain, onConfirm }: ConfirmationProps) {
  const [problem, setProblem] = useState<string>()
  const input = useRef<HTMLInputElement>(null)

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const typed = String(new FormData(event.currentTarget).get("count")).replaceAll(/[\s,.]/g, "")
    if (typed === String(count)) return onConfirm()
    setProblem("That is not the number of keys.")
    input.current?.focus()
  }

  return (
    <Panel
      title={`Revoke ${countOf(count, "key", "keys")}`}
      description="Calls with these keys will be rejected immediately. This can’t be undone. Keys created after this preview are not revoked."
    >
      <form method="post" noValidate autoComplete="off" onSubmit={submit} className="grid max-w-sm gap-4">
        <TextField
          ref={input}
          label={`Type ${count} to confirm`}
          name="count"
          inputMode="numeric"
          error={problem}
        />
        <FormError error={error} />
        <div className="flex flex-wrap gap-2">
          <Button type="submit" kind="danger">
            Revoke {countOf(count, "key", "keys")}
          </Button>
          <Button onClick={onAgain}>Preview again</Button>
        </div>
      </form>
    </Panel>
  )
}

const Progress = ({ attempts }: { attempts: number }) => (
  <div role="status" className="rounded-xl border border-line bg-surface p-4 sm:p-6">
    <p className="flex items-center gap-3 font-semibold">
      <span
        aria-hidden="true"
        className="size-4 animate-spin rounded-full border-2 border-accent border-r-transparent motion-reduce:hidden"
      />
      Revoking…
    </p>
    <p className="mt-1 text-sm text-muted">
      {attempts === 0
        ? "The keys revoked so far are already rejected."
        : "Some keys are revoked, and the rest will follow. This page repeats the request until all are revoked. Keep it open."}
    </p>
  </div>
)

function Done({ revoked }: { revoked: number }) {
  const message = useRef<HTMLParagraphElement>(null)
  useEffect(() => message.current?.focus(), [])
  return (
    <p
      ref={message}
      tabIndex={-1}
      className="flex items-center gap-2 rounded-xl border border-line bg-ok-soft px-4 py-3 font-medium text-ok outline-none"
    >
      <Icon name="check" className="size-5" />
      {countOf(revoked, "key is revoked.", "keys are revoked.")} No server accepts them any more.
    </p>
  )
}
