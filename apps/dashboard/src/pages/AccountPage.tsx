import { ChangePassword } from "../account/ChangePassword.tsx"
import { EmailVerification } from "../account/EmailVerification.tsx"
import { Profile } from "../account/Profile.tsx"
import { SecondFactor } from "../account/SecondFactor.tsx"
import { Sessions } from "../account/Sessions.tsx"
import { PageHeading } from "../components/shell/PageHeading.tsx"
import type { Person } from "../session/state.ts"
import { product, settings } from "../settings.ts"

/** Only Latchkey's own accounts have sessions and passwords here. */
export function AccountPage({ user }: { user: Person }) {
  if (settings.signIn !== "password" || user.email === null) {
    return (
      <div className="grid gap-6">
        <PageHeading
          title="Account"
          description={`Your sign-in and your profile belong to ${product.name}, and are managed there.`}
        />
        <Profile user={user} />
      </div>
    )
  }
  return (
    <div className="grid gap-6">
      <PageHeading title="Account" />
      <Profile user={user} />
      <EmailVerification email={user.email} />
      <SecondFactor email={user.email} />
      <Sessions />
      <ChangePassword email={user.email} />
    </div>
  )
}
