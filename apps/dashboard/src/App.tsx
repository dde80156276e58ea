import { QueryClientProvider } from "@tanstack/react-query"
import { useEffect } from "react"
import { Redirect, Route, Router, Switch } from "wouter"
import { basePath } from "./apiUrl.ts"
import { Shell } from "./components/shell/Shell.tsx"
import { Toasts } from "./components/Toasts.tsx"
import { AccountPage } from "./pages/AccountPage.tsx"
import { ActivityPage } from "./pages/ActivityPage.tsx"
import { AdminKeysPage } from "./pages/AdminKeysPage.tsx"
import { AdminUsersPage } from "./pages/AdminUsersPage.tsx"
import { ApiKeysPage } from "./pages/ApiKeysPage.tsx"
import { InsecurePage } from "./pages/InsecurePage.tsx"
import { NotFoundPage } from "./pages/NotFoundPage.tsx"
import { SignInPage } from "./pages/SignInPage.tsx"
import { StartingPage } from "./pages/StartingPage.tsx"
import { queryClient } from "./queryClient.ts"
import { useSession } from "./session/useSession.ts"

export function App() {
  return (
    <QueryClientProvider client={queryClient}>
      <Toasts>
        <Router base={basePath}>{isSecureContext ? <Pages /> : <InsecurePage />}</Router>
      </Toasts>
    </QueryClientProvider>
  )
}

/** Shows the sign-in page at any URL, so that users are on the page they requested once they have signed in. */
function Pages() {
  const session = useSession()
  const userId = session.status === "signedIn" ? session.user.id : undefined
  useEffect(() => {
    // Don't show one account's data to the next.
    if (userId === undefined) queryClient.clear()
  }, [userId])

  if (session.status === "signedOut") {
    return (
      <Switch>
        <Route path="/sign-up">
          <SignInPage mode="register" signedOutBecause={session.because} />
        </Route>
        <Route>
          <SignInPage mode="login" signedOutBecause={session.because} />
        </Route>
      </Switch>
    )
  }
  if (session.status === "starting") return <StartingPage failure={session.failure} />
  const isAdmin = session.user.role === "admin"
  return (
    <Shell key={session.user.id} isAdmin={isAdmin}>
      <Switch>
        <Route path="/" component={ApiKeysPage} />
        <Route path="/activity" component={ActivityPage} />
        <Route path="/account">
          <AccountPage user={session.user} />
        </Route>
        {isAdmin && (
          <Route path="/admin">
            <AdminUsersPage ownId={session.user.id} />
          </Route>
        )}
        {isAdmin && <Route path="/admin/keys" component={AdminKeysPage} />}
        <Route path="/sign-in">
          <Redirect to="/" replace />
        </Route>
        <Route path="/sign-up">
          <Redirect to="/" replace />
        </Route>
        <Route component={NotFoundPage} />
      </Switch>
    </Shell>
  )
}
