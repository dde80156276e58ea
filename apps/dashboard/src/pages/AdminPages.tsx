import { Route, Switch } from "wouter"
import { useAccount } from "../account/useAccount.ts"
import { SecondFactorNeeded } from "../admin/SecondFactorNeeded.tsx"
import type { Person } from "../session/state.ts"
import { settings } from "../settings.ts"
import { AdminImportPage } from "./AdminImportPage.tsx"
import { AdminIncidentPage } from "./AdminIncidentPage.tsx"
import { AdminKeysPage } from "./AdminKeysPage.tsx"
import { AdminUsersPage } from "./AdminUsersPage.tsx"
import { NotFoundPage } from "./NotFoundPage.tsx"

/** The pages for administrators. */
export function AdminPages({ user }: { user: Person }) {
  const account = useAccount({ isEnabled: settings.signIn === "password" && user.email !== null })
  if (account.isLoading) return null
  const factor = account.data?.secondFactor
  if (factor?.required && !factor.enabledAt) return <SecondFactorNeeded />
  return (
    <Switch>
      <Route path="/admin">
        <AdminUsersPage ownId={user.id} />
      </Route>
      <Route path="/admin/keys" component={AdminKeysPage} />
      <Route path="/admin/incident" component={AdminIncidentPage} />
      <Route path="/admin/import" component={AdminImportPage} />
      <Route component={NotFoundPage} />
    </Switch>
  )
}
