import { useLanguage } from "../strings/context.ts"

const HEIGHT = 20
const STEP = 3
const DAYS = 30

/** The calls on each of the last days, scaled so that the highest day fills the height. */
export function Sparkline({ calls }: { calls: readonly number[] }) {
  const { strings, formats } = useLanguage()
  const total = calls.reduce((sum, count) => sum + count, 0)
  const max = Math.max(1, ...calls)
  const height = (count: number) => (count === 0 ? 1 : Math.max(2, (count / max) * HEIGHT))
  const days = Array.from({ length: DAYS }, (_, day) => calls[calls.length - DAYS + day] ?? 0)
  return (
    <span data-part="sparkline">
      <svg aria-hidden="true" width={DAYS * STEP} height={HEIGHT} viewBox={`0 0 ${DAYS * STEP} ${HEIGHT}`}>
        {days.map((count, day) => (
          <rect
            // biome-ignore lint/suspicious/noArrayIndexKey: a day has no other name.
            key={day}
            data-none={count === 0 || undefined}
            x={day * STEP}
            y={HEIGHT - height(count)}
            width={STEP - 1}
            height={height(count)}
          />
        ))}
      </svg>
      <span aria-hidden="true" data-part="sparkline-total">
        {formats.number(total)}
      </span>
      <span data-part="hidden">{strings.callsIn30Days(formats.number(total))}</span>
    </span>
  )
}
