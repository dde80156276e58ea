import type { OwnedApiKey } from "@latchkey/sdk"
import { useRef, useState } from "react"
import { useHistoryState } from "wouter/use-browser-location"
import { AdminHeading } from "../admin/AdminHeading.tsx"
import { OwnedKeyTable, OwnedKeyTableSkeleton } from "../admin/keys/OwnedKeyTable.tsx"
import { RevokeKeyDialog } from "../admin/keys/RevokeKeyDialog.tsx"
import { useOwnedApiKeys } from "../admin/keys/useOwnedApiKeys.ts"
import { useRevokeOwnedApiKey } from "../admin/keys/useRevokeOwnedApiKey.ts"
import { nameOf } from "../admin/users/nameOf.ts"
import { ListFilter } from "../components/lists/ListFilter.tsx"
import { NoneFound } from "../components/lists/NoneFound.tsx"
import { PagedList } from "../components/lists/PagedList.tsx"
import { type Filter, useFilter } from "../components/lists/useFilter.ts"

const STATUSES = [
  { status: "all", label: "All" },
  { status: "active", label: "Active" },
] as const

type Status = (typeof STATUSES)[number]["status"]

const ALL_KEYS: Filter<Status> = { status: "all", search: "" }

export function AdminKeysPage() {
  // The link in a user's row presets the search to that user's keys.
  const preset = useHistoryState<{ search?: string } | null>()
  const { filter, search, pages, changeFilter } = useFilter<Status>({
    status: "active",
    search: preset?.search ?? "",
  })
  const list = useOwnedApiKeys({ status: filter.status, search, cursor: pages.cursor })
  const revoke = useRevokeOwnedApiKey()
  const [toRevoke, setToRevoke] = useState<{ apiKey: OwnedApiKey; isOpen: boolean }>()
  const isRevoked = useRef(false)
  const heading = useRef<HTMLHeadingElement>(null)

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
      <PagedList
        name="keys"
        list={list}
        pages={pages}
        skeleton={<OwnedKeyTableSkeleton />}
        none={
          <NoneFound
            onClear={search || filter.status === "active" ? () => changeFilter(ALL_KEYS) : undefined}
          >
            {explainNoMatches({ status: filter.status, search })}
          </NoneFound>
        }
      >
        {(apiKeys, isStale) => (
          <OwnedKeyTable
            apiKeys={apiKeys}
            isStale={isStale}
            onRevoke={(apiKey) => {
              isRevoked.current = false
              setToRevoke({ apiKey, isOpen: true })
            }}
          />
        )}
      </PagedList>
      {toRevoke && (
        <RevokeKeyDialog
          {...toRevoke}
          owner={nameOf(toRevoke.apiKey.owner)}
          finalFocus={() => (isRevoked.current && heading.current) || true}
          onClose={() => setToRevoke({ ...toRevoke, isOpen: false })}
          onConfirm={() => {
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
function explainNoMatches({ status, search }: Filter<"all" | "active">): string {
  if (search) return status === "active" ? "No active keys match." : "No keys match."
  return status === "active" ? "No active keys." : "There are no keys yet."
}
