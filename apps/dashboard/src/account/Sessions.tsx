import { useQuery } from "@tanstack/react-query"
import { useState } from "react"
import { Button } from "../components/Button.tsx"
import { FormError } from "../components/forms/FormError.tsx"
import { Panel } from "../components/Panel.tsx"
import { Skeleton } from "../components/Skeleton.tsx"
import { asUser } from "../session/session.ts"
import { EndOthersDialog } from "./EndOthersDialog.tsx"
import { SessionItem } from "./SessionItem.tsx"
import { useEndOtherSessions, useEndSession } from "./useEndSession.ts"

export function Sessions() {
  const sessions = useQuery({
    queryKey: ["sessions"],
    queryFn: ({ signal }) => asUser((latchkey) => latchkey.sessions.list({ signal })),
    refetchInterval: 30_000,
  })
  const end = useEndSession()
  const endOthers = useEndOtherSessions()
  const [isAsking, setAsking] = useState(false)
  const items = sessions.data?.items

  return (
    <Panel
      title="Sessions"
      description="Where you are signed in. Signing out does not affect API keys."
      action={
        items && items.length > 1 ? (
          <Button size="small" isBusy={endOthers.isPending} onClick={() => setAsking(true)}>
            Sign out everywhere else
          </Button>
        ) : null
      }
    >
      {sessions.isError ? (
        <FormError error={sessions.error} />
      ) : (
        <ul className="-mb-3 divide-y divide-line">
          {items ? (
            items.map((session) => (
              <SessionItem
                key={session.id}
                session={session}
                isEnding={end.isPending && end.variables === session.id}
                onEnd={() => end.mutate(session.id)}
              />
            ))
          ) : (
            <li className="grid h-16 content-center gap-2">
              <Skeleton className="h-4 w-40" />
              <Skeleton className="h-3.5 w-24" />
            </li>
          )}
        </ul>
      )}
      <EndOthersDialog
        count={(items?.length ?? 1) - 1}
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        onConfirm={() => {
          setAsking(false)
          endOthers.mutate()
        }}
      />
    </Panel>
  )
}
