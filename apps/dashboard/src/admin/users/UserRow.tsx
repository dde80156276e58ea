import type { ListedUser } from "@latchkey/sdk"
import { Link } from "wouter"
import { Badge } from "../../components/Badge.tsx"
import { Button } from "../../components/Button.tsx"
import { cellClass } from "../../components/lists/tableClass.ts"
import { RelativeTime } from "../../components/RelativeTime.tsx"
import { nameOf } from "./nameOf.ts"
import { canHelpToSignIn } from "./SignInHelpDialog.tsx"

interface Props {
  user: ListedUser
  isOwn: boolean
  onSetDisabled: (user: ListedUser) => void
  onErase: (user: ListedUser) => void
  onHelp: (user: ListedUser) => void
}

/** On narrow screens, the other columns are below the email in the same cell. */
export function UserRow({ user, isOwn, onSetDisabled, onErase, onHelp }: Props) {
  const isDisabled = user.disabledAt !== null
  return (
    <tr className={isDisabled ? "text-muted" : undefined}>
      <th scope="row" className={`${cellClass} font-normal`}>
        <span className={`block font-medium wrap-anywhere ${isDisabled ? "" : "text-ink"}`}>
          {nameOf(user)}
        </span>
        <span className="text-sm text-muted">{describe(user, isOwn)}</span>
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
          <span className="-mr-2.5 inline-flex flex-col items-end sm:flex-row">
            {canHelpToSignIn(user) && (
              <Button kind="quiet" size="small" onClick={() => onHelp(user)}>
                Sign-in<span className="sr-only"> of {nameOf(user)}</span>
              </Button>
            )}
            <Button
              kind={isDisabled ? "quiet" : "quietDanger"}
              size="small"
              onClick={() => onSetDisabled(user)}
            >
              {isDisabled ? "Enable" : "Disable"}
              <span className="sr-only"> {nameOf(user)}</span>
            </Button>
            <Button kind="quietDanger" size="small" onClick={() => onErase(user)}>
              Erase<span className="sr-only"> {nameOf(user)}</span>
            </Button>
          </span>
        )}
      </td>
    </tr>
  )
}

function describe({ role, hasSecondFactor }: ListedUser, isOwn: boolean): string {
  const facts = [role === "admin" && "administrator", isOwn && "you", hasSecondFactor && "second factor"]
  const text = facts.filter(Boolean).join(", ")
  return text.charAt(0).toUpperCase() + text.slice(1)
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
