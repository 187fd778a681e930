import type { StagedArtefact } from '../../engine.ts'
import type { StatementError } from '../connection/errors.ts'
import type { Server } from '../connection/server.ts'
import type { Task } from '../plan/judge.ts'
import type { DatabaseFile } from '../restore/chain.ts'
import type { BackupDevice } from '../statements/backup.ts'
import type { BackupSet } from './backup-set.ts'

/** How backups come from the server to us: through files in a directory that both reach, or through a door that the server sends them to. */
export interface Way {
  /** Backups that may be under way at once. */
  readonly takers: number
  /** The server writes a backup whole before any of it is read. */
  readonly writesFirst: boolean
  /** One try at a backup. @param hand takes each artefact as soon as it can be read */
  attempt(task: Task, at: Date, hand: (artefact: Content) => void): Attempt
  /** Lets go of all of it, on the server too. Never throws for a server that is gone. */
  close(): Promise<void>
}

/** An artefact of one backup; whose it is, whoever takes it knows. */
export type Content = Pick<StagedArtefact, 'name' | 'read' | 'resumeKey'> & { attributes: Record<string, string> }

export interface Attempt {
  /** Where the server is told to write. */
  readonly to: BackupDevice
  /** The artefact, or the first of several. */
  readonly file: string
  /** The server waits for us, and not we for it. */
  isHeldUp(): boolean
  /**
   * What the server says of the backup that it has written, looked at as far as this way can. `wrong`: why it is not what was asked for.
   * @throws ItemFailed, Failure, StatementError
   */
  examine(server: Server, task: Task, set: string): Promise<Examined>
  /** What a refusal of the place to write to means; undefined for anything else. */
  explain(error: StatementError): Error | undefined
  /** The statement failed before it had written anything that counts: nothing of it is left, and the result is for the next try. */
  again(): Promise<Attempt>
  /** It is sound, and of its chain: `attributes` say so. Returns when all of it is read and nothing of it is left. */
  handOver(set: string, attributes: Record<string, string>): Promise<void>
  /** It is of no use. Returns when nothing of it is left. */
  discard(): Promise<void>
}

export interface Examined {
  set: BackupSet
  files: DatabaseFile[]
  /** Bytes that the server wrote. */
  size: number
  wrong: string | undefined
}
