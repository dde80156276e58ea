/** PostgreSQL and PgBouncer refuse to run as root, so as root they run as `nobody`, whose id is the same everywhere that matters. */
export function unprivilegedUser() {
  return process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : undefined
}
