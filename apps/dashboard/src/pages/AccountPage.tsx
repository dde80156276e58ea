import type { User } from "@latchkey/sdk"
import { ChangePassword } from "../account/ChangePassword.tsx"
import { Profile } from "../account/Profile.tsx"
import { Sessions } from "../account/Sessions.tsx"
import { PageHeading } from "../components/shell/PageHeading.tsx"

export function AccountPage({ user }: { user: User }) {
  return (
    <div className="grid gap-6">
      <PageHeading title="Account" />
      <Profile user={user} />
      <Sessions />
      <ChangePassword email={user.email} />
    </div>
  )
}
