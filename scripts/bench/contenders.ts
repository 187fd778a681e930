import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Database } from '../../test/support/database.ts'
import { type Measured, measure } from './measure.ts'
import { openSigner } from './signer.ts'
import type { Store } from './store.ts'

export interface Run extends Measured {
  /** Bytes that went to or came from the store. */
  moved: number
}

export interface Contender {
  name: string
  /** What it does, as one would type it. */
  does: string
  run(round: number): Promise<Run>
}

export interface Setting {
  root: string
  /** Scratch space. */
  directory: string
  server: Database
  store: Store
  recipient: string
  /** How `failsafe backup` is called for a source. */
  failsafe(source: string): string
}

const seal = 'zstd -3 -q | age -r "$RECIPIENT"'
const server = '-h 127.0.0.1 -P "$PORT" -u root'
const put = '"$NODE" "$ROOT/scripts/bench/put.ts" "$SIGNER"'

/** Where a piped contender's last upload lies in the store. */
export const keyOf = (name: string, round: number) => `bench/${name}-${round}`

/** The same job several ways: a consistent backup, compressed with zstd level 3, encrypted with age, sent to the same store. */
export function contenders(setting: Setting): Contender[] {
  const { directory } = setting
  const dumped = join(directory, 'mydumper')
  return [
    ours('failsafe', 'shop', 'failsafe backup (the built binary)'),
    ours('failsafe physical', 'physical', 'failsafe backup with method: physical (the built binary)'),
    piped(
      'mariadb-dump',
      `mariadb-dump ${server} --databases bench --single-transaction --routines --events | ${seal} | ${put}`,
    ),
    piped(
      'mydumper',
      `rm -rf "$DUMPED"; mydumper ${server} -t 2 -r 500000 --trx-consistency-only -G -E -R -B bench -o "$DUMPED"; tar -cf - -C "$DUMPED" . | ${seal} | ${put}`,
      () => rm(dumped, { recursive: true, force: true }),
    ),
    piped(
      'mariadb-backup',
      `mariadb-backup --no-defaults --backup --host=127.0.0.1 --port="$PORT" --user=root --datadir="$DATA" --stream=mbstream --parallel=2 --target-dir="$DUMPED" 2>/dev/null | ${seal} | ${put}`,
      () => rm(dumped, { recursive: true, force: true }),
    ),
  ]

  function ours(name: string, source: string, does: string): Contender {
    return {
      name,
      does,
      async run() {
        // 3 is "done, with warnings": of the tables that know no moments, which the others do not mention.
        const measured = await measure(`${setting.failsafe(source)} || [ $? -eq 3 ]`, {}, setting.server.pid)
        const last = measured.stdout.trim().split('\n').at(-1) ?? ''
        return { ...measured, moved: Summary.parse(JSON.parse(last)).bytes.sent }
      },
    }
  }

  function piped(name: string, script: string, clean: () => Promise<void> = async () => {}): Contender {
    return {
      name,
      does: script.replace(put, 'upload').replaceAll('"', '').replace('rm -rf $DUMPED; ', ''),
      async run(round) {
        // As of ours, it is part of the job that the upload begins and is completed: before that, nothing is stored.
        const [upload, begin] = await timed(() => setting.store.begin(keyOf(name, round)))
        const signer = await openSigner(upload)
        try {
          const measured = await measure(
            script,
            {
              PORT: String(setting.server.port),
              DATA: join(setting.server.directory, 'data'),
              RECIPIENT: setting.recipient,
              ROOT: setting.root,
              NODE: process.execPath,
              SIGNER: signer.url,
              DUMPED: dumped,
            },
            setting.server.pid,
          )
          const { parts, bytes } = Uploaded.parse(JSON.parse(measured.stdout.trim().split('\n').at(-1) ?? ''))
          const [, completion] = await timed(() => upload.finish(parts))
          return { ...measured, wall: begin + measured.wall + completion, moved: bytes }
        } finally {
          signer.close()
          await clean()
        }
      },
    }
  }
}

/** @returns what came of it, and seconds */
async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const begun = performance.now()
  const result = await work()
  return [result, (performance.now() - begun) / 1000]
}

const Summary = z.object({ type: z.literal('summary'), bytes: z.object({ sent: z.number() }) })
const Uploaded = z.object({ parts: z.array(z.object({ etag: z.string(), sha256: z.string() })), bytes: z.number() })
