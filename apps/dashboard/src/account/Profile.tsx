import type { User } from "@latchkey/sdk"
import { Panel } from "../components/Panel.tsx"
import { formatDay } from "../formatTime.ts"

const ROLES = { user: "User", admin: "Administrator" }

export function Profile({ user }: { user: User }) {
  return (
    <Panel title="Profile">
      <dl className="grid gap-4 sm:grid-cols-3">
        <Fact name="Email" value={user.email} />
        <Fact name="Role" value={ROLES[user.role]} />
        <Fact name="Member since" value={formatDay(user.createdAt)} />
      </dl>
    </Panel>
  )
}

const Fact = ({ name, value }: { name: string; value: string }) => (
  <div className="min-w-0">
    <dt className="text-sm text-muted">{name}</dt>
    <dd className="mt-0.5 break-words">{value}</dd>
  </div>
)
