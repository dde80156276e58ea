import type { SignedIn } from "@latchkey/contract"

/** A credential, or a function called before each call to get it. If empty, the call carries none. */
export type Secret =
  | string
  | null
  | undefined
  | (() => string | null | undefined | Promise<string | null | undefined>)

/** A session that refreshes itself. Accepts the result of `auth.login` as it is. */
export interface SessionOptions {
  /** The newest refresh token. Use it in one client only: using it twice ends the session. */
  refreshToken: string
  /** Saves the first refresh while it is valid. */
  accessToken?: string | undefined
  /**
   * Called with each new pair, before the calls waiting for it are sent: store `refreshToken` here. Those calls fail
   * with any error it throws; the client keeps the new pair.
   */
  onRefresh?: ((signedIn: SignedIn) => void | Promise<void>) | undefined
}

/** A response, without anything secret. */
export interface LatchkeyResponse {
  /** The calls in this request, such as `["apiKeys.list", "auth.me"]`. */
  procedures: string[]
  /** 207 if the calls of a batch have different statuses. */
  status: number
  /** As in the server's log. */
  requestId: string | undefined
  /** Milliseconds until the end of the body. */
  duration: number
}

export type CustomHeaders = Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>)

interface Common {
  /** The server's URL, such as `https://keys.company.tld`; may have a path. */
  baseUrl: string | URL
  /** Milliseconds for a call, including retries; default 10,000. */
  timeout?: number | undefined
  /** How often a failed call is retried, if that is safe; default 3. */
  retries?: number | undefined
  /** Allows plain http to other hosts, which exposes credentials on the network. */
  allowInsecureHttp?: boolean | undefined
  /** Headers of your own for each call, such as the organization that the user acts for. A function is called before each. */
  headers?: CustomHeaders | undefined
  /** `include` sends cookies to a host on another origin, which has to allow this page's origin. */
  credentials?: "include" | undefined
  /** Called after each response, for logs and traces. Its errors don't affect the call. */
  onResponse?: ((response: LatchkeyResponse) => void) | undefined
}

/** The server and at most one credential. */
export type LatchkeyOptions = Common &
  (
    | { apiKey?: Secret; accessToken?: undefined; session?: undefined }
    | { accessToken?: Secret; apiKey?: undefined; session?: undefined }
    | { session?: SessionOptions | undefined; apiKey?: undefined; accessToken?: undefined }
  )

/** Options of one call. */
export interface CallOptions {
  /** Aborts the call, but undoes nothing that the server has begun. */
  signal?: AbortSignal | undefined
  /** Milliseconds; overrides the client's. */
  timeout?: number | undefined
}
