/** This server as an OAuth protected resource, for clients that look for the issuers of its tokens (RFC 9728). */
export interface ProtectedResource {
  /** The URL at which users reach it, without a slash at its end. */
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
export const metadataOf = ({ url, issuers, scopes }: ProtectedResource) => ({
  resource: url,
  authorization_servers: issuers,
  bearer_methods_supported: ["header"],
  ...(scopes.length > 0 && { scopes_supported: scopes }),
})
