import {
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useId,
} from "react"
import { Icon } from "./Icon.tsx"

interface FieldProps {
  label: string
  hint?: ReactNode
  error?: ReactNode
}

/** The attributes that connect an input with its label, hint and error. */
interface Described {
  id: string
  "aria-describedby": string | undefined
  "aria-invalid": true | undefined
}

export function Field({
  label,
  hint,
  error,
  children,
}: FieldProps & { children: (described: Described) => ReactNode }) {
  const id = useId()
  const describedBy = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ")
  return (
    <div data-part="field">
      <label data-part="label" htmlFor={id}>
        {label}
      </label>
      {children({
        id,
        "aria-describedby": describedBy || undefined,
        "aria-invalid": error ? true : undefined,
      })}
      {hint && (
        <p data-part="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      <FieldError id={`${id}-error`} error={error} />
    </div>
  )
}

export const FieldError = ({ id, error }: { id?: string; error: ReactNode }) =>
  error ? (
    <p data-part="field-error" id={id}>
      {error}
    </p>
  ) : null

type Input = Omit<InputHTMLAttributes<HTMLInputElement>, "id" | "className" | "style">
type Area = Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, "id" | "className" | "style">
type Choice = Omit<SelectHTMLAttributes<HTMLSelectElement>, "id" | "className" | "style">

export const TextField = ({ label, hint, error, ...input }: FieldProps & Input) => (
  <Field label={label} hint={hint} error={error}>
    {(described) => <input data-part="input" {...input} {...described} />}
  </Field>
)

export const TextArea = ({ label, hint, error, ...input }: FieldProps & Area) => (
  <Field label={label} hint={hint} error={error}>
    {(described) => <textarea data-part="input" {...input} {...described} />}
  </Field>
)

export const SelectField = ({ label, hint, error, ...input }: FieldProps & Choice) => (
  <Field label={label} hint={hint} error={error}>
    {(described) => <select data-part="input" {...input} {...described} />}
  </Field>
)

interface ChoiceFieldProps<Value extends string> {
  legend: string
  choices: readonly { value: Value; label: string; hint?: string }[]
  value: Value
  onChange: (value: Value) => void
  /** Renders one row of equal buttons instead of a list. */
  isRow?: boolean
  children?: ReactNode
}

/** Radio buttons. */
export function ChoiceField<Value extends string>({
  legend,
  choices,
  value,
  onChange,
  isRow = false,
  children,
}: ChoiceFieldProps<Value>) {
  const name = useId()
  return (
    <fieldset data-part="choices" data-row={isRow || undefined}>
      <legend data-part="label">{legend}</legend>
      <div data-part="choice-list">
        {choices.map((choice) => (
          <label key={choice.value} data-part="choice">
            <input
              type="radio"
              name={name}
              value={choice.value}
              checked={choice.value === value}
              onChange={() => onChange(choice.value)}
            />
            <span>
              {choice.label}
              {choice.hint && <small data-part="hint">{choice.hint}</small>}
            </span>
          </label>
        ))}
      </div>
      {children}
    </fieldset>
  )
}

/** A message with an icon: a note or a failure. */
export const Message = ({ kind, children }: { kind: "warning" | "danger" | "info"; children: ReactNode }) => (
  <p data-part="message" data-kind={kind}>
    <Icon name={kind === "info" ? "lock" : "warning"} />
    <span>{children}</span>
  </p>
)
