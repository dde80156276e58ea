import { type ReactNode, useDeferredValue, useEffect } from "react"
import { apiUrl } from "../apiUrl.ts"
import { PageHeading } from "../components/shell/PageHeading.tsx"
import { CodeBlock } from "./CodeBlock.tsx"
import { Contents } from "./Contents.tsx"
import { Fields } from "./Fields.tsx"
import { OperationSection } from "./OperationSection.tsx"
import type { Reference } from "./openApi.ts"
import { Prose } from "./Prose.tsx"

const NONE: Reference["chapters"] = []

/** The whole reference on one page, so that the browser's own search finds everything. */
export function ReferenceBody({ reference }: { reference: Reference }) {
  const { about, chapters } = reference
  // Operations take most of the time to render, and are below the fold.
  const shownChapters = useDeferredValue(chapters, NONE)
  // biome-ignore lint/correctness/useExhaustiveDependencies: a chapter may bring the target
  useEffect(() => {
    // The browser looked for the fragment before the page contained it.
    if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView()
  }, [shownChapters])
  return (
    <div className="gap-10 lg:grid lg:grid-cols-[15rem_minmax(0,1fr)]">
      <div className="max-lg:hidden">
        <div className="sticky top-0 -mx-1 -mt-6 max-h-dvh overflow-y-auto px-1 py-6">
          <Contents chapters={chapters} />
        </div>
      </div>
      <div className="min-w-0">
        <PageHeading title="API reference" />
        <div className="mt-4 grid max-w-3xl gap-3">
          {about.map((paragraph) => (
            <Prose key={paragraph}>{paragraph}</Prose>
          ))}
          <p>
            For tools:{" "}
            <a
              href={`${apiUrl}/openapi.json`}
              className="rounded text-accent underline underline-offset-4 hover:text-accent-strong"
            >
              openapi.json
            </a>{" "}
            (OpenAPI 3.1).
          </p>
        </div>
        <details className="mt-6 rounded-xl border border-line bg-surface p-4 lg:hidden">
          <summary className="cursor-pointer rounded font-medium">Contents</summary>
          <div className="mt-3">
            <Contents chapters={chapters} />
          </div>
        </details>
        <Credentials {...reference} />
        <Errors {...reference} />
        {shownChapters.map(({ name, description, operations }) => (
          <Chapter key={name} title={name}>
            <p className="mt-1 mb-6 text-muted">{description}</p>
            {operations.map((operation) => (
              <OperationSection key={operation.operationId} operation={operation} />
            ))}
          </Chapter>
        ))}
      </div>
    </div>
  )
}

const Credentials = ({ securitySchemes }: Reference) => (
  <Chapter id="credentials" title="Credentials">
    <dl className="mt-2 max-w-3xl divide-y divide-line">
      {Object.entries(securitySchemes).map(([name, { description }]) => (
        <div key={name} id={`credential-${name}`} className="scroll-mt-6 py-2.5 text-sm">
          <dt>
            <code className="font-mono font-semibold">{name}</code>
          </dt>
          <dd className="mt-0.5">
            <Prose className="text-muted">{description}</Prose>
          </dd>
        </div>
      ))}
    </dl>
  </Chapter>
)

const Errors = ({ error }: Reference) => (
  <Chapter id="errors" title="Errors">
    <p className="mt-1 max-w-3xl text-muted">Errors have the same format for every operation.</p>
    <div className="mt-4 grid items-start gap-6 xl:grid-cols-[minmax(0,1fr)_minmax(0,1fr)]">
      <Fields schema={error} />
      <CodeBlock
        title="An error"
        name="an error"
        text={JSON.stringify(error.examples?.[0], null, 2)}
        isJson
      />
    </div>
  </Chapter>
)

interface ChapterProps {
  /** The target of links on the page. */
  id?: string
  title: string
  children: ReactNode
}

const Chapter = ({ id, title, children }: ChapterProps) => (
  <section id={id} aria-label={title} className="mt-10 scroll-mt-6">
    <h2 className="text-xl font-semibold tracking-tight">{title}</h2>
    {children}
  </section>
)
