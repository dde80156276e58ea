import type { ListedUser } from "@latchkey/sdk"
import { useRef, useState } from "react"
import { AdminHeading } from "../admin/AdminHeading.tsx"
import { EraseUserDialog } from "../admin/users/EraseUserDialog.tsx"
import { SetDisabledDialog } from "../admin/users/SetDisabledDialog.tsx"
import { SignInHelpDialog } from "../admin/users/SignInHelpDialog.tsx"
import { UserTable, UserTableSkeleton } from "../admin/users/UserTable.tsx"
import { useSetDisabled } from "../admin/users/useSetDisabled.ts"
import { useUsers } from "../admin/users/useUsers.ts"
import { ListFilter } from "../components/lists/ListFilter.tsx"
import { NoneFound } from "../components/lists/NoneFound.tsx"
import { PagedList } from "../components/lists/PagedList.tsx"
import { type Filter, useFilter } from "../components/lists/useFilter.ts"

const STATUSES = [
  { status: "all", label: "All" },
  { status: "enabled", label: "Enabled" },
  { status: "disabled", label: "Disabled" },
] as const

const ALL_USERS: Filter<(typeof STATUSES)[number]["status"]> = { status: "all", search: "" }

export function AdminUsersPage({ ownId }: { ownId: string }) {
  const { filter, search, pages, changeFilter } = useFilter(ALL_USERS)
  const list = useUsers({ status: filter.status, search, cursor: pages.cursor })
  const setDisabled = useSetDisabled()
  const [dialog, setDialog] = useState<{ user: ListedUser; isOpen: boolean }>()
  const [toErase, setToErase] = useState<{ user: ListedUser; isOpen: boolean }>()
  const [toHelp, setToHelp] = useState<{ user: ListedUser; isOpen: boolean }>()
  const heading = useRef<HTMLHeadingElement>(null)

  return (
    <>
      <AdminHeading
        ref={heading}
        title="Users"
        description="Disabling a user ends their sessions and blocks their sign-ins and keys immediately. Erasing a user is permanent."
      />
      <div className="mb-4">
        <ListFilter
          label="Search by any part of the email"
          placeholder="Part of the email"
          statuses={STATUSES}
          filter={filter}
          onChange={changeFilter}
          maxLength={254}
        />
      </div>
      <PagedList
        name="users"
        list={list}
        pages={pages}
        skeleton={<UserTableSkeleton />}
        none={
          <NoneFound onClear={() => changeFilter(ALL_USERS)}>
            {search
              ? `No ${filter.status === "all" ? "" : `${filter.status} `}user’s email contains “${search}”.`
              : `No ${filter.status} users.`}
          </NoneFound>
        }
      >
        {(users, isStale) => (
          <UserTable
            users={users}
            ownId={ownId}
            isStale={isStale}
            onSetDisabled={(user) => setDialog({ user, isOpen: true })}
            onErase={(user) => setToErase({ user, isOpen: true })}
            onHelp={(user) => {
              setToHelp({ user, isOpen: true })
              // The user may have set up a second factor since.
              void list.refetch()
            }}
          />
        )}
      </PagedList>
      {toErase && (
        <EraseUserDialog
          key={toErase.user.id}
          {...toErase}
          finalFocus={() => heading.current ?? true}
          onClose={() => setToErase({ ...toErase, isOpen: false })}
        />
      )}
      {toHelp && (
        <SignInHelpDialog
          key={`sign-in of ${toHelp.user.id}`}
          user={list.data?.items.find(({ id }) => id === toHelp.user.id) ?? toHelp.user}
          isOpen={toHelp.isOpen}
          onClose={() => setToHelp({ ...toHelp, isOpen: false })}
        />
      )}
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
