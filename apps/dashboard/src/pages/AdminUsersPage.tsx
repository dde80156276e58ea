import type { ListedUser } from "@latchkey/sdk"
import { useRef, useState } from "react"
import { AdminHeading } from "../admin/AdminHeading.tsx"
import { NoneFound } from "../admin/NoneFound.tsx"
import { SetDisabledDialog } from "../admin/SetDisabledDialog.tsx"
import { UserTable, UserTableSkeleton } from "../admin/UserTable.tsx"
import { useSetDisabled } from "../admin/useSetDisabled.ts"
import { useUsers } from "../admin/useUsers.ts"
import { FormError } from "../components/FormError.tsx"
import { ListFilter } from "../components/ListFilter.tsx"
import { Pager } from "../components/Pager.tsx"
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

const EVERYBODY: Filter = { status: "all", search: "" }

export function AdminUsersPage({ ownId }: { ownId: string }) {
  const [filter, setFilter] = useState(EVERYBODY)
  const search = useDebounced(filter.search.trim(), 200)
  const pages = usePages()
  const list = useUsers({ status: filter.status, search, cursor: pages.cursor })
  const setDisabled = useSetDisabled()
  const [asked, setAsked] = useState<{ user: ListedUser; isOpen: boolean }>()
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
        description="Who is disabled is out at once: no sign-in, no session, no key."
      />
      <div className="mb-4">
        <ListFilter
          label="Search by how the email begins"
          placeholder="Email begins with"
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
        <NoneFound onClear={() => changeFilter(EVERYBODY)}>
          {search ? `No such user’s email begins with “${search}”.` : "No user is like that."}
        </NoneFound>
      ) : (
        <UserTable
          users={data.items}
          ownId={ownId}
          isOld={list.isPlaceholderData}
          onSetDisabled={(user) => setAsked({ user, isOpen: true })}
        />
      )}
      <Pager
        of="users"
        page={pages.page}
        hasNext={Boolean(data?.nextCursor) && !list.isPlaceholderData}
        onPrevious={pages.toPrevious}
        onNext={() => data?.nextCursor && pages.toNext(data.nextCursor)}
      />
      {asked && (
        <SetDisabledDialog
          {...asked}
          // Where the list shows one status, the row will go, and its button with it.
          finalFocus={() => (filter.status !== "all" && heading.current) || true}
          onClose={() => setAsked({ ...asked, isOpen: false })}
          onConfirm={() => {
            setAsked({ ...asked, isOpen: false })
            setDisabled.mutate(asked.user)
          }}
        />
      )}
    </>
  )
}
