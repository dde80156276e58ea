import type { OwnedApiKey } from "@latchkey/sdk"
import { useRef, useState } from "react"
import { useHistoryState } from "wouter/use-browser-location"
import { AdminHeading } from "../admin/AdminHeading.tsx"
import { nameOf } from "../admin/nameOf.ts"
import { OwnedKeyTable, OwnedKeyTableSkeleton } from "../admin/OwnedKeyTable.tsx"
import { useOwnedApiKeys } from "../admin/useOwnedApiKeys.ts"
import { useRevokeOwnedApiKey } from "../admin/useRevokeOwnedApiKey.ts"
import type { Filter } from "../apiKeys/ApiKeyFilter.tsx"
import { RevokeKeyDialog } from "../apiKeys/RevokeKeyDialog.tsx"
import { FormError } from "../components/forms/FormError.tsx"
import { ListFilter } from "../components/lists/ListFilter.tsx"
import { NoneFound } from "../components/lists/NoneFound.tsx"
import { Pager } from "../components/lists/Pager.tsx"
import { useDebounced } from "../useDebounced.ts"
import { usePages } from "../usePages.ts"

const STATUSES = [
  { status: "all", label: "All" },
  { status: "active", label: "Active" },
] as const

const ALL_KEYS: Filter = { status: "all", search: "" }

export function AdminKeysPage() {
  // The link in a user's row presets the search to that user's keys.
  const preset = useHistoryState<{ search?: string } | null>()
  const [filter, setFilter] = useState<Filter>({ status: "active", search: preset?.search ?? "" })
  const search = useDebounced(filter.search.trim(), 200)
  const pages = usePages()
  const list = useOwnedApiKeys({ status: filter.status, search, cursor: pages.cursor })
  const revoke = useRevokeOwnedApiKey()
  const [toRevoke, setToRevoke] = useState<{ apiKey: OwnedApiKey; isOpen: boolean }>()
  const isRevoked = useRef(false)
  const heading = useRef<HTMLHeadingElement>(null)

  function changeFilter(next: Filter) {
    setFilter(next)
    pages.toFirst()
  }

  const { data } = list
  return (
    <>
      <AdminHeading
        ref={heading}
        title="Keys of all users"
        description="Find a key by its label, its owner’s email, or the start of the key itself."
      />
      <div className="mb-4">
        <ListFilter
          label="Search by start of label, owner’s email, or first 8 characters of the key"
          placeholder="Label, email, key"
          statuses={STATUSES}
          filter={filter}
          onChange={changeFilter}
          maxLength={254}
        />
      </div>
      {list.isError ? (
        <FormError error={list.error} />
      ) : !data || (list.isPlaceholderData && data.items.length === 0) ? (
        <OwnedKeyTableSkeleton />
      ) : data.items.length === 0 ? (
        <NoneFound onClear={search || filter.status === "active" ? () => changeFilter(ALL_KEYS) : undefined}>
          {explainNoMatches({ status: filter.status, search })}
        </NoneFound>
      ) : (
        <OwnedKeyTable
          apiKeys={data.items}
          isStale={list.isPlaceholderData}
          onRevoke={(apiKey) => {
            isRevoked.current = false
            setToRevoke({ apiKey, isOpen: true })
          }}
        />
      )}
      <Pager
        items="keys"
        page={pages.page}
        hasNext={Boolean(data?.nextCursor) && !list.isPlaceholderData}
        onPrevious={pages.toPrevious}
        onNext={() => data?.nextCursor && pages.toNext(data.nextCursor)}
      />
      {toRevoke && (
        <RevokeKeyDialog
          {...toRevoke}
          owner={nameOf(toRevoke.apiKey.owner)}
          finalFocus={() => (isRevoked.current && heading.current) || true}
          onClose={() => setToRevoke({ ...toRevoke, isOpen: false })}
          onRevoke={() => {
            isRevoked.current = true
            setToRevoke({ ...toRevoke, isOpen: false })
            revoke.mutate(toRevoke.apiKey)
          }}
        />
      )}
    </>
  )
}

/** Does not repeat the search text, which may be somebody's key. */
function explainNoMatches({ status, search }: Filter): string {
  if (search) return status === "active" ? "No active keys match." : "No keys match."
  return status === "active" ? "No active keys." : "There are no keys yet."
}
