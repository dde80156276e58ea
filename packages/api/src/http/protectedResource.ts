/** This server as an OAuth protected resource, for clients that look for the issuers of its tokens (RFC 9728). */
export interface ProtectedResource {
  /**
   * The URL at which users reach the protected API, without a slash at its end. Clients compare it with the URL that
   * they have called, which may be any URL of the host.
   */
  resource: string
  /** The URL at which users reach Latchkey, without a slash at its end. */
  url: string
  /** The trusted issuers. */
  issuers: readonly string[]
  /** The declared scopes. */
  scopes: readonly string[]
}

export const METADATA_PATH = "/.well-known/oauth-protected-resource"

/** The parameter of challenges that names the metadata (RFC 9728, section 5.1). */
export const metadataUrl = ({ url }: ProtectedResource): string => url + METADATA_PATH

/** The metadata (RFC 9728, section 2). */
export const metadataOf = ({ resource, issuers, scopes }: ProtectedResource) => ({
  resource,
  authorization_servers: issuers,
  bearer_methods_supported: ["header"],
  ...(scopes.length > 0 && { scopes_supported: scopes }),
})
