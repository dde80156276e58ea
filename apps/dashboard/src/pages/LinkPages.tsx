import { Route, Switch } from "wouter"
import { Card, Plate } from "../components/shell/Plate.tsx"
import { useLinkToken } from "../linkToken.ts"
import { DeadLink } from "../signIn/DeadLink.tsx"
import { ResetPassword } from "../signIn/ResetPassword.tsx"
import { VerifyEmail } from "../signIn/VerifyEmail.tsx"

/** The pages to which links in mails lead. Anyone who has the link can open them. */
export function LinkPages() {
  const token = useLinkToken()
  return (
    <Plate>
      <Card>
        <Switch>
          <Route path="/reset-password">
            {token ? <ResetPassword key={token} token={token} /> : <DeadLink kind="reset" isIncomplete />}
          </Route>
          <Route path="/verify-email">
            {token ? <VerifyEmail key={token} token={token} /> : <DeadLink kind="verify" isIncomplete />}
          </Route>
        </Switch>
      </Card>
    </Plate>
  )
}
