import { describeLimits, describeType, fieldsOf } from "./describeType.ts"
import type { Schema } from "./openApi.ts"
import { Prose } from "./Prose.tsx"

/** The fields of an object, each with its type and meaning. */
export function Fields({ schema, isInput = false }: { schema: Schema; isInput?: boolean }) {
  return (
    <dl className="divide-y divide-line">
      {Object.entries(schema.properties ?? {}).map(([name, field]) => (
        <Field
          key={name}
          name={name}
          schema={field}
          isRequired={isInput && (schema.required ?? []).includes(name)}
          isInput={isInput}
        />
      ))}
    </dl>
  )
}

interface Props {
  name: string
  schema: Schema
  isRequired: boolean
  isInput?: boolean
  /** Replaces the schema's own description. */
  description?: string | undefined
}

export function Field({
  name,
  schema,
  isRequired,
  isInput = false,
  description = schema.description,
}: Props) {
  const limits = describeLimits(schema)
  const nested = fieldsOf(schema).filter(({ properties = {} }) => Object.keys(properties).length > 0)
  return (
    <div className="py-2.5 text-sm">
      <dt className="flex flex-wrap items-baseline gap-x-2 gap-y-0.5">
        <code className="font-mono font-semibold wrap-anywhere">{name}</code>
        <span className="text-muted wrap-anywhere">{describeType(schema)}</span>
        {isRequired && <span className="font-medium text-danger">required</span>}
      </dt>
      <dd className="mt-0.5">
        {description && <Prose className="text-muted">{description}</Prose>}
        {limits && <p className="text-muted">Limits: {limits}.</p>}
        {nested.map((child, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the document never changes
          <details key={index} className="mt-1.5">
            <summary className="w-fit cursor-pointer rounded font-medium text-accent underline-offset-4 hover:underline">
              {`Fields of ${name}`}
              {nested.length > 1 && `, form ${index + 1}`}
            </summary>
            <div className="mt-1 ml-1 border-l-2 border-line pl-3">
              <Fields schema={child} isInput={isInput} />
            </div>
          </details>
        ))}
      </dd>
    </div>
  )
}
