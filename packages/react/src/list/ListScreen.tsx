import { useEffect, useMemo, useRef, useState } from "react"
import { useApp } from "../app.ts"
import { isAway } from "../client/isAway.ts"
import { Button } from "../parts/Button.tsx"
import { Heading } from "../parts/Heading.tsx"
import { Icon } from "../parts/Icon.tsx"
import { useNow } from "../parts/useNow.ts"
import { useLanguage } from "../strings/context.ts"
import { type Selection, selectKeys } from "../view/selectKeys.ts"
import { INITIAL_VIEW } from "../view/view.ts"
import { BulkBar } from "./BulkBar.tsx"
import { KeyTable } from "./KeyTable.tsx"
import { LoadFailure } from "./LoadFailure.tsx"
import { NoKeysYet } from "./NoKeysYet.tsx"
import { Pager } from "./Pager.tsx"
import { TableSkeleton } from "./TableSkeleton.tsx"
import { Toolbar } from "./Toolbar.tsx"

/** The list of the user's keys. */
export function ListScreen() {
  const { strings } = useLanguage()
  const { state, view, isReadOnly, openDialog } = useApp()
  const now = useNow()
  const selection = useMemo(() => state.keys && selectKeys(state.keys, view, now), [state.keys, view, now])
  const isFirstVisit = state.keys?.length === 0
  const isRefused = state.keys === null && Boolean(state.failure) && !isAway(state.failure)

  return (
    <>
      <div data-part="header">
        <div>
          <Heading>{strings.title}</Heading>
          <p data-part="intro">{isReadOnly ? strings.readOnly : strings.intro}</p>
        </div>
        {!isFirstVisit && !isRefused && !isReadOnly && (
          <Button kind="primary" data-opens="create" onClick={() => openDialog({ kind: "create" })}>
            <Icon name="plus" />
            {strings.createKey}
          </Button>
        )}
      </div>
      <LoadFailure />
      {isFirstVisit ? (
        <NoKeysYet />
      ) : isRefused ? null : (
        <>
          <Toolbar counts={selection?.counts} />
          {selection ? <Listed selection={selection} now={now} /> : <TableSkeleton />}
        </>
      )}
    </>
  )
}

function Listed({ selection, now }: { selection: Selection; now: number }) {
  const { view } = useApp()
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const table = useRef<HTMLElement>(null)
  useFocusOnPageChange(table, selection.page)
  const isEnded = view.tab === "ended"
  // Keys that were selected may have ended since.
  const shown = isEnded ? [] : selection.items.filter(({ id }) => selected.has(id))

  if (selection.total === 0) return <NoneFound />
  return (
    <>
      <KeyTable
        ref={table}
        selection={selection}
        selected={new Set(shown.map(({ id }) => id))}
        onSelect={isEnded ? undefined : setSelected}
        now={now}
      />
      {shown.length > 0 && <BulkBar apiKeys={shown} onClear={() => setSelected(new Set())} />}
      <Pager selection={selection} />
    </>
  )
}

/** Scrolls to the top of a newly chosen page and moves the focus there. */
function useFocusOnPageChange(table: { current: HTMLElement | null }, page: number) {
  const before = useRef(page)
  useEffect(() => {
    if (before.current === page) return
    before.current = page
    table.current?.focus({ preventScroll: true })
    table.current?.scrollIntoView({ block: "start" })
  }, [table, page])
}

function NoneFound() {
  const { strings } = useLanguage()
  const { view, go } = useApp()
  const search = view.search.trim()
  const isInitial = view.tab === INITIAL_VIEW.tab && search === ""
  return (
    <div data-part="empty">
      <p>{search ? strings.noMatch(search) : strings.noneIn[view.tab]}</p>
      {!isInitial && (
        <Button onClick={() => go(search ? { search: "", page: 1 } : { tab: INITIAL_VIEW.tab, page: 1 })}>
          {search ? strings.clearSearch : strings.showActive}
        </Button>
      )}
    </div>
  )
}
