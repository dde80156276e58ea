import type { DailyUsage } from "@latchkey/sdk"
import { type KeyboardEvent, type PointerEvent, useState } from "react"
import { useLanguage } from "../strings/context.ts"

const HEIGHT = 100
const STEP = 10
const GAP = 2

/**
 * Calls per day as bars. It is a slider over the days, so that a screen reader reads each day aloud, and the arrow
 * keys, a pointer and a finger all show the numbers of a day.
 */
export function UsageChart({ items }: { items: readonly DailyUsage[] }) {
  const { strings, formats } = useLanguage()
  const [chosen, setChosen] = useState<number | null>(null)
  const last = items.length - 1
  const day = items[Math.min(chosen ?? last, last)]
  const hasLimited = items.some(({ limited }) => limited > 0)
  const max = niceMax(Math.max(...items.map(({ accepted, limited }) => accepted + limited)))
  const describe = ({ date, accepted, limited }: DailyUsage) => {
    const name = formats.utcDay(date, "full")
    const calls = formats.number(accepted)
    return limited > 0
      ? strings.usageDayLimited(name, calls, formats.number(limited))
      : strings.usageDay(name, calls)
  }

  function onKeyDown(event: KeyboardEvent) {
    const isRtl = getComputedStyle(event.currentTarget).direction === "rtl"
    const current = chosen ?? last
    const forward = isRtl ? -1 : 1
    const next = {
      ArrowRight: current + forward,
      ArrowLeft: current - forward,
      ArrowUp: current + 1,
      ArrowDown: current - 1,
      PageUp: current + 7,
      PageDown: current - 7,
      Home: 0,
      End: last,
    }[event.key]
    if (next === undefined) return
    event.preventDefault()
    setChosen(Math.max(0, Math.min(last, next)))
  }

  function onPointer(event: PointerEvent<HTMLElement>) {
    const { left, width } = event.currentTarget.getBoundingClientRect()
    const isRtl = getComputedStyle(event.currentTarget).direction === "rtl"
    const part = (event.clientX - left) / width
    setChosen(Math.max(0, Math.min(last, Math.floor((isRtl ? 1 - part : part) * items.length))))
  }

  return (
    <figure data-part="figure">
      <p data-part="readout" aria-hidden="true">
        {chosen === null || !day ? "\u00a0" : describe(day)}
      </p>
      <div data-part="plot">
        <div data-part="axis" aria-hidden="true">
          <span>{formats.number(max)}</span>
          <span>{formats.number(max / 2)}</span>
          <span>{formats.number(0)}</span>
        </div>
        <div
          data-part="chart"
          role="slider"
          tabIndex={0}
          aria-label={strings.chartHint}
          aria-valuemin={0}
          aria-valuemax={last}
          aria-valuenow={Math.min(chosen ?? last, last)}
          aria-valuetext={day && describe(day)}
          onKeyDown={onKeyDown}
          onPointerMove={onPointer}
          onPointerDown={onPointer}
          onPointerLeave={() => setChosen(null)}
          onBlur={() => setChosen(null)}
        >
          <Bars items={items} max={max} chosen={chosen} />
        </div>
        <div data-part="dates" aria-hidden="true">
          {[items[0], items[Math.floor(last / 2)], items[last]].map(
            (item) => item && <span key={item.date}>{formats.utcDay(item.date)}</span>,
          )}
        </div>
      </div>
      {hasLimited && (
        <figcaption data-part="legend" aria-hidden="true">
          <span data-kind="accepted">{strings.accepted}</span>
          <span data-kind="limited">{strings.limited}</span>
        </figcaption>
      )}
    </figure>
  )
}

function Bars({ items, max, chosen }: { items: readonly DailyUsage[]; max: number; chosen: number | null }) {
  const width = items.length * STEP
  const height = (count: number) => (count / max) * HEIGHT
  return (
    <svg
      aria-hidden="true"
      viewBox={`0 0 ${width} ${HEIGHT}`}
      preserveAspectRatio="none"
      width="100%"
      height="100%"
    >
      {[0, HEIGHT / 2, HEIGHT].map((y) => (
        <line key={y} data-part="grid" x1="0" x2={width} y1={y} y2={y} vectorEffect="non-scaling-stroke" />
      ))}
      {items.map(({ date, accepted, limited }, day) => (
        <g key={date} data-part="bar" data-chosen={day === chosen || undefined}>
          <rect data-kind="hover" x={day * STEP} y="0" width={STEP} height={HEIGHT} />
          <rect
            data-kind="accepted"
            x={day * STEP + GAP / 2}
            y={HEIGHT - height(accepted)}
            width={STEP - GAP}
            height={height(accepted)}
          />
          <rect
            data-kind="limited"
            x={day * STEP + GAP / 2}
            y={HEIGHT - height(accepted + limited)}
            width={STEP - GAP}
            height={height(limited)}
          />
        </g>
      ))}
    </svg>
  )
}

/** The next of 2, 4, 6, 8, 10, 20, 40 and so on, half of which is whole. */
export function niceMax(count: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, count)))
  return (
    [1, 2, 4, 6, 8, 10].map((factor) => factor * power).find((max) => max >= count && max % 2 === 0) ?? count
  )
}
