import { auditEvent, listAudit, session, sessionList } from "@latchkey/contract/schemas"
import { describe } from "./describe.ts"

/** Describes the fields of sessions and the audit trail. */
export function describeTrail() {
  describe(session.shape, {
    id: "The id of the session.",
    device: 'The browser and system, such as "Chrome on Linux"; null if unknown.',
    address: "The IP address from which the session last received an access token; null if unknown.",
    createdAt: "When the user signed in.",
    lastUsedAt: "When the session last received an access token.",
    current: "Whether the request was made with this session.",
  })
  describe(sessionList.shape, {
    items: "The current session first, then the others, most recently used first.",
  })
  describe(auditEvent.shape, {
    id: "The id of the event.",
    kind: "What happened.",
    createdAt: "When it happened, or first happened.",
    lastAt: "When the last failure of the group happened; otherwise the same as `createdAt`.",
    count: "The number of failures in the group, or of sessions ended; otherwise 1.",
    via: "The kind of credential used.",
    credentialId:
      "The id of the session or API key used, or of the API key that created the owner token; null for other credentials and administrators.",
    actor: "The person who acted for the user, if that is somebody else; null for administrators.",
    byAdministrator: "Whether an administrator was responsible for the event.",
    address:
      "The IP address; null for administrators, for changes without a request, and for failures from too many addresses to record.",
    device: 'The browser and system, such as "Chrome on Linux"; null if unknown or if `address` is null.',
    requestId: "The id of the request.",
    subject: "The session or API key affected, with its device or label at the time.",
    changes: "What an update or a rotation has changed, by the name of the field; null for other events.",
  })
  describe(auditEvent.shape.subject.unwrap().shape, {
    id: "The id of the session or API key.",
    label: "The device of the session or the label of the API key at the time; null if unknown.",
  })
  describe(listAudit.out.shape, {
    cursor: "The `nextCursor` of the previous page. Omit it to get the first page.",
    limit: "The maximum number of items on the page.",
    kind: "Return only events of this kind.",
  })
}
