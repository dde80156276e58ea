import type { Session } from "@latchkey/sdk"
import { Badge } from "../components/Badge.tsx"
import { Button } from "../components/Button.tsx"
import { Icon } from "../components/Icon.tsx"
import { RelativeTime } from "../components/RelativeTime.tsx"

interface Props {
  session: Session
  isEnding: boolean
  onEnd: () => void
}

export function SessionItem({ session, isEnding, onEnd }: Props) {
  const device = session.device ?? "Unknown device"
  return (
    <li className="flex min-h-16 items-center gap-3 py-3">
      <Icon name="device" className="size-5 text-muted max-[23rem]:hidden" />
      <div className="min-w-0 flex-1">
        <p className="font-medium">{device}</p>
        <p className="text-sm text-muted">
          Last used <RelativeTime time={session.lastUsedAt} />
        </p>
      </div>
      {session.current ? (
        <Badge kind="ok">This session</Badge>
      ) : (
        <Button size="small" isBusy={isEnding} onClick={onEnd}>
          Sign out<span className="sr-only"> {device}</span>
        </Button>
      )}
    </li>
  )
}
