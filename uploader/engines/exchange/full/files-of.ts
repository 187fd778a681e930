import type { BackupContext, StagedArtefact } from '../../engine.ts'
import { hex } from '../ese/log-name.ts'
import { readPages } from '../ese/read-pages.ts'
import { readWhole } from '../read-file.ts'
import { localPath } from '../windows/local-path.ts'
import type { CopiedFile, CopyOfDatabase } from './copy-of-database.ts'

interface Place {
  /** Of this database in the snapshot. */
  folder: string
  /** Of its first file among all. */
  order: number
  /** It is the only database. */
  alone: boolean
  warn: BackupContext['warn']
  /** Throws where the shadow copies cannot be relied on any more, or the run is to stop. */
  check(): void
}

/** More than there are generations. */
const behindLogs = 2 ** 33

/** The files of a database in the order of a restore: itself, its logs, its checkpoint. */
export function* filesOf(copy: CopyOfDatabase, place: Place): Generator<StagedArtefact> {
  const { database, edb, header, logs, current, checkpoint } = copy
  const { folder, order, alone, warn, check } = place
  const { pageSize } = header
  yield {
    name: `${folder}/${edb.name}`,
    role: 'database',
    unit: database.name,
    order,
    ...(alone && { alone }),
    attributes: {
      state: header.state,
      pageSize: String(pageSize),
      required: `${header.required.min}-${header.required.max}`,
      committed: String(header.committed),
      signLog: header.signLog,
      base: database.base,
      guid: database.guid,
      path: database.edb,
      logFolder: database.logFolder,
    },
    read() {
      const whole = { name: database.edb, pageSize, size: edb.size }
      const pages = readPages(localPath(edb.path), whole, page =>
        warn(
          'exchange-page-mended',
          `${database.edb}: one bit of page ${page} is wrong, which Exchange mends when it reads it`,
        ),
      )
      return checked(pages, check)
    },
  }
  const file = (from: CopiedFile, name: string, at: number, attributes: Record<string, string>) => ({
    name: `${folder}/${name}`,
    unit: database.name,
    order: order + at,
    attributes,
    read: () => checked(readWhole(from), check),
  })
  for (const log of logs) {
    const generation = hex(log.header.generation)
    yield { role: 'log', ...file(log, `logs/${log.name}`, log.header.generation, { generation }) }
  }
  if (current) {
    const attributes = { generation: hex(current.header.generation), current: 'true' }
    yield { role: 'log', ...file(current, `current/${current.name}`, behindLogs, attributes) }
  }
  if (checkpoint) yield { role: 'file', ...file(checkpoint, `current/${checkpoint.name}`, behindLogs + 1, {}) }
}

async function* checked(chunks: AsyncIterable<Uint8Array>, check: Place['check']): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    check()
    yield chunk
  }
}
