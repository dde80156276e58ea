import { QueryClientProvider } from "@tanstack/react-query"
import type { ReactNode } from "react"
import { Redirect, Route, Router, Switch, useLocation } from "wouter"
import { basePath } from "./apiUrl.ts"
import { PageBoundary } from "./components/PageBoundary.tsx"
import { Card, Plate } from "./components/shell/Plate.tsx"
import { PublicShell } from "./components/shell/PublicShell.tsx"
import { Shell } from "./components/shell/Shell.tsx"
import { Toasts } from "./components/Toasts.tsx"
import { LINK_PATH } from "./linkToken.ts"
import { ActivityPage } from "./pages/ActivityPage.tsx"
import { API_KEYS_PATH } from "./pages/apiKeysPath.ts"
import { InsecurePage } from "./pages/InsecurePage.tsx"
import { LeakedPage } from "./pages/LeakedPage.tsx"
import { lazyPage } from "./pages/lazyPage.tsx"
import { NotFoundPage } from "./pages/NotFoundPage.tsx"
import { SignInElsewherePage } from "./pages/SignInElsewherePage.tsx"
import { type SignedOutBecause, SignInPage } from "./pages/SignInPage.tsx"
import { StartingPage } from "./pages/StartingPage.tsx"
import { queryClient } from "./queryClient.ts"
import { mayBeSignedIn } from "./session/session.ts"
import { useSession } from "./session/useSession.ts"
import { settings } from "./settings.ts"

const ApiKeysPage = lazyPage(() => import("./pages/ApiKeysPage.tsx").then((page) => page.ApiKeysPage))
// Returning users need this page as soon as their session is resumed.
if (mayBeSignedIn()) ApiKeysPage.preload()

const DocsPage = lazyPage(() => import("./pages/DocsPage.tsx").then((page) => page.DocsPage))
const ForgotPasswordPage = lazyPage(() =>
  import("./pages/ForgotPasswordPage.tsx").then((page) => page.ForgotPasswordPage),
)
const LinkPages = lazyPage(() => import("./pages/LinkPages.tsx").then((pages) => pages.LinkPages))
const AccountPage = lazyPage(() => import("./pages/AccountPage.tsx").then((page) => page.AccountPage))
const AdminPages = lazyPage(() => import("./pages/AdminPages.tsx").then((pages) => pages.AdminPages))

export function App() {
  return (
    <QueryClientProvider client={queryClient}>
      <Toasts>
        <Router base={basePath}>{isSecureContext ? <Pages /> : <InsecurePage />}</Router>
      </Toasts>
    </QueryClientProvider>
  )
}

const onPlate = (message: ReactNode) => (
  <Plate>
    <Card>{message}</Card>
  </Plate>
)

/** Some pages are public. The others require a signed-in user. */
const Pages = () => (
  <Switch>
    <Route path="/leaked" component={LeakedPage} />
    <Route path="/docs">
      <PageBoundary fallback={<PublicShell isWide>{null}</PublicShell>} frame={onPlate}>
        <DocsPage />
      </PageBoundary>
    </Route>
    {settings.signIn === "password" && (
      <Route path={LINK_PATH}>
        <PageBoundary fallback={<Plate>{null}</Plate>} frame={onPlate}>
          <LinkPages />
        </PageBoundary>
      </Route>
    )}
    <Route component={UserPages} />
  </Switch>
)

/** Shows the sign-in page at any URL, so that users are on the page that they requested once they have signed in. */
function UserPages() {
  const session = useSession()
  const [path] = useLocation()
  if (session.status === "signedOut") return <SignedOutPages because={session.because} />
  if (session.status === "starting") return <StartingPage failure={session.failure} />
  const { user } = session
  const isAdmin = user.role === "admin"
  // Each section has its own boundary, so that a failing page does not affect the others.
  const section = API_KEYS_PATH.test(path) ? "keys" : path.split("/")[1]
  return (
    <Shell key={user.id} user={user}>
      <PageBoundary key={section}>
        <Switch>
          <Route path={API_KEYS_PATH} component={ApiKeysPage} />
          <Route path="/activity" component={ActivityPage} />
          <Route path="/account">
            <AccountPage user={user} />
          </Route>
          {isAdmin && (
            <Route path="/admin/*?">
              <AdminPages user={user} />
            </Route>
          )}
          <Route path={/^\/(sign-in|sign-up|forgot-password)$/}>
            <Redirect to="/" replace />
          </Route>
          <Route component={NotFoundPage} />
        </Switch>
      </PageBoundary>
    </Shell>
  )
}

function SignedOutPages({ because }: { because: SignedOutBecause }) {
  if (settings.signIn !== "password") return <SignInElsewherePage />
  return (
    <Switch>
      {settings.registration === "open" && (
        <Route path="/sign-up">
          <SignInPage mode="register" signedOutBecause={because} />
        </Route>
      )}
      {settings.sendsMail && (
        <Route path="/forgot-password">
          <PageBoundary fallback={<Plate>{null}</Plate>} frame={onPlate}>
            <ForgotPasswordPage />
          </PageBoundary>
        </Route>
      )}
      <Route>
        <SignInPage mode="login" signedOutBecause={because} />
      </Route>
    </Switch>
  )
}
