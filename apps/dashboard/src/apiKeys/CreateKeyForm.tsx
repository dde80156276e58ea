import type { CreatedApiKey } from "@latchkey/sdk"
import { useMutation } from "@tanstack/react-query"
import { type FormEvent, type RefObject, useRef, useState } from "react"
import { Button } from "../components/Button.tsx"
import { FormError } from "../components/forms/FormError.tsx"
import { TextField } from "../components/forms/TextField.tsx"
import { ModalActions } from "../components/Modal.tsx"
import { explainField, isAboutFields } from "../explain.ts"
import { focusFirstInvalid } from "../focusFirstInvalid.ts"
import { asUser } from "../session/session.ts"

interface Props {
  inputRef: RefObject<HTMLInputElement | null>
  onCreated: (apiKey: CreatedApiKey) => void
  onCancel: () => void
}

export function CreateKeyForm({ inputRef, onCreated, onCancel }: Props) {
  const form = useRef<HTMLFormElement>(null)
  const [problem, setProblem] = useState<string>()
  const create = useMutation({
    mutationFn: (label: string) => asUser((latchkey) => latchkey.apiKeys.create({ label })),
    onSuccess(apiKey) {
      onCreated(apiKey)
      // Otherwise the mutation's state would still hold the key.
      create.reset()
    },
    onError: () => focusFirstInvalid(form.current),
  })

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    if (create.isPending) return
    const label = String(new FormData(event.currentTarget).get("label")).trim()
    create.reset()
    setProblem(label === "" ? "Give the key a label." : undefined)
    if (label === "") focusFirstInvalid(form.current)
    else create.mutate(label)
  }

  return (
    <form ref={form} method="post" noValidate onSubmit={submit}>
      <div className="grid gap-4">
        <TextField
          ref={inputRef}
          label="Label"
          name="label"
          placeholder="nightly import"
          maxLength={100}
          autoComplete="off"
          required
          error={problem ?? explainField(create.error, "label", "Label")}
        />
        <FormError error={isAboutFields(create.error, ["label"]) ? null : create.error} />
      </div>
      <ModalActions>
        <Button onClick={onCancel}>Cancel</Button>
        <Button type="submit" kind="primary" isBusy={create.isPending}>
          Create key
        </Button>
      </ModalActions>
    </form>
  )
}
