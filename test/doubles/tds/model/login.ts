/** Who may connect, and with which rights on the server. What it may in a database stands in the database's users. */
export interface Login {
  name: string
  password: string
  sysadmin: boolean
  /** Fixed server roles beside sysadmin, in lower case: `dbcreator`, `processadmin`. */
  roles: Set<string>
  /** Server permissions, in upper case: `VIEW SERVER STATE`. */
  permissions: Set<string>
}
