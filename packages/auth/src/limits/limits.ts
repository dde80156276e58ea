/** A count per window. The window starts with the first call. */
export interface Limit {
  count: number
  seconds: number
}

/** Limits on calls that are expensive or allow guessing. */
export interface Limits {
  /** Tries at signing in from one address, good and bad. */
  logins: Limit
  /** Wrong passwords for one account from one address. */
  failedLogins: Limit
  /** Wrong emails and passwords from one address. */
  failedLoginsByAddress: Limit
  /** Wrong passwords for one account from all addresses. */
  failedLoginsByAccount: Limit
  /** After that limit is reached: how many of `failedLogins` each address still has. */
  failedLoginsUnderAttack: number
  /** Seconds for which an address that an account signed in from is remembered. */
  knownAddress: number
  /** Seconds until a refused sign-in is answered; most checks of a password beyond a limit are done by then. */
  refusedLoginSeconds: number
  /** Tries at one account from an address that it has signed in from, while a limit shared with others is used up. */
  loginsBeyond: Limit
  /** Tries at registering from one address, refused passwords included. */
  registrationTries: Limit
  /** Registrations from one address. */
  registrations: Limit
  /** Refreshes of one session. */
  refreshes: Limit
  /** Refresh tokens from one address that no live session has, presented for refreshing or signing out. */
  refreshesByAddress: Limit
  /** Changes of a password by one session, good and bad. */
  passwordChanges: Limit
  /** Failed bcrypts for one lookup id from one address; counted by each process separately. */
  failedKeyChecks: Limit
}

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/**
 * Meant to go unnoticed by people, also by a class or an office that share an address, and to leave who guesses
 * about a thousand tries a day.
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
  failedKeyChecks: { count: 10, seconds: MINUTE },
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
    failedKeyChecks: times(limits.failedKeyChecks),
  }
}
