import type { EngineKind } from '../../shared/snapshot.ts'

/**
 * The port through which `failsafe init` finds what can be backed up on this machine. Nothing of it is needed for a backup: whoever writes failsafe.yaml by
 * hand never comes here.
 */
export interface Detector {
  readonly engine: EngineKind
  /** For people: `MySQL or MariaDB server`. */
  readonly what: string
  /** Left out where there are none: such an application knows failsafe by whom it runs as. */
  readonly accounts?: Accounts

  /** Looks at this machine without logging in anywhere. Each application once, however many ways lead to it. */
  detect(signal: AbortSignal): Promise<Detected[]>

  /**
   * What is at an address that a person gave, e.g. a socket's path or `host:port`; without a port, at the one that is usual for this engine. Undefined where
   * nothing of this engine answers there.
   */
  detectAt(address: string, signal: AbortSignal): Promise<Detected | undefined>

  /** Whether a source that is configured already is this application. `settings` is its entry, as it was parsed. */
  isConfigured(detected: Detected, settings: unknown, signal: AbortSignal): Promise<boolean>
}

export interface Accounts {
  /** Who makes an account, if nobody else is named. */
  readonly administrator: string

  /** The statements that make an account for backups, to be run by somebody else. */
  statements(detected: Detected, user: string): string[]

  /**
   * Logs in as an administrator and looks what is to be done for an account. Changes nothing.
   * @throws Failure where the login is refused, or where no account can be made here
   */
  plan(detected: Detected, as: Administrator, user: string, signal: AbortSignal): Promise<AccountPlan>
}

/** An application on this machine. */
export interface Detected {
  engine: EngineKind
  /** For people: `MariaDB 10.11.14 at /run/mysqld/mysqld.sock`. */
  what: string
  /** What a source of it may be called. */
  name: string
  /** How it is reached, as in failsafe.yaml, without an account; empty where a backup logs in nowhere. */
  connection: Record<string, string | number>
  /** What its entry says beside that. */
  settings?: Record<string, unknown>
  /** Where there are no accounts: whether log runs are possible as the application is set now, and what an administrator has to run before. */
  withoutAccount?: { logs: boolean; statements: string[] }
}

export interface Administrator {
  user: string
  /** Undefined where the application knows the user by the operating system. */
  password: string | undefined
}

export interface AccountPlan {
  /** The very statements, with the password left out. */
  statements: string[]
  /** Whether log runs are possible as the application is set now. */
  logs: boolean
  /**
   * Runs the statements. May be called again after it was interrupted: an account that has this password already is used.
   * @throws Failure; an account that it made itself is gone again then
   */
  make(password: string, signal: AbortSignal): Promise<void>
}
