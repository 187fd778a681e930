import type { User } from './model/database.ts'
import type { Instance } from './model/instance.ts'
import type { Login } from './model/login.ts'

export interface LoginOptions {
  password?: string
  sysadmin?: boolean
  /** Fixed server roles: `dbcreator`, `processadmin`. */
  roles?: string[]
  /** `VIEW SERVER STATE`, `CREATE ANY DATABASE`, … */
  permissions?: string[]
  /** Database to roles: `{ shop: ['db_backupoperator'] }`. `*` is every database that is there, and model for those to come. */
  users?: Record<string, string[]>
  /** Objects of msdb that it may read: `dbo.backupset`. */
  msdb?: string[]
}

/** Makes logins and their users, as an administrator does. */
export class Logins {
  readonly #instance: Instance
  readonly sa: { user: string; password: string }

  constructor(instance: Instance) {
    this.#instance = instance
    this.sa = this.add('sa', { sysadmin: true })
  }

  /** @returns what a client logs in with */
  add(name: string, options: LoginOptions = {}): { user: string; password: string } {
    const password = options.password ?? `Secret of ${name}!`
    const login: Login = {
      name,
      password,
      sysadmin: options.sysadmin ?? false,
      roles: new Set(options.roles?.map(each => each.toLowerCase())),
      permissions: new Set(options.permissions?.map(each => each.toUpperCase())),
    }
    this.#instance.logins.set(name.toLowerCase(), login)
    for (const [database, roles] of Object.entries(options.users ?? {})) this.#addUser(name, database, roles)
    for (const object of options.msdb ?? []) {
      const msdb = this.#instance.find('msdb')!
      this.#user(name, msdb.users).grants.add(`select on ${object}`.toLowerCase())
    }
    return { user: name, password }
  }

  /** Takes the login's user out of a database: what a login without access is. */
  removeUser(name: string, database: string): void {
    this.#instance.find(database)?.users.delete(name.toLowerCase())
  }

  #addUser(login: string, database: string, roles: string[]): void {
    const databases = database === '*' ? this.#instance.databases : [this.#instance.find(database)!]
    for (const each of databases) {
      const user = this.#user(login, each.users)
      for (const role of roles) user.roles.add(role.toLowerCase())
    }
  }

  #user(login: string, users: Map<string, User>): User {
    const known = users.get(login.toLowerCase())
    if (known) return known
    const user: User = { roles: new Set(), grants: new Set() }
    users.set(login.toLowerCase(), user)
    return user
  }
}
