import { type ReactNode, useId, useState } from "react"
import { apiUrl } from "../apiUrl.ts"
import { CodeBlock } from "./CodeBlock.tsx"
import { fieldsOf } from "./describeType.ts"
import { Field, Fields } from "./Fields.tsx"
import { Method } from "./Method.tsx"
import type { Content, Example, Operation } from "./openApi.ts"
import { Prose } from "./Prose.tsx"
import { toCurl } from "./toCurl.ts"

/** An operation, with its description, inputs and outputs on the left, and examples on the right. */
export function OperationSection({ operation }: { operation: Operation }) {
  const { operationId, method, path, summary, description } = operation
  return (
    <section
      id={operationId}
      aria-labelledby={`${operationId}-title`}
      className="scroll-mt-6 border-t border-line py-8"
    >
      <h3 id={`${operationId}-title`} className="text-lg font-semibold">
        <a href={`#${operationId}`} className="rounded hover:underline">
          {summary}
        </a>
      </h3>
      <p className="mt-1.5 flex flex-wrap items-center gap-2">
        <Method>{method}</Method>
        <code className="font-mono text-sm wrap-anywhere">{path}</code>
      </p>
      <div className="mt-4 grid items-start gap-6 xl:grid-cols-[minmax(0,1fr)_minmax(0,1fr)]">
        <div className="min-w-0">
          <Prose>{description}</Prose>
          <Credentials operation={operation} />
          <Inputs operation={operation} />
          <Responses operation={operation} />
        </div>
        <OperationExamples operation={operation} />
      </div>
    </section>
  )
}

const Part = ({ title, children }: { title: string; children: ReactNode }) => (
  <div className="mt-5">
    <h4 className="text-xs font-semibold tracking-wide text-muted uppercase">{title}</h4>
    {children}
  </div>
)

function Credentials({ operation: { security } }: { operation: Operation }) {
  const names = security.flatMap((scheme) => Object.keys(scheme))
  return (
    <Part title="Credential">
      <p className="mt-1.5 text-sm">
        {names.length === 0
          ? "None."
          : names.map((name, index) => (
              <span key={name}>
                {index > 0 && (index === names.length - 1 ? " or " : ", ")}
                <a href={`#credential-${name}`} className="rounded text-accent underline underline-offset-4">
                  {name}
                </a>
              </span>
            ))}
      </p>
    </Part>
  )
}

const PLACES = { path: "Path", query: "Query", header: "Headers" } as const

function Inputs({ operation: { parameters, requestBody } }: { operation: Operation }) {
  const [body] = Object.values(requestBody?.content ?? {})
  return (
    <>
      {(["path", "query", "header"] as const).map((place) => {
        const ofPlace = parameters.filter((parameter) => parameter.in === place)
        if (ofPlace.length === 0) return null
        return (
          <Part key={place} title={PLACES[place]}>
            <dl className="divide-y divide-line">
              {ofPlace.map(({ name, schema, required, description }) => (
                <Field key={name} {...{ name, schema, description }} isRequired={required} isInput />
              ))}
            </dl>
          </Part>
        )
      })}
      {body && (
        <Part title="Body">
          <Fields schema={body.schema} isInput />
        </Part>
      )}
    </>
  )
}

function Responses({ operation: { responses } }: { operation: Operation }) {
  const all = Object.entries(responses)
  return (
    <Part title="Responses">
      {all.map(([status, { description, headers = {}, content }]) => {
        const schemas = Object.values(content ?? {}).flatMap(({ schema }) => fieldsOf(schema))
        const isSuccess = status.startsWith("2")
        return (
          <details
            key={status}
            open={isSuccess && schemas.length === 0}
            className="border-b border-line py-2 text-sm last:border-0"
          >
            <summary className="cursor-pointer rounded">
              <span className={`font-mono font-semibold ${isSuccess ? "text-ok" : "text-danger"}`}>
                {status}
              </span>{" "}
              <span className="text-muted">{isSuccess ? "Success" : titleOf(description)}</span>
            </summary>
            <div className="mt-1.5 pl-4">
              {isSuccess ? (
                <Prose>{description}</Prose>
              ) : (
                sentencesOf(description).map((text) => <Prose key={text}>{text}</Prose>)
              )}
              {Object.entries(headers).map(([name, header]) => (
                <Prose key={name} className="mt-1 text-muted">{`\`${name}\`: ${header.description}`}</Prose>
              ))}
              {isSuccess &&
                schemas.map((schema, index) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: the document never changes
                  <div key={index} className={index > 0 ? "mt-2 border-t-2 border-line" : ""}>
                    <Fields schema={schema} />
                  </div>
                ))}
            </div>
          </details>
        )
      })}
    </Part>
  )
}

/** The reasons in the description of an error. */
const titleOf = (description: string) =>
  [...description.matchAll(/`([A-Z_]+)`: /g)].map(([, reason]) => reason).join(", ")

const sentencesOf = (description: string) => description.split(/ (?=`[A-Z_]+`: )/)

function OperationExamples({ operation }: { operation: Operation }) {
  const { summary, responses, requestBody } = operation
  const requests = examplesOf(requestBody?.content)
  const success = Object.entries(responses).find(([status]) => status.startsWith("2"))
  const answers = examplesOf(success?.[1].content)
  const [request, chooseRequest] = useChosen(requests)
  const [answer, chooseAnswer] = useChosen(answers)
  return (
    <div className="grid min-w-0 gap-4 xl:sticky xl:top-6">
      <CodeBlock
        title={
          <Title text="curl" examples={requests} onChoose={chooseRequest} label={`Request of ${summary}`} />
        }
        name={`curl for ${summary}`}
        text={toCurl(apiUrl, operation, request?.value)}
      />
      {answer && (
        <CodeBlock
          title={
            <Title
              text={`Response ${success?.[0]}`}
              examples={answers}
              onChoose={chooseAnswer}
              label={`Response of ${summary}`}
            />
          }
          name={`response of ${summary}`}
          text={JSON.stringify(answer.value, null, 2)}
          isJson
        />
      )}
    </div>
  )
}

const examplesOf = (content: Record<string, Content> | undefined) =>
  Object.values(content ?? {}).flatMap(({ examples = {} }) => Object.values(examples))

function useChosen(examples: readonly Example[]) {
  const [index, setIndex] = useState(0)
  return [examples[index], setIndex] as const
}

interface TitleProps {
  text: string
  examples: readonly Example[]
  onChoose: (index: number) => void
  label: string
}

/** Names an example, and lets the reader choose among several. */
function Title({ text, examples, onChoose, label }: TitleProps) {
  const id = useId()
  if (examples.length < 2) return text
  return (
    <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
      {text}
      <select
        id={id}
        aria-label={label}
        onChange={(event) => onChoose(event.target.selectedIndex)}
        className="h-8 max-w-full min-w-0 rounded-lg border border-control bg-surface px-2 text-sm"
      >
        {examples.map(({ summary }) => (
          <option key={summary}>{summary}</option>
        ))}
      </select>
    </span>
  )
}
