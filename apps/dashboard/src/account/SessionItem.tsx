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
    <li className="flex min-h-16 items-center gap-x-3 gap-y-2 py-3 max-[26rem]:flex-wrap">
      <Icon name="device" className="size-5 text-muted max-[26rem]:hidden" />
      <div className="min-w-0 flex-1 max-[26rem]:basis-full">
        <p className="font-medium">{device}</p>
        <p className="text-sm wrap-anywhere text-muted">
          Last used <RelativeTime time={session.lastUsedAt} />
          {session.address !== null && ` from ${session.address}`}
        </p>
        <p className="text-sm text-muted">
          Signed in <RelativeTime time={session.createdAt} />
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
