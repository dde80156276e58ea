/** The number of calls allowed per window. A window starts with its first call. */
export interface Limit {
  count: number
  seconds: number
}

/** Limits on calls that are expensive or allow guessing. */
export interface Limits {
  /** Sign-in attempts from one address, successful or not. */
  logins: Limit
  /** Wrong passwords for one account from one address. */
  failedLogins: Limit
  /** Wrong emails and passwords from one address. */
  failedLoginsByAddress: Limit
  /** Wrong passwords for one account from all addresses. */
  failedLoginsByAccount: Limit
  /** The count of `failedLogins` once the account has reached `failedLoginsByAccount`. */
  failedLoginsUnderAttack: number
  /** The seconds for which to remember that an account has signed in from an address. */
  knownAddress: number
  /** The minimum duration of a refused sign-in, in seconds. Longer than most password checks, so it reveals little. */
  refusedLoginSeconds: number
  /** Sign-in attempts for one account from an address it has signed in from, while a shared limit is used up. */
  loginsBeyond: Limit
  /** Attempts to register from one address, including those with a weak password. */
  registrationTries: Limit
  /** Registrations from one address. */
  registrations: Limit
  /** Refreshes of one session. */
  refreshes: Limit
  /** Refreshes and sign-outs from one address with a refresh token that belongs to no live session. */
  refreshesByAddress: Limit
  /** Password changes by one session, successful or not. */
  passwordChanges: Limit
  /** Requests for links to set a password from one address. */
  passwordResetRequests: Limit
  /** Requests for links to set a password for one email. */
  passwordResetRequestsByAccount: Limit
  /** Requests for links to verify an email from one address, where anybody can register many accounts. */
  emailVerificationRequests: Limit
  /** Requests of one account for links to verify its email. */
  emailVerificationRequestsByAccount: Limit
  /** Uses of links from one address, valid or not. */
  links: Limit
  /**
   * Wrong codes of one account's authenticator app, from all addresses. Only somebody who knows the password can
   * cause them.
   */
  wrongCodes: Limit
  /** Reports of leaked keys from one address, whether the keys are active or not. */
  leakReports: Limit
  /** Failed bcrypts for one lookup id from one address. Each process counts separately. */
  failedKeyChecks: Limit
  /** Imported keys with one start that failed bcrypt, from all addresses. Each process counts separately. */
  failedImportedKeyChecks: Limit
}

/** How many times as many as one address all networks of an IPv6 site get: one person may have 65,536 of them. */
export const SITE_FACTOR = 10

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/**
 * High enough that people don't notice the limits, not even a class or an office behind one address. An attacker gets
 * about a thousand guesses a day.
 */
export const defaultLimits: Limits = {
  logins: { count: 300, seconds: 15 * MINUTE },
  failedLogins: { count: 10, seconds: 15 * MINUTE },
  failedLoginsByAddress: { count: 50, seconds: 15 * MINUTE },
  failedLoginsByAccount: { count: 100, seconds: HOUR },
  failedLoginsUnderAttack: 3,
  knownAddress: 30 * DAY,
  refusedLoginSeconds: 2,
  loginsBeyond: { count: 10, seconds: 15 * MINUTE },
  registrationTries: { count: 300, seconds: HOUR },
  registrations: { count: 30, seconds: HOUR },
  refreshes: { count: 100, seconds: 5 * MINUTE },
  refreshesByAddress: { count: 1_000, seconds: 5 * MINUTE },
  passwordChanges: { count: 10, seconds: 15 * MINUTE },
  passwordResetRequests: { count: 30, seconds: HOUR },
  passwordResetRequestsByAccount: { count: 5, seconds: HOUR },
  emailVerificationRequests: { count: 30, seconds: HOUR },
  emailVerificationRequestsByAccount: { count: 5, seconds: HOUR },
  links: { count: 100, seconds: 15 * MINUTE },
  wrongCodes: { count: 10, seconds: HOUR },
  leakReports: { count: 300, seconds: 15 * MINUTE },
  failedKeyChecks: { count: 10, seconds: MINUTE },
  failedImportedKeyChecks: { count: 10, seconds: MINUTE },
}

/** Multiplies the count of every limit. */
export function multiplyLimits(limits: Limits, factor: number): Limits {
  const times = ({ count, seconds }: Limit): Limit => ({ count: count * factor, seconds })
  return {
    logins: times(limits.logins),
    failedLogins: times(limits.failedLogins),
    failedLoginsByAddress: times(limits.failedLoginsByAddress),
    failedLoginsByAccount: times(limits.failedLoginsByAccount),
    failedLoginsUnderAttack: limits.failedLoginsUnderAttack * factor,
    knownAddress: limits.knownAddress,
    refusedLoginSeconds: limits.refusedLoginSeconds,
    loginsBeyond: times(limits.loginsBeyond),
    registrationTries: times(limits.registrationTries),
    registrations: times(limits.registrations),
    refreshes: times(limits.refreshes),
    refreshesByAddress: times(limits.refreshesByAddress),
    passwordChanges: times(limits.passwordChanges),
    passwordResetRequests: times(limits.passwordResetRequests),
    passwordResetRequestsByAccount: times(limits.passwordResetRequestsByAccount),
    emailVerificationRequests: times(limits.emailVerificationRequests),
    emailVerificationRequestsByAccount: times(limits.emailVerificationRequestsByAccount),
    links: times(limits.links),
    wrongCodes: times(limits.wrongCodes),
    leakReports: times(limits.leakReports),
    failedKeyChecks: times(limits.failedKeyChecks),
    failedImportedKeyChecks: times(limits.failedImportedKeyChecks),
  }
}
