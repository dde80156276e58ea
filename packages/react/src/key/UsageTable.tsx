import type { DailyUsage } from "@latchkey/sdk"
import { useLanguage } from "../strings/context.ts"

export function UsageTable({ items }: { items: readonly DailyUsage[] }) {
  const { strings, formats } = useLanguage()
  const hasLimited = items.some(({ limited }) => limited > 0)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reached by keyboard.
    <section data-part="usage-table" aria-label={strings.usage} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">{strings.day}</th>
            <th scope="col">{strings.accepted}</th>
            {hasLimited && <th scope="col">{strings.limited}</th>}
          </tr>
        </thead>
        <tbody>
          {items.toReversed().map(({ date, accepted, limited }) => (
            <tr key={date}>
              <th scope="row">{formats.utcDay(date)}</th>
              <td>{formats.number(accepted)}</td>
              {hasLimited && <td>{formats.number(limited)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
