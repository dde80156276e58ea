/** How callers present their credentials, in OpenAPI. */
export const SECURITY_SCHEMES = {
  accessToken: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description:
      "The `accessToken` returned by registering, signing in, or refreshing, which expires after 15 minutes by default; or the access token of an identity provider that the server trusts.",
  },
  apiKey: {
    type: "apiKey",
    in: "header",
    name: "X-API-Key",
    description: "An API key. Valid until it expires or is revoked.",
  },
  apiKeyAsBearer: {
    type: "http",
    scheme: "bearer",
    description: "An API key in `Authorization: Bearer`, for clients that send no other header.",
  },
  apiKeyAsPassword: {
    type: "http",
    scheme: "basic",
    description:
      "The id of an API key as user name, and the key as password, as clients of OAuth authenticate (RFC 6749, section 2.3.1).",
  },
  ownerToken: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description:
      "A token from `ownerTokens.create`, for the browser of an owner. It is valid for minutes, and only for the API keys of that owner.",
  },
} as const
