import { useId, useState } from "react"
import { useApp } from "../app.ts"
import { ErrorMessage } from "../parts/ErrorMessage.tsx"
import { SubHeading } from "../parts/Heading.tsx"
import { useLanguage } from "../strings/context.ts"
import { UsageChart } from "./UsageChart.tsx"
import { UsageTable } from "./UsageTable.tsx"
import { useLoaded } from "./useLoaded.ts"

const RANGES = [7, 30, 90] as const

/** How often a key was used, as a chart and as a table. */
export function Usage({ apiKeyId }: { apiKeyId: string }) {
  const { strings, formats } = useLanguage()
  const { store } = useApp()
  const [days, setDays] = useState<(typeof RANGES)[number]>(30)
  const { data, error } = useLoaded(`${apiKeyId} ${days}`, () =>
    store.client(({ apiKeys }) => apiKeys.usage(apiKeyId, { days })),
  )
  const total = data?.items.reduce((sum, { accepted }) => sum + accepted, 0)
  const span = formats.span(days, "day")
  return (
    <section data-part="card">
      <div data-part="card-header">
        <div>
          <SubHeading>{strings.usage}</SubHeading>
          <p data-part="hint" role="status">
            {total === undefined
              ? "\u00a0"
              : total === 0
                ? strings.usageNone(span)
                : strings.usageSummary(formats.number(total), span)}
          </p>
        </div>
        <Ranges days={days} onChange={setDays} />
      </div>
      <ErrorMessage error={error} />
      {data ? (
        <>
          <UsageChart items={data.items} />
          <details data-part="more">
            <summary>{strings.asTable}</summary>
            <UsageTable items={data.items} />
          </details>
        </>
      ) : (
        <div data-part="chart" aria-hidden="true" />
      )}
    </section>
  )
}

function Ranges({ days, onChange }: { days: number; onChange: (days: (typeof RANGES)[number]) => void }) {
  const { strings, formats } = useLanguage()
  const name = useId()
  return (
    <fieldset data-part="segments">
      <legend data-part="hidden">{strings.usage}</legend>
      {RANGES.map((range) => (
        <label key={range} data-part="segment">
          <input type="radio" name={name} checked={range === days} onChange={() => onChange(range)} />
          {formats.span(range, "day")}
        </label>
      ))}
    </fieldset>
  )
}
