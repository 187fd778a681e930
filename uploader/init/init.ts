import { dirname, join } from 'node:path'
import { z } from 'zod'
import { Failure } from '../../shared/failure.ts'
import type { Config } from '../config/load.ts'
import type { AccountPlan, Accounts, Detected, Detector } from '../engines/detector.ts'
import { makeConfigDirectory, writeSource } from './file.ts'
import { passwordIn } from './password.ts'
import type { Questions } from './questions.ts'

export interface Setup {
  config: Config
  detectors: readonly Detector[]
  questions: Questions
  /** Only what is at this address, or undefined to look for everything. */
  address: string | undefined
  /** What to call the one source, or undefined. */
  name: string | undefined
  /** Who makes the accounts, where it is not the usual administrator of an application; undefined: nobody, the statements are shown. */
  administrator: { user: string | undefined; password: string | undefined } | undefined
  /** The account for backups. */
  account: string
  timeZone: string
  platform: NodeJS.Platform
  signal: AbortSignal
  say(line: string): void
}

/** A source that init has written into the configuration. */
export interface Added {
  name: string
  what: string
  /** Undefined where there is no account. */
  passwordFile: string | undefined
  /** What an administrator has yet to run; empty where it was run. */
  statements: string[]
}

/**
 * Finds what can be backed up and writes it into the configuration:
 *
 *   look ──▶ ask ──▶ password file ──▶ account ──▶ configuration
 *
 * Each arrow can be the last, and the same command again goes on from there: a password file is used again, an account with that password too, and a source
 * is in the configuration when its account is there.
 * @throws Failure; nothing that is configured was changed then
 */
export async function initialise(setup: Setup): Promise<Added[]> {
  const { questions, name, signal } = setup
  const found = await look(setup)
  const chosen = found.length === 0 ? [] : await questions.which(found)
  if (name !== undefined && chosen.length > 1)
    throw new Failure('usage', '--name is for one source, and there are several', {
      why: chosen.map(({ what }) => what).join(', '),
      fix: 'Choose one with --connect',
    })
  const added: Added[] = []
  for (const detected of chosen) {
    signal.throwIfAborted()
    added.push(await add(setup, detected, added))
  }
  return added
}

/** What is there and not configured yet. @throws Failure `nothing-found` where there is nothing at all */
async function look(setup: Setup): Promise<Detected[]> {
  const { detectors, address, config, signal, say } = setup
  const fresh: Detected[] = []
  const known: string[] = []
  for (const detector of detectors) {
    // One that answered at a port is the only one there; others would only leave marks in its log.
    if (address !== undefined && /[/:\\]/.test(address) && fresh.length + known.length > 0) break
    for (const detected of await found(detector, setup)) {
      const source = await configuredAs(detector, detected, config, signal)
      if (source === undefined) fresh.push(detected)
      else known.push(`${detected.what} is ${source}`)
    }
  }
  for (const line of known) say(`${line}, in ${config.path} already`)
  if (fresh.length + known.length > 0) return fresh
  const none = detectors.map(({ what }) => `no ${what}`).join(' and ')
  if (address !== undefined)
    throw new Failure('nothing-found', `Nothing that can be backed up answers at ${address}`, {
      why: `there is ${none}`,
      fix: 'Correct --connect: the path of a socket, host:port, HOST\\INSTANCE, or the notes.ini of a Domino server',
    })
  throw new Failure('nothing-found', 'No application that can be backed up was found on this machine', {
    why: `at the usual places answers ${none}`,
    fix: 'Say where it is with --connect, or write failsafe.yaml by hand',
  })
}

async function found(detector: Detector, { address, signal }: Setup): Promise<Detected[]> {
  if (address === undefined) return detector.detect(signal)
  const detected = await detector.detectAt(address, signal)
  return detected ? [detected] : []
}

async function configuredAs(detector: Detector, detected: Detected, { sources }: Config, signal: AbortSignal) {
  for (const { name, engine, settings } of sources.values())
    if (engine === detector.engine && (await detector.isConfigured(detected, settings(z.unknown()), signal)))
      return name
  return undefined
}

async function add(setup: Setup, detected: Detected, added: readonly Added[]): Promise<Added> {
  const { config, questions, account, timeZone, platform, signal, say } = setup
  const taken = (name: string) => config.sources.has(name) || added.some(other => other.name === name)
  const name = await questions.nameOf(detected, setup.name ?? freeName(detected.name, taken), taken)
  if (taken(name))
    throw new Failure('source-exists', `There is a source ${JSON.stringify(name)} already`, {
      fix: 'Choose another name with --name',
    })
  const detector = setup.detectors.find(({ engine }) => engine === detected.engine)!
  const { accounts } = detector
  if (!accounts) return addWithout(setup, detected, name)
  const plan = setup.administrator && (await planAs(setup, accounts, detected, setup.administrator))
  const making = plan && (await questions.mayMake(detected, plan)) ? plan : undefined

  await makeConfigDirectory(config.path, platform)
  const passwordFile = join(dirname(config.path), `${name}.pw`)
  const password = await passwordIn(passwordFile, config.path)
  if (making) {
    await making.make(password, signal)
    say(`Made an account ${account} for backups of ${detected.what}`)
  }
  const schedule = scheduleOf(plan?.logs ?? false, timeZone)
  const connection = { ...detected.connection, user: account, passwordFile }
  await writeSource(config.path, name, { engine: detected.engine, connection, ...detected.settings, schedule })
  const statements = making ? [] : (plan?.statements ?? accounts.statements(detected, account))
  return { name, what: detected.what, passwordFile, statements }
}

/** A source without an account of its own. */
async function addWithout({ config, timeZone, platform }: Setup, detected: Detected, name: string): Promise<Added> {
  const { engine, what, settings } = detected
  const { logs, statements } = detected.withoutAccount!
  await makeConfigDirectory(config.path, platform)
  await writeSource(config.path, name, { engine, ...settings, schedule: scheduleOf(logs, timeZone) })
  return { name, what, passwordFile: undefined, statements }
}

function scheduleOf(logs: boolean, timeZone: string) {
  return { full: '0 2 * * *', ...(logs ? { log: '*/15 * * * *' } : {}), timeZone }
}

async function planAs(
  { questions, account, signal }: Setup,
  accounts: Accounts,
  detected: Detected,
  given: NonNullable<Setup['administrator']>,
): Promise<AccountPlan> {
  const administrator = { ...given, user: given.user ?? accounts.administrator }
  try {
    return await accounts.plan(detected, administrator, account, signal)
  } catch (error) {
    if (!(error instanceof Failure) || !error.code.endsWith('-login-refused')) throw error
    const password = await questions.passwordOf(administrator.user, detected)
    if (password !== undefined) return accounts.plan(detected, { ...administrator, password }, account, signal)
    throw new Failure('account-not-made', `${detected.what} does not let ${administrator.user} in to make an account`, {
      why: error.why,
      fix: 'Give the password in FAILSAFE_ADMINISTRATOR_PASSWORD, or use --no-account to have the statements shown',
      cause: error,
    })
  }
}

function freeName(name: string, taken: (name: string) => boolean): string {
  let free = name
  for (let number = 2; taken(free); number++) free = `${name}-${number}`
  return free
}
