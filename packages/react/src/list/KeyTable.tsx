import { forwardRef, type ReactNode } from "react"
import { useApp } from "../app.ts"
import { Icon } from "../parts/Icon.tsx"
import { useLanguage } from "../strings/context.ts"
import type { Selection } from "../view/selectKeys.ts"
import type { ApiKeysSort } from "../view/view.ts"
import { KeyRow } from "./KeyRow.tsx"

interface Props {
  selection: Selection
  selected: ReadonlySet<string>
  /** Undefined if there are no actions for several keys. */
  onSelect: ((ids: ReadonlySet<string>) => void) | undefined
  now: number
}

/** On narrow screens, all but the menu is in the first column. */
export const KeyTable = forwardRef<HTMLElement, Props>(function KeyTable(
  { selection, selected, onSelect, now },
  ref,
) {
  const { strings } = useLanguage()
  const { view, isReadOnly } = useApp()
  const name = strings.listOf(strings.tabs[view.tab])
  const canSelect = onSelect !== undefined && !isReadOnly
  return (
    <section ref={ref} data-part="table-region" tabIndex={-1} aria-label={name}>
      <table data-part="table">
        <caption data-part="hidden">{name}</caption>
        <Head selection={selection} selected={selected} onSelect={canSelect ? onSelect : undefined} />
        <tbody>
          {selection.items.map((apiKey) => (
            <KeyRow
              key={apiKey.id}
              apiKey={apiKey}
              now={now}
              isSelected={selected.has(apiKey.id)}
              onSelect={canSelect ? (isIn) => onSelect(withId(selected, apiKey.id, isIn)) : undefined}
            />
          ))}
        </tbody>
      </table>
    </section>
  )
})

function withId(ids: ReadonlySet<string>, id: string, isIn: boolean): ReadonlySet<string> {
  const others = [...ids].filter((other) => other !== id)
  return new Set(isIn ? [...others, id] : others)
}

function Head({ selection, selected, onSelect }: Omit<Props, "now">) {
  const { strings } = useLanguage()
  const { state, view } = useApp()
  const ids = selection.items.map(({ id }) => id)
  const count = ids.filter((id) => selected.has(id)).length
  return (
    <thead data-part="head">
      <tr>
        {onSelect && (
          <th scope="col" data-column="select">
            <input
              type="checkbox"
              aria-label={strings.selectAll}
              checked={count === ids.length}
              ref={(box) => {
                if (box) box.indeterminate = count > 0 && count < ids.length
              }}
              onChange={(event) => onSelect(new Set(event.target.checked ? ids : []))}
            />
          </th>
        )}
        <th scope="col" data-column="key">
          {strings.columns.key}
        </th>
        {/* What is known is about active keys. */}
        {state.usage && view.tab !== "ended" && (
          <th scope="col" data-column="usage">
            {strings.columns.usage}
          </th>
        )}
        <SortHeader sort="lastUsed">
          {view.tab === "ended" ? strings.columns.ended : strings.columns.lastUsed}
        </SortHeader>
        <SortHeader sort="created">{strings.columns.created}</SortHeader>
        <th scope="col" data-column="actions">
          <span data-part="hidden">{strings.columns.actions}</span>
        </th>
      </tr>
    </thead>
  )
}

function SortHeader({ sort, children }: { sort: ApiKeysSort; children: ReactNode }) {
  const { view, go } = useApp()
  const isSorted = view.sort === sort
  return (
    <th scope="col" data-column={sort} aria-sort={isSorted ? "descending" : undefined}>
      <button
        type="button"
        data-part="sort-button"
        data-sorted={isSorted || undefined}
        onClick={() => go({ sort, page: 1 })}
      >
        {children}
        <Icon name="down" />
      </button>
    </th>
  )
}
