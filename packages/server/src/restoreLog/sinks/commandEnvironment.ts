/** The variables by which programs are found, find their files and credentials, and reach other machines. */
const PASSED =
  /^(PATH|HOME|USER|LOGNAME|TMPDIR|LANG|LANGUAGE|LC_[A-Z]+|TZ|SSH_AUTH_SOCK|SSL_CERT_FILE|SSL_CERT_DIR|(https?|all|no)_proxy|(HTTPS?|ALL|NO)_PROXY)$/

/** The prefix of variables for the command alone, which gets them without it. */
const PREFIX = /^RESTORE_LOG_COMMAND_(?=.)/

/**
 * The environment of a command that keeps the log: a few usual variables of the server, and those that are meant for the
 * command. It gets none of the server's secrets.
 */
export function commandEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const given = Object.entries(environment)
  const passed = given.filter(([name]) => PASSED.test(name))
  const meant = given
    .filter(([name]) => PREFIX.test(name))
    .map(([name, value]) => [name.replace(PREFIX, ""), value])
  return Object.fromEntries([...passed, ...meant])
}
