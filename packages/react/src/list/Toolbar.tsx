import { useEffect, useId, useRef, useState } from "react"
import { useApp } from "../app.ts"
import { Icon } from "../parts/Icon.tsx"
import { useLanguage } from "../strings/context.ts"
import type { Selection } from "../view/selectKeys.ts"
import { type ApiKeysSort, SORTS, TABS, withoutSecrets } from "../view/view.ts"

/** Chooses which keys are listed, and in which order. */
export function Toolbar({ counts }: { counts: Selection["counts"] | undefined }) {
  return (
    <search data-part="toolbar">
      <Tabs counts={counts} />
      <div data-part="toolbar-end">
        <Search />
        <Sort />
      </div>
    </search>
  )
}

function Tabs({ counts }: { counts: Selection["counts"] | undefined }) {
  const { strings, formats } = useLanguage()
  const { view, go } = useApp()
  const name = useId()
  return (
    <fieldset data-part="tabs">
      <legend data-part="hidden">{strings.tabsLabel}</legend>
      {TABS.map((tab) => (
        <label key={tab} data-part="tab">
          <input type="radio" name={name} checked={tab === view.tab} onChange={() => go({ tab, page: 1 })} />
          {strings.tabs[tab]}
          {counts && (
            <span data-part="count" data-tab={tab} data-none={counts[tab] === 0 || undefined}>
              {formats.number(counts[tab])}
            </span>
          )}
        </label>
      ))}
    </fieldset>
  )
}

const DELAY = 200

/** Searches once the user pauses. */
function Search() {
  const { strings } = useLanguage()
  const { view, go } = useApp()
  const [text, setText] = useState(view.search)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => {
    setText(view.search)
    return () => clearTimeout(timer.current)
  }, [view.search])

  function change(value: string) {
    const search = withoutSecrets(value)
    setText(search)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => go({ search: search.trim(), page: 1 }, { replace: true }), DELAY)
  }
  return (
    <label data-part="search">
      <span data-part="hidden">{strings.search}</span>
      <Icon name="search" />
      <input
        type="search"
        data-part="input"
        value={text}
        onChange={(event) => change(event.target.value)}
        placeholder={strings.search}
        maxLength={100}
        autoComplete="off"
        spellCheck={false}
      />
    </label>
  )
}

/** For narrow screens, where the columns have no headings. */
function Sort() {
  const { strings } = useLanguage()
  const { view, go } = useApp()
  return (
    <label data-part="sort">
      <span data-part="hidden">{strings.sortBy}</span>
      <select
        data-part="input"
        value={view.sort}
        onChange={(event) => go({ sort: event.target.value as ApiKeysSort, page: 1 })}
      >
        {SORTS.map((sort) => (
          <option key={sort} value={sort}>
            {strings.sorts[sort]}
          </option>
        ))}
      </select>
    </label>
  )
}
