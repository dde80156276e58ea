import { type FormEvent, useRef, useState } from "react"

/**
 * The state of a form: it is submitted once at a time, keeps the error of the last attempt, and focuses the first field
 * that is invalid.
 */
export function useSubmit(submit: (form: HTMLFormElement) => Promise<void>) {
  const form = useRef<HTMLFormElement>(null)
  const [error, setError] = useState<unknown>(null)
  const [isBusy, setBusy] = useState(false)
  // Several events can come before the next render.
  const isSubmitting = useRef(false)

  async function onSubmit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    if (isSubmitting.current) return
    isSubmitting.current = true
    setBusy(true)
    setError(null)
    try {
      await submit(event.currentTarget)
    } catch (failure) {
      setError(failure)
    } finally {
      isSubmitting.current = false
      setBusy(false)
    }
    // After the errors have been rendered.
    setTimeout(() => form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus())
  }
  return {
    error,
    isBusy,
    clearError: () => setError(null),
    props: { ref: form, noValidate: true, onSubmit } as const,
  }
}
