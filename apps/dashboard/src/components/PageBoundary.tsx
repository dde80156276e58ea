import { Component, type ReactNode, Suspense } from "react"
import { Button } from "./Button.tsx"
import { PageHeading } from "./shell/PageHeading.tsx"

interface Props {
  /** Shown while the page's script is loaded. */
  fallback?: ReactNode
  /** Wraps the message if the page fails. */
  frame?: (message: ReactNode) => ReactNode
  children: ReactNode
}

/**
 * A page whose script is loaded when it is opened. If loading fails, because the server can't be reached or has a
 * newer version, or if the page itself fails, a message says so. A new `key` resets it.
 */
export class PageBoundary extends Component<Props, { hasFailed: boolean }> {
  override state = { hasFailed: false }

  static getDerivedStateFromError = () => ({ hasFailed: true })

  override render() {
    const { fallback = null, frame = (message) => message, children } = this.props
    return this.state.hasFailed ? frame(<Failure />) : <Suspense fallback={fallback}>{children}</Suspense>
  }
}

const Failure = () => (
  <div role="alert" className="grid justify-items-center gap-6 py-12 text-center">
    <PageHeading
      title="This page could not be shown"
      description="The server may be unreachable, or have a newer version of this page. Reload it to try again."
    />
    <Button kind="primary" onClick={() => location.reload()}>
      Reload
    </Button>
  </div>
)
