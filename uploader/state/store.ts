import { access, constants, type FileHandle, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../../shared/failure.ts'
import { newSigningKey, PrivateKey } from '../../shared/jws.ts'
import { requirePrivate } from '../config/private.ts'
import { makePrivateDirectory } from '../files/make-private-directory.ts'
import { writeDurably } from '../files/write.ts'
import type { KeyReceiver } from '../receiver/agent-key.ts'
import { AgentState } from './agent.ts'
import { holdingState } from './hold.ts'
import { type Keeper, settle } from './rotate.ts'

const pathIn = (directory: string) => join(directory, 'agent.json')
const keyPathIn = (directory: string) => join(directory, 'enrolment-key.json')

/** What this host knows of itself, or undefined where it was never enrolled. @throws Failure `state-unreadable`, `file-not-private` */
export async function findAgent(directory: string): Promise<AgentState | undefined> {
  const path = pathIn(directory)
  let file: FileHandle | undefined
  try {
    file = await open(path)
    await requirePrivate(path, await file.stat(), 'The state of this host')
    return AgentState.parse(JSON.parse(await file.readFile('utf8')))
  } catch (cause) {
    if (cause instanceof Failure) throw cause
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new Failure('state-unreadable', `The state of this host, ${path}, cannot be read`, {
      why: code ?? 'it is damaged',
      fix:
        code === 'EACCES'
          ? 'Run failsafe as the account that enrolled this host (usually root)'
          : 'Restore that file, or enrol this host again with a token from the provider that replaces the agent',
      cause,
    })
  } finally {
    await file?.close()
  }
}

/** @throws Failure `not-enrolled`, `state-unreadable` or `file-not-private` */
export async function loadAgent(directory: string): Promise<AgentState> {
  const agent = await findAgent(directory)
  if (agent) return agent
  throw new Failure('not-enrolled', 'This host is not enrolled', {
    why: `there is no agent.json in ${directory}`,
    fix: 'Ask the provider for an enrolment token and run: failsafe enrol <url>#<token> --recovery-kit FILE',
  })
}

/** Makes sure that an agent's state can be kept here, for nobody else to read. @throws Failure `state-unwritable` */
export async function prepareState(directory: string, platform: NodeJS.Platform = process.platform): Promise<void> {
  try {
    await makePrivateDirectory(directory, platform)
    await access(directory, constants.W_OK)
  } catch (cause) {
    throw unwritable(directory, cause)
  }
}

/** Finishes a change of the key that was begun, and gives the state of now. @throws as `settle` */
export function settledAgent(directory: string, receiver: KeyReceiver, signal: AbortSignal): Promise<AgentState> {
  return holdingState(directory, signal, () => settle(keeperOf(directory), receiver))
}

/** Whoever changes the state through it holds it (`holdingState`). */
export function keeperOf(directory: string): Keeper {
  return { load: () => loadAgent(directory), save: agent => saveAgent(directory, agent) }
}

export async function saveAgent(directory: string, agent: AgentState): Promise<void> {
  try {
    await writeDurably(pathIn(directory), `${JSON.stringify(agent, null, 2)}\n`)
    await forgetEnrolmentKey(directory)
  } catch (cause) {
    throw unwritable(directory, cause)
  }
}

/**
 * The key that this host enrols with. It is on disk before the token is spent, and stays until the agent's state is: whoever dies in
 * between enrols again with the same token, because the receiver answers the same key alike.
 */
export async function enrolmentKey(directory: string): Promise<PrivateKey> {
  const path = keyPathIn(directory)
  try {
    return PrivateKey.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unwritable(path, error)
  }
  const key = await newSigningKey()
  try {
    await writeDurably(path, `${JSON.stringify(key)}\n`)
  } catch (cause) {
    throw unwritable(directory, cause)
  }
  return key
}

export function forgetEnrolmentKey(directory: string): Promise<void> {
  return rm(keyPathIn(directory), { force: true })
}

function unwritable(directory: string, cause: unknown): Failure {
  return new Failure('state-unwritable', `The state directory ${directory} cannot be written`, {
    why: (cause as NodeJS.ErrnoException).code,
    fix: 'Run failsafe as root, or set state.dir in failsafe.yaml to a directory of this account',
    cause,
  })
}
