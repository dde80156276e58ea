// Models as REST shows them in examples.

const KEY_ID = "8e3e90ea-0667-473a-b5c8-5322ce138ce8"
const USER_ID = "3b0c8c52-9a4e-4b7f-8f44-0f2f6d0f5a11"
const SESSION_ID = "59fa1d81-7408-4b3e-a243-1025480fb793"

export const ids = { key: KEY_ID, user: USER_ID, session: SESSION_ID }

/** Has the format of a key, but belongs to nobody. */
export const key = "0123456789abcdef".repeat(4)

/** Stands for a JWT in examples. */
export const accessToken = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIzYjBjOGM1MiJ9.c2lnbmF0dXJl"

export const nextCursor = "MTc5NTM2NDU4OTExNC44ZTNlOTBlYQ"

export const user = {
  id: USER_ID,
  email: "ada@example.com",
  role: "user",
  createdAt: "2026-03-02T09:15:00.000Z",
}

export const credentials = { email: "ada@example.com", password: "correct horse battery staple" }

export const signedIn = {
  user,
  accessToken,
  accessTokenExpiresAt: "2026-11-22T16:30:00.000Z",
  refreshToken: "v1.WfodgXQISz6iQxAlSA-3kw.dHVybg",
}

const settings = {
  label: "Nightly import",
  start: "01234567",
  scopes: ["reports:read"],
  allowedIps: ["203.0.113.0/24"],
  rateLimit: { limit: 1000, window: 60 },
  disabled: false,
  locked: false,
  metadata: null,
}

export const createdApiKey = {
  id: KEY_ID,
  ...settings,
  replaces: null,
  replacedBy: null,
  createdBy: USER_ID,
  createdAt: "2026-11-22T16:15:00.000Z",
  expiresAt: "2027-02-20T23:59:59.999Z",
  key,
}

const { key: _, ...listedApiKey } = createdApiKey

export const apiKey = { ...listedApiKey, lastUsedAt: "2026-11-22T16:23:09.000Z", revokedAt: null }

export const ownedApiKey = {
  ...apiKey,
  owner: { id: USER_ID, issuer: "latchkey", subject: USER_ID, email: "ada@example.com", disabledAt: null },
}

export const session = {
  id: SESSION_ID,
  device: "Chrome on Linux",
  address: "203.0.113.7",
  createdAt: "2026-11-21T08:00:00.000Z",
  lastUsedAt: "2026-11-22T16:15:00.000Z",
  current: true,
}

export const listedUser = {
  ...user,
  issuer: "latchkey",
  subject: USER_ID,
  disabledAt: null,
  activeKeys: 3,
  hasSecondFactor: true,
}

export const auditEvent = {
  id: "aa8947a0-7ce9-445b-a6b0-2b92aab17136",
  kind: "apiKeyRevoked",
  createdAt: "2026-11-22T16:23:09.114Z",
  lastAt: "2026-11-22T16:23:09.114Z",
  count: 1,
  via: "session",
  credentialId: SESSION_ID,
  actor: null,
  byAdministrator: false,
  address: "203.0.113.7",
  device: "Chrome on Linux",
  requestId: "eb152d7d-e6dd-4a2a-b777-ebffa0322b4d",
  subject: { id: KEY_ID, label: "Nightly import" },
  changes: null,
}
