/** The daemon as the system starts it. Every method may be called again. */
export interface Service {
  /**
   * Has the system start the daemon, now and with every start of the machine.
   * @returns what was done, and what is left to do, one sentence each
   */
  install(): Promise<string[]>
  /** Ends it for good. Configuration, state and staging stay. */
  uninstall(): Promise<string[]>
  start(): Promise<string[]>
  stop(): Promise<string[]>
  status(): Promise<ServiceStatus>
}

export interface ServiceStatus {
  installed: boolean
  /** Whether it is started with the machine. */
  enabled: boolean
  running: boolean
}
