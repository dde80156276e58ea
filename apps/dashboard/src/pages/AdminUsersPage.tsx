import type { ListedUser } from "@latchkey/sdk"
import { useRef, useState } from "react"
import { AdminHeading } from "../admin/AdminHeading.tsx"
import { SetDisabledDialog } from "../admin/SetDisabledDialog.tsx"
import { UserTable, UserTableSkeleton } from "../admin/UserTable.tsx"
import { useSetDisabled } from "../admin/useSetDisabled.ts"
import { useUsers } from "../admin/useUsers.ts"
import { FormError } from "../components/forms/FormError.tsx"
import { ListFilter } from "../components/lists/ListFilter.tsx"
import { NoneFound } from "../components/lists/NoneFound.tsx"
import { Pager } from "../components/lists/Pager.tsx"
import { useDebounced } from "../useDebounced.ts"
import { usePages } from "../usePages.ts"

const STATUSES = [
  { status: "all", label: "All" },
  { status: "enabled", label: "Enabled" },
  { status: "disabled", label: "Disabled" },
] as const

interface Filter {
  status: (typeof STATUSES)[number]["status"]
  search: string
}

const ALL_USERS: Filter = { status: "all", search: "" }

export function AdminUsersPage({ ownId }: { ownId: string }) {
  const [filter, setFilter] = useState(ALL_USERS)
  const search = useDebounced(filter.search.trim(), 200)
  const pages = usePages()
  const list = useUsers({ status: filter.status, search, cursor: pages.cursor })
  const setDisabled = useSetDisabled()
  const [dialog, setDialog] = useState<{ user: ListedUser; isOpen: boolean }>()
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
        title="Users"
        description="Disabling a user ends their sessions and blocks their sign-ins and keys immediately."
      />
      <div className="mb-4">
        <ListFilter
          label="Search by start of email"
          placeholder="Email starts with"
          statuses={STATUSES}
          filter={filter}
          onChange={changeFilter}
          maxLength={254}
        />
      </div>
      {list.isError ? (
        <FormError error={list.error} />
      ) : !data || (list.isPlaceholderData && data.items.length === 0) ? (
        <UserTableSkeleton />
      ) : data.items.length === 0 ? (
        <NoneFound onClear={() => changeFilter(ALL_USERS)}>
          {search
            ? `No ${filter.status === "all" ? "" : `${filter.status} `}user’s email starts with “${search}”.`
            : `No ${filter.status} users.`}
        </NoneFound>
      ) : (
        <UserTable
          users={data.items}
          ownId={ownId}
          isStale={list.isPlaceholderData}
          onSetDisabled={(user) => setDialog({ user, isOpen: true })}
        />
      )}
      <Pager
        items="users"
        page={pages.page}
        hasNext={Boolean(data?.nextCursor) && !list.isPlaceholderData}
        onPrevious={pages.toPrevious}
        onNext={() => data?.nextCursor && pages.toNext(data.nextCursor)}
      />
      {dialog && (
        <SetDisabledDialog
          {...dialog}
          // With a status filter, the row disappears, and its button can't be focused.
          finalFocus={() => (filter.status !== "all" && heading.current) || true}
          onClose={() => setDialog({ ...dialog, isOpen: false })}
          onConfirm={() => {
            setDialog({ ...dialog, isOpen: false })
            setDisabled.mutate(dialog.user)
          }}
        />
      )}
    </>
  )
}
