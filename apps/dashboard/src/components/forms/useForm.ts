import { fieldError, isAboutFields, useSubmit } from "@latchkey/react/internal"
import { useState } from "react"

/** The problems of fields, in words for the user. */
export type Problems<Field extends string> = Partial<Record<Field, string>>

/** The properties for the frame of a form. */
export type FormFrame = Pick<ReturnType<typeof useForm>, "props" | "error" | "isBusy">

/**
 * A form whose fields show their problems, found here or by the server. The browser holds their values.
 *
 * @param labels of the fields that show their own errors, by name.
 * @param submit receives the values, and refuses them if it finds problems.
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
