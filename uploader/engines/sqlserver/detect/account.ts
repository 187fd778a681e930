import { Failure, messageOf } from '../../../../shared/failure.ts'
import type { AccountPlan, Administrator, Detected } from '../../detector.ts'
import { StatementError } from '../connection/errors.ts'
import { type Login, loginOf } from '../connection/login.ts'
import { flag } from '../connection/row.ts'
import type { Server } from '../connection/server.ts'
import { withServer } from '../connection/with-server.ts'
import { inspectServer } from '../inspect.ts'
import { type Database, systemDatabases } from '../inventory.ts'
import {
  createLogin,
  createUser,
  dropLogin,
  dropUser,
  everyUser,
  grantHistory,
  grantOnServer,
  letBackUp,
  loginOfName,
  windowsOnly,
} from '../statements/account.ts'
import { quoteName } from '../statements/quote.ts'
import type { Statement } from '../statements/statement.ts'

const hidden = '...'
const userExists = 15023

/** What makes an account for backups, with the password left out, where the databases are not known. */
export function statementsFor(user: string): string[] {
  return [createLogin(user, hidden), grantOnServer(user), everyUser(user), grantHistory(user)].map(({ text }) => text)
}

export async function planAccount(
  connection: Detected['connection'],
  administrator: Administrator,
  user: string,
  signal: AbortSignal,
): Promise<AccountPlan> {
  const as = await loginAs(connection, administrator.user, administrator.password, signal)
  return withServer(as, signal, async server => {
    if (flag(await server.one(windowsOnly), 'windows_only'))
      throw new Failure('account-not-made', 'The server lets in Windows accounts alone', {
        why: 'SQL Server authentication is switched off',
        fix: 'Switch to mixed mode, or use --no-account and name a Windows account with domain in failsafe.yaml',
      })
    const { databases } = await inspectServer(server, { coexist: false, replicas: 'preferred' })
    const writable = databases.filter(isWritable)
    const own = writable.filter(({ name }) => !systemDatabases.includes(name))
    const steps = stepsFor(user, writable)
    return {
      statements: [createLogin(user, hidden), ...steps.map(({ statement }) => statement)].map(({ text }) => text),
      logs: own.some(({ recovery }) => recovery !== 'SIMPLE'),
      make: (password, stop) =>
        withServer(as, stop, async once => {
          const mine = await loginAs(connection, user, password, stop)
          await make(once, { mine, steps, signal: stop })
        }),
    }
  })
}

/** A login into what was detected. */
function loginAs(
  { host, port, instance }: Detected['connection'],
  user: string,
  password: string | undefined,
  signal: AbortSignal,
): Promise<Login> {
  const where = {
    host: String(host),
    ...(instance === undefined ? { port: Number(port) } : { instance: String(instance) }),
  }
  return loginOf({ ...where, user, tls: {} }, signal).then(login => ({ ...login, password: password ?? '' }))
}

/** A user can be made in it, here and now. */
function isWritable({ name, state, isSnapshot, standby, readOnly, mirror, role }: Database): boolean {
  return (
    name !== 'tempdb' && state === 'ONLINE' && !(isSnapshot || standby || readOnly || mirror || role === 'secondary')
  )
}

interface Step {
  statement: Statement
  /** Undoes it. */
  undo?: Statement
}

function stepsFor(user: string, databases: readonly Database[]): Step[] {
  return [
    { statement: grantOnServer(user) },
    ...databases.flatMap(({ name }) => [
      { statement: createUser(name, user), undo: dropUser(name, user) },
      { statement: letBackUp(name, user) },
    ]),
    { statement: grantHistory(user) },
  ]
}

interface Making {
  mine: Login
  steps: readonly Step[]
  signal: AbortSignal
}

async function make(server: Server, { mine, steps, signal }: Making): Promise<void> {
  const { user, password } = mine
  const there = (await server.query(loginOfName(user))).length > 0
  if (there) await requireOwn(mine, signal)
  const undo: Statement[] = []
  try {
    if (!there) {
      await server.query(createLogin(user, password))
      undo.unshift(dropLogin(user))
    }
    for (const step of steps) {
      const made = await unlessThere(server.query(step.statement))
      if (made && step.undo && !there) undo.unshift(step.undo)
    }
  } catch (cause) {
    const left = await undone(server, undo)
    throw new Failure('account-not-made', `The login ${quoteName(user)} cannot be made`, {
      why: `${messageOf(cause)}${left}`,
      fix: `Have an administrator run: ${statementsFor(user).join('; ')}`,
      cause,
    })
  }
}

/** @returns false where the user is in the database already */
async function unlessThere(work: Promise<unknown>): Promise<boolean> {
  try {
    await work
    return true
  } catch (error) {
    if (error instanceof StatementError && error.has(userExists)) return false
    throw error
  }
}

/** @returns what to say where that fails too */
async function undone(server: Server, statements: readonly Statement[]): Promise<string> {
  try {
    for (const statement of statements) await server.query(statement)
    return ''
  } catch (error) {
    return `; and it may be there, without its rights: ${messageOf(error)}`
  }
}

/** A login of that name that this program made before it was interrupted has its password. */
async function requireOwn(mine: Login, signal: AbortSignal): Promise<void> {
  try {
    await withServer(mine, signal, async () => {})
  } catch (cause) {
    signal.throwIfAborted()
    throw new Failure('account-taken', `There is a login ${quoteName(mine.user)} already, with another password`, {
      why: 'a login that somebody uses is not changed',
      fix: 'Choose another name with --user, or drop it if nobody uses it',
      cause,
    })
  }
}
