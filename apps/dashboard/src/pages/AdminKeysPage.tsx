import type { OwnedApiKey } from "@latchkey/sdk"
import { useRef, useState } from "react"
import { useHistoryState } from "wouter/use-browser-location"
import { AdminHeading } from "../admin/AdminHeading.tsx"
import { NoneFound } from "../admin/NoneFound.tsx"
import { OwnedKeyTable, OwnedKeyTableSkeleton } from "../admin/OwnedKeyTable.tsx"
import { useOwnedApiKeys } from "../admin/useOwnedApiKeys.ts"
import { useRevokeOwnedApiKey } from "../admin/useRevokeOwnedApiKey.ts"
import type { Filter } from "../apiKeys/ApiKeyFilter.tsx"
import { RevokeKeyDialog } from "../apiKeys/RevokeKeyDialog.tsx"
import { FormError } from "../components/FormError.tsx"
import { ListFilter } from "../components/ListFilter.tsx"
import { Pager } from "../components/Pager.tsx"
import { useDebounced } from "../useDebounced.ts"
import { usePages } from "../usePages.ts"

const STATUSES = [
  { status: "active", label: "Active" },
  { status: "all", label: "All" },
] as const

const EVERY_KEY: Filter = { status: "all", search: "" }

export function AdminKeysPage() {
  // Who comes from a user's row comes for that user's keys.
  const asked = useHistoryState<{ search?: string } | null>()
  const [filter, setFilter] = useState<Filter>({ status: "active", search: asked?.search ?? "" })
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
        description="Find a key by its label, its owner’s email, or what you have of the key itself."
      />
      <div className="mb-4">
        <ListFilter
          label="Search by how the label begins, the owner’s email, or the key’s first 8 characters"
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
        <NoneFound onClear={search || filter.status === "active" ? () => changeFilter(EVERY_KEY) : undefined}>
          {filter.status === "active" ? "No active key is like that." : "No key is like that."}
        </NoneFound>
      ) : (
        <OwnedKeyTable
          apiKeys={data.items}
          isOld={list.isPlaceholderData}
          onRevoke={(apiKey) => {
            isRevoked.current = false
            setToRevoke({ apiKey, isOpen: true })
          }}
        />
      )}
      <Pager
        of="keys"
        page={pages.page}
        hasNext={Boolean(data?.nextCursor) && !list.isPlaceholderData}
        onPrevious={pages.toPrevious}
        onNext={() => data?.nextCursor && pages.toNext(data.nextCursor)}
      />
      {toRevoke && (
        <RevokeKeyDialog
          {...toRevoke}
          owner={toRevoke.apiKey.owner.email}
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
