import { z } from "zod"
import type { AuditEvent, AuditKind } from "../auditModels.ts"
import { id } from "./fields.ts"
import { page, paged } from "./paging.ts"

export const auditKind = z.enum([
  "registered",
  "loggedIn",
  "loginFailed",
  "refreshTokenReused",
  "loggedOut",
  "sessionRevoked",
  "otherSessionsRevoked",
  "oldestSessionsEnded",
  "passwordChanged",
  "passwordChangeFailed",
  "passwordResetRequested",
  "passwordReset",
  "emailVerified",
  "secondFactorEnabled",
  "secondFactorDisabled",
  "secondFactorFailed",
  "recoveryCodesRenewed",
  "recoveryCodeUsed",
  "apiKeyCreated",
  "apiKeyUpdated",
  "apiKeyRotated",
  "apiKeyImported",
  "apiKeyRefused",
  "apiKeyLeaked",
  "apiKeyRevoked",
  "ownerTokenCreated",
  "userDisabled",
  "userEnabled",
  "userErased",
]) satisfies z.ZodType<AuditKind>

export const auditEvent = z.object({
  id: z.string(),
  kind: auditKind,
  createdAt: z.date(),
  lastAt: z.date(),
  count: z.int(),
  via: z.enum([
    "password",
    "session",
    "apiKey",
    "refreshToken",
    "accessToken",
    "ownerToken",
    "host",
    "server",
    "link",
  ]),
  credentialId: z.string().nullable(),
  actor: z.string().nullable(),
  byAdministrator: z.boolean(),
  address: z.string().nullable(),
  device: z.string().nullable(),
  requestId: z.string(),
  subject: z.object({ id: z.string(), label: z.string().nullable() }).nullable(),
  changes: z.record(z.string(), z.object({ from: z.unknown(), to: z.unknown() })).nullable(),
}) satisfies z.ZodType<AuditEvent>

export const listAudit = paged(
  z.strictObject({ ...page, kind: auditKind.optional(), apiKeyId: id.shape.id.optional() }),
)
