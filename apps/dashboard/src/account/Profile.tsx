import { Panel } from "../components/Panel.tsx"
import { formats } from "../formatTime.ts"
import type { Person } from "../session/state.ts"

const ROLES = { user: "User", admin: "Administrator" }

export function Profile({ user }: { user: Person }) {
  return (
    <Panel title="Profile">
      <dl className="grid gap-4 sm:grid-cols-3">
        <Fact name={user.email === null ? "Name" : "Email"} value={user.name} />
        <Fact name="Role" value={ROLES[user.role]} />
        {user.createdAt && <Fact name="Member since" value={formats.day(user.createdAt)} />}
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
