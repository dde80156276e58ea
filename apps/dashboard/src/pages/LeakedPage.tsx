import { useEffect, useRef, useState } from "react"
import { Button } from "../components/Button.tsx"
import { FormError } from "../components/forms/FormError.tsx"
import { TextField } from "../components/forms/TextField.tsx"
import { useForm } from "../components/forms/useForm.ts"
import { Icon } from "../components/Icon.tsx"
import { PageHeading } from "../components/shell/PageHeading.tsx"
import { PublicShell } from "../components/shell/PublicShell.tsx"
import { asAnybody } from "../session/session.ts"
import { product } from "../settings.ts"

/** Lets anybody report a key that they have found. The key is sent in a request body, and is never in a URL. */
export const LeakedPage = () => (
  <PublicShell>
    <div className="mx-auto grid max-w-xl gap-6">
      <PageHeading
        title="Report a leaked key"
        description={`Have you found an API key of ${product.name} in code, a chat or a log? Report it here, and nobody can use it any more. You don’t need an account.`}
      />
      <ReportForm />
      <section className="text-sm text-muted">
        <h2 className="font-semibold text-ink">What happens next</h2>
        <ul className="mt-2 grid list-disc gap-1.5 pl-5">
          <li>If the key is valid, it is revoked at once, for good.</li>
          <li>Its owner sees in their activity that it was reported, and from which address.</li>
          <li>
            The response is the same whether or not the key was valid, so that nobody can test keys here.
          </li>
        </ul>
      </section>
    </div>
  </PublicShell>
)

function ReportForm() {
  const done = useRef<HTMLDivElement>(null)
  const [isDone, setDone] = useState(false)
  const form = useForm({ key: "Leaked key" }, async (values, refuse) => {
    const key = String(values.get("key")).trim()
    if (key === "") return refuse({ key: "Paste the key." })
    await asAnybody(({ apiKeys }) => apiKeys.reportLeaked(key))
    setDone(true)
  })
  useEffect(() => {
    if (isDone) done.current?.focus()
  }, [isDone])

  if (isDone) {
    return (
      <div
        ref={done}
        tabIndex={-1}
        className="rounded-2xl border border-line bg-surface p-5 outline-none sm:p-6"
      >
        <h2 className="flex items-center gap-2 font-semibold">
          <Icon name="check" className="size-5 text-ok" />
          Thank you
        </h2>
        <p className="mt-1 text-muted">If the key was valid, it is now revoked, and its owner can see why.</p>
        <div className="mt-4">
          <Button onClick={() => setDone(false)}>Report another key</Button>
        </div>
      </div>
    )
  }
  return (
    <form {...form.props} className="grid gap-4 rounded-2xl border border-line bg-surface p-5 sm:p-6">
      <TextField
        {...form.field("key")}
        autoComplete="off"
        autoCapitalize="none"
        autoCorrect="off"
        spellCheck={false}
        required
        maxLength={256}
      />
      <FormError error={form.error} />
      <div>
        <Button type="submit" kind="danger" isBusy={form.isBusy}>
          Report and revoke
        </Button>
      </div>
    </form>
  )
}
