import type { Account } from "@latchkey/sdk"
import { Badge } from "../components/Badge.tsx"
import { formats } from "../formatTime.ts"

/** If fewer recovery codes than this are left, the page shows a warning. */
const FEW_CODES = 3

/** Shows whether there is a second factor, and what to do about it. */
export function SecondFactorStatus({ enabledAt, recoveryCodes, required }: Account["secondFactor"]) {
  if (!enabledAt) {
    return (
      <div className="grid gap-2 text-sm">
        <p>
          <Badge kind="off">Off</Badge>
        </p>
        {required && (
          <p className="text-warn">
            Administrators need a second factor here. The admin pages open once you have set it up.
          </p>
        )}
      </div>
    )
  }
  const codes =
    recoveryCodes === 0
      ? "No recovery codes are left."
      : recoveryCodes === 1
        ? "1 recovery code is left."
        : `${recoveryCodes} recovery codes are left.`
  return (
    <div className="grid gap-2 text-sm">
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <Badge kind="ok">On</Badge> Since {formats.day(enabledAt)}
      </p>
      <p className={recoveryCodes < FEW_CODES ? "text-warn" : "text-muted"}>
        {codes}
        {recoveryCodes < FEW_CODES && " Create new ones before you need them."}
      </p>
    </div>
  )
}
