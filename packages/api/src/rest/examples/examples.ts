import {
  accessToken,
  apiKey,
  auditEvent,
  createdApiKey,
  credentials,
  ids,
  key,
  listedUser,
  nextCursor,
  ownedApiKey,
  session,
  signedIn,
} from "./models.ts"

/** Examples by their summary. */
export type Examples = Readonly<Record<string, unknown>>

export interface OperationExamples {
  /** Of parameters in the path and the query, by name. Those in the path are the same everywhere. */
  parameters?: Examples
  request?: Examples
  response?: Examples
}

/** Examples of path parameters, by name. */
export const PATH_EXAMPLES: Examples = { key_id: ids.key, session_id: ids.session, user_id: ids.user }

const proof = { currentPassword: credentials.password, totp: "492039" }

const newRecoveryCodes = {
  recoveryCodes: ["4tq7-m2xk-9d3w-hc5p", "x8nb-6vrz-k4fj-2gys"],
}

/** As in a link to set a forgotten password. */
const linkToken = "kZ0v3mX9Qe1TnB7cYf5rLw2sHj8uGd6aPo4iNxVtKbE"

const subject = { issuer: "host", subject: "user_42" }

const page = (item: unknown) => ({ items: [item], nextCursor: null })

/** Examples by the operation's id. A test checks that every operation has them and that they fit its schema. */
export const EXAMPLES: Readonly<Record<string, OperationExamples>> = {
  "auth.register": {
    request: {
      "By a program": credentials,
      "From one of Latchkey's own pages": { ...credentials, session: "cookie" },
    },
    response: { "A session": signedIn },
  },
  "auth.login": { request: { "By a program": credentials }, response: { "A session": signedIn } },
  "auth.refresh": {
    request: {
      "With a refresh token": { refreshToken: signedIn.refreshToken },
      "With the session cookie": {},
    },
    response: { "The next tokens": signedIn },
  },
  "auth.logout": {},
  "auth.account": {
    response: {
      "With a second factor": {
        emailVerified: true,
        canVerifyEmail: true,
        secondFactor: { enabledAt: "2026-11-20T09:12:45.103Z", recoveryCodes: 9, required: false },
      },
    },
  },
  "auth.requestEmailVerification": {},
  "auth.verifyEmail": { request: { "The token of a link": { token: linkToken } } },
  "secondFactor.setUp": {
    request: { "The current password": { currentPassword: credentials.password } },
    response: {
      "A secret for the app": {
        secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
        uri: "otpauth://totp/Acme:ada%40example.com?issuer=Acme&secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
      },
    },
  },
  "secondFactor.confirm": {
    request: { "A TOTP code": { totp: proof.totp } },
    response: { "Two of the recovery codes": newRecoveryCodes },
  },
  "secondFactor.renewRecoveryCodes": {
    request: { "With a TOTP code": proof },
    response: { "Two of the recovery codes": newRecoveryCodes },
  },
  "secondFactor.remove": { request: { "With a TOTP code": proof } },
  "auth.requestPasswordReset": { request: { "By email": { email: credentials.email } } },
  "auth.resetPassword": {
    request: { "A new password": { token: linkToken, newPassword: "a different horse every year" } },
  },
  "auth.changePassword": {
    request: {
      "A new password": {
        currentPassword: credentials.password,
        newPassword: "a different horse every year",
      },
    },
  },
  "auth.introspect": {
    request: {
      "An API key": { token: key },
      "An API key, and the address of its client": { token: key, address: "203.0.113.7" },
    },
    response: {
      "A valid key": {
        active: true,
        iss: "host",
        sub: "user_42",
        client_id: ids.key,
        scope: "reports:read",
        token_type: "api_key",
        iat: 1_795_364_100,
        exp: 1_803_167_999,
      },
      "Anything else": { active: false },
    },
  },
  "auth.me": {
    response: {
      "By API key": {
        ...{ id: ids.user, issuer: "latchkey", subject: ids.user, email: "ada@example.com", role: "user" },
        ...{
          createdAt: "2026-03-02T09:15:00.000Z",
          scopes: ["reports:read"],
          via: "apiKey",
          apiKeyId: ids.key,
        },
      },
    },
  },
  "auth.verify": { parameters: { scope: "reports:read", deny: "403" } },

  "apiKeys.create": {
    request: {
      "A label is enough": { label: "Nightly import" },
      "With limits": {
        label: "Nightly import",
        expiresAt: "2027-02-20",
        scopes: ["reports:read"],
        allowedIps: ["203.0.113.0/24"],
        rateLimit: { limit: 1000, window: 60 },
      },
    },
    response: { "The key, shown only once": createdApiKey },
  },
  "apiKeys.list": {
    parameters: { cursor: nextCursor, limit: 20, status: "active", search: "import" },
    response: { "A page": { items: [apiKey], nextCursor } },
  },
  "apiKeys.get": { response: { "The key": apiKey } },
  "apiKeys.update": {
    request: {
      "Another label": { label: "Hourly import" },
      "Without an expiry": { expiresAt: null },
      "Disabled for now": { disabled: true },
    },
    response: { "The key": { ...apiKey, label: "Hourly import" } },
  },
  "apiKeys.revoke": {},
  "apiKeys.rotate": {
    request: { "The old key ends in a day": {}, "The old key ends in an hour": { grace: 3600 } },
    response: {
      "The new key, shown only once": { ...createdApiKey, replaces: "b1b6f8d0-52c1-4d0c-9a5e-6f4f4cf0b9f3" },
    },
  },
  "apiKeys.usage": {
    parameters: { days: 7 },
    response: {
      "Two days": {
        items: [
          { date: "2026-11-21", accepted: 1204, limited: 0 },
          { date: "2026-11-22", accepted: 987, limited: 12 },
        ],
      },
    },
  },
  "apiKeys.usageOfAll": {
    parameters: { days: 7 },
    response: {
      "Two days": {
        dates: ["2026-11-21", "2026-11-22"],
        items: [{ apiKeyId: ids.key, accepted: [1204, 987], limited: [0, 12] }],
      },
    },
  },
  "apiKeys.reportLeaked": { request: { "A key that was found": { key } } },

  "ownerTokens.create": {
    request: { "For five minutes": {}, "Only for reading": { manage: "read", ttl: 900 } },
    response: { "The token": { accessToken, expiresAt: "2026-11-22T16:20:00.000Z" } },
  },

  "sessions.list": { response: { "One session": { items: [session] } } },
  "sessions.revoke": {},
  "sessions.revokeOthers": {},

  "audit.list": {
    parameters: { cursor: nextCursor, limit: 20, kind: "loginFailed", apiKeyId: ids.key },
    response: { "A page": { items: [auditEvent], nextCursor } },
  },

  "admin.users.list": {
    parameters: { cursor: nextCursor, limit: 20, status: "enabled", search: "example.com" },
    response: { "The last page": page(listedUser) },
  },
  "admin.users.disable": {},
  "admin.users.enable": {},
  "admin.users.erase": {},
  "admin.users.eraseBySubject": { request: { "A user of the product": subject } },
  "admin.users.disableBySubject": { request: { "A user of the product": subject } },
  "admin.users.enableBySubject": { request: { "A user of the product": subject } },
  "admin.users.resetSecondFactor": {},
  "admin.users.createResetLink": {
    response: {
      "A link": {
        token: linkToken,
        url: `https://keys.example.com/reset-password#token=${linkToken}`,
        expiresAt: "2030-01-01T13:00:00.000Z",
      },
    },
  },
  "admin.apiKeys.list": {
    parameters: {
      cursor: nextCursor,
      limit: 20,
      status: "all",
      userId: ids.user,
      search: "import",
      origin: "any",
    },
    response: { "The last page": page(ownedApiKey) },
  },
  "admin.apiKeys.revoke": {},
  "admin.apiKeys.revokeWhere": {
    request: {
      "A preview": {
        where: { createdBefore: "2026-11-01T00:00:00Z", scope: "reports:write" },
        preview: true,
      },
      "Its confirmation": {
        where: { createdBefore: "2026-11-01T00:00:00Z", scope: "reports:write" },
        confirm: "0f0c7a5e-2f0a-4a44-9f0e-5a3c1d7b9e21",
      },
    },
    response: {
      "A preview": { count: 1, sample: [ownedApiKey], confirm: "0f0c7a5e-2f0a-4a44-9f0e-5a3c1d7b9e21" },
      "When all are revoked": { revoked: 1 },
    },
  },
}
