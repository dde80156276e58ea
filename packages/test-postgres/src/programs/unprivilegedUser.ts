/**
 * The user that runs PostgreSQL and PgBouncer, which refuse to run as root: `nobody`, whose id is 65534 on common
 * systems. Undefined unless this process runs as root.
 */
export function unprivilegedUser() {
  return process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : undefined
}
