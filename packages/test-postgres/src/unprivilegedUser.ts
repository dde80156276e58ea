/**
 * Whom servers run as that refuse to run as root, as PostgreSQL and PgBouncer do: `nobody`, whose id is the same
 * everywhere that matters. Undefined when we are not root.
 */
export function unprivilegedUser() {
  return process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : undefined
}
