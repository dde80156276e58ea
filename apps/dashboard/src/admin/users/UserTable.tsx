import type { ListedUser } from "@latchkey/sdk"
import { cellClass, headClass, tableClass } from "../../components/lists/tableClass.ts"
import { Skeleton } from "../../components/Skeleton.tsx"
import { UserRow } from "./UserRow.tsx"

interface Props {
  users: readonly ListedUser[]
  /** The id of the signed-in administrator, who can't disable or erase themselves. */
  ownId: string
  /** Whether the rows are still those of the previous page. */
  isStale: boolean
  onSetDisabled: (user: ListedUser) => void
  onErase: (user: ListedUser) => void
  onHelp: (user: ListedUser) => void
}

export function UserTable({ users, ownId, isStale, ...actions }: Props) {
  return (
    <table className={`${tableClass} ${isStale ? "opacity-60" : ""}`} aria-busy={isStale}>
      <caption className="sr-only">All users</caption>
      <UserTableHead />
      <tbody>
        {users.map((user) => (
          <UserRow key={user.id} user={user} isOwn={user.id === ownId} {...actions} />
        ))}
      </tbody>
    </table>
  )
}

const UserTableHead = () => (
  <thead>
    <tr>
      <th scope="col" className={headClass}>
        User
      </th>
      <th scope="col" className={`${headClass} w-36 max-md:hidden`}>
        Registered
      </th>
      <th scope="col" className={`${headClass} w-32 max-md:hidden`}>
        Active keys
      </th>
      <th scope="col" className={`${headClass} w-32 max-sm:hidden`}>
        Status
      </th>
      <th scope="col" className={`${headClass} w-22 sm:w-56`}>
        <span className="sr-only">Actions</span>
      </th>
    </tr>
  </thead>
)

/** A placeholder for the table, with rows of the same height. */
export const UserTableSkeleton = () => (
  <table aria-hidden="true" className={tableClass}>
    <UserTableHead />
    <tbody>
      {["first", "second", "third"].map((row) => (
        <tr key={row}>
          <td className={cellClass}>
            <Skeleton className="h-4 w-48 max-w-full" />
          </td>
          <td className={`${cellClass} max-md:hidden`}>
            <Skeleton className="h-4 w-20" />
          </td>
          <td className={`${cellClass} max-md:hidden`}>
            <Skeleton className="h-4 w-8" />
          </td>
          <td className={`${cellClass} max-sm:hidden`}>
            <Skeleton className="h-5 w-14" />
          </td>
          <td className={cellClass} />
        </tr>
      ))}
    </tbody>
  </table>
)
