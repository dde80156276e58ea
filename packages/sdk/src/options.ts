import type { SignedIn } from "@latchkey/contract"

/** A credential, or a function that is asked for it before every call. Without one the call goes out with none. */
export type Secret =
  | string
  | null
  | undefined
  | (() => string | null | undefined | Promise<string | null | undefined>)

/** A sign-in that keeps itself fresh. What `auth.login` gave fits here as it is. */
export interface SessionOptions {
  /** The newest one. One client may use it, as using it twice ends the session. */
  refreshToken: string
  /** Spares the first refresh while it is good. */
  accessToken?: string | undefined
  /**
   * Given each new pair, before the calls that waited for it go out: store `refreshToken` here. What it throws
   * reaches those calls; the client goes on with the new pair all the same.
   */
  onRefresh?: ((signedIn: SignedIn) => void | Promise<void>) | undefined
}

/** An answer that came, as far as it may be logged. */
export interface LatchkeyResponse {
  /** Such as `["apiKeys.list", "auth.me"]`: what travelled in this one request. */
  procedures: string[]
  /** 207 where the calls of a batch fared differently. */
  status: number
  /** The same as in the server's log. */
  requestId: string | undefined
  /** Milliseconds from sending to the end of the body. */
  duration: number
}

interface Common {
  /** Where Latchkey is served, such as `https://keys.company.tld`; a path in front of `/trpc` is kept. */
  baseUrl: string | URL
  /** Milliseconds that a call may take, tries and waits included; 10,000 unless told. */
  timeout?: number | undefined
  /** How often a failed call is repeated where that is harmless; 3 unless told, 0 for never. */
  retries?: number | undefined
  /** Allows plain http to hosts other than this machine, which shows the credential to everyone on the way. */
  allowInsecureHttp?: boolean | undefined
  /** Told of every answer, for logs and traces. What it throws does not reach the call. */
  onResponse?: ((response: LatchkeyResponse) => void) | undefined
}

/** What a client is made with: where to, and at most one credential. */
export type LatchkeyOptions = Common &
  (
    | { apiKey?: Secret; accessToken?: undefined; session?: undefined }
    | { accessToken?: Secret; apiKey?: undefined; session?: undefined }
    | { session?: SessionOptions | undefined; apiKey?: undefined; accessToken?: undefined }
  )

/** For one call. */
export interface CallOptions {
  /** Gives the call up; what the server has begun is not undone. */
  signal?: AbortSignal | undefined
  /** Milliseconds, instead of the client's. */
  timeout?: number | undefined
}
