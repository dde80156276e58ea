import type { ListedUser } from "@latchkey/sdk"
import { Link } from "wouter"
import { Badge } from "../components/Badge.tsx"
import { Button } from "../components/Button.tsx"
import { cellClass } from "../components/lists/tableClass.ts"
import { RelativeTime } from "../components/RelativeTime.tsx"
import { nameOf } from "./nameOf.ts"

interface Props {
  user: ListedUser
  isOwn: boolean
  onSetDisabled: (user: ListedUser) => void
}

/** On narrow screens, the other columns are below the email in the same cell. */
export function UserRow({ user, isOwn, onSetDisabled }: Props) {
  const isDisabled = user.disabledAt !== null
  return (
    <tr className={isDisabled ? "text-muted" : undefined}>
      <th scope="row" className={`${cellClass} font-normal`}>
        <span className={`block font-medium wrap-anywhere ${isDisabled ? "" : "text-ink"}`}>
          {nameOf(user)}
        </span>
        {(user.role === "admin" || isOwn) && (
          <span className="text-sm text-muted">
            {[user.role === "admin" && "Administrator", isOwn && "you"].filter(Boolean).join(", ")}
          </span>
        )}
        <span className="mt-1 block text-sm text-muted md:hidden">
          Registered <RelativeTime time={user.createdAt} />
          <br />
          <Keys user={user} withLabel />
        </span>
        <span className="mt-1.5 block sm:hidden">
          <Status user={user} />
        </span>
      </th>
      <td className={`${cellClass} text-sm text-muted max-md:hidden`}>
        <RelativeTime time={user.createdAt} />
      </td>
      <td className={`${cellClass} text-sm text-muted max-md:hidden`}>
        <Keys user={user} />
      </td>
      <td className={`${cellClass} max-sm:hidden`}>
        <Status user={user} />
      </td>
      <td className={`${cellClass} text-right`}>
        {!isOwn && (
          <Button
            kind={isDisabled ? "quiet" : "quietDanger"}
            size="small"
            onClick={() => onSetDisabled(user)}
          >
            {isDisabled ? "Enable" : "Disable"}
            <span className="sr-only"> {nameOf(user)}</span>
          </Button>
        )}
      </td>
    </tr>
  )
}

function Status({ user: { disabledAt } }: { user: ListedUser }) {
  if (!disabledAt) return <Badge kind="ok">Enabled</Badge>
  return (
    <>
      <Badge kind="off">Disabled</Badge>
      <span className="mt-1 block text-xs text-muted">
        <RelativeTime time={disabledAt} />
      </span>
    </>
  )
}

/** The number of active keys, linked to the list of keys. */
function Keys({ user, withLabel = false }: { user: ListedUser; withLabel?: boolean }) {
  const text = withLabel
    ? `${user.activeKeys} active ${user.activeKeys === 1 ? "key" : "keys"}`
    : user.activeKeys
  if (user.activeKeys === 0) return text
  return (
    <Link
      href="/admin/keys"
      state={{ search: user.email ?? user.id }}
      className="rounded text-accent underline underline-offset-4 hover:text-accent-strong"
    >
      {text}
      <span className="sr-only">
        {withLabel ? "" : " active keys"} of {nameOf(user)}
      </span>
    </Link>
  )
}
