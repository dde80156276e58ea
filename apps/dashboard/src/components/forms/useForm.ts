import { fieldError, isAboutFields, useSubmit } from "@latchkey/react/internal"
import { useState } from "react"

/** The problems of fields, worded for the user. */
export type Problems<Field extends string> = Partial<Record<Field, string>>

/** What the frame of a form needs: its properties, its error, and whether it is being sent. */
export type FormFrame = Pick<ReturnType<typeof useForm>, "props" | "error" | "isBusy">

/**
 * A form whose fields show problems that the page or the server has found. The browser holds the fields' values.
 *
 * @param labels the labels of the fields that show their own errors, by name.
 * @param submit sends the values, or calls `refuse` with the problems that it finds.
 */
export function useForm<Field extends string>(
  labels: Readonly<Record<Field, string>>,
  submit: (values: FormData, refuse: (problems: Problems<Field>) => void) => Promise<void>,
) {
  const [problems, setProblems] = useState<Problems<Field>>({})
  const form = useSubmit(async (element) => {
    setProblems({})
    await submit(new FormData(element), setProblems)
  })
  return {
    /** Without JavaScript, a GET form would put its values into the URL. */
    props: { ...form.props, method: "post" } as const,
    isBusy: form.isBusy,
    /** An error that concerns no field. */
    error: isAboutFields(form.error, Object.keys(labels)) ? null : form.error,
    /** The name, label and error of a field. */
    field: (name: Field) => ({
      name,
      label: labels[name],
      error: problems[name] ?? fieldError(form.error, name, labels[name]),
    }),
    clearErrors() {
      setProblems({})
      form.clearError()
    },
  }
}
