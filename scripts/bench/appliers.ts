import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../../shared/failure.ts'
import { type Database, startDatabase } from '../../test/support/database.ts'
import { type Contender, keyOf, type Run } from './contenders.ts'
import { measure } from './measure.ts'
import type { Store } from './store.ts'

export interface ApplySetting {
  directory: string
  store: Store
  /** A file with the age identity. */
  identity: string
  /** How `failsafe restore … --apply` is called: from the latest full into a server, by way of a folder. */
  failsafe(to: string, target: string): string
  /** What the new server of each run is started with. */
  options: Record<string, string>
  /** Throws where the loaded server does not have what the source has. */
  check(target: Database): Promise<void>
}

const opened = 'curl -sf "$URL" | age -d -i "$IDENTITY" | zstd -dq'

/** The way back: from the store into an empty server, with what `contenders` sent there in round 0. */
export function appliers(setting: ApplySetting): Contender[] {
  const folder = join(setting.directory, 'restored')
  return [
    into('failsafe', 'failsafe restore --apply (the built binary)', target =>
      Promise.resolve({
        script: `${setting.failsafe(folder, `mysql://root@127.0.0.1:${target.port}`)} || [ $? -eq 3 ]`,
        env: {},
      }),
    ),
    triedTwice(
      into('myloader', `${opened} | tar -x -C $FOLDER; myloader -t 2 -d $FOLDER`, async () => ({
        script: `mkdir -p "$FOLDER"; ${opened} | tar -x -C "$FOLDER"; myloader -h 127.0.0.1 -P "$PORT" -u root -t 2 -d "$FOLDER"`,
        env: await from('mydumper'),
      })),
    ),
  ]

  async function from(name: string): Promise<Record<string, string>> {
    return { URL: await setting.store.address(keyOf(name, 0)), IDENTITY: setting.identity, FOLDER: folder }
  }

  function into(
    name: string,
    does: string,
    job: (target: Database) => Promise<{ script: string; env: Record<string, string> }>,
  ): Contender {
    return {
      name,
      does: does.replaceAll('"', ''),
      async run(): Promise<Run> {
        await rm(folder, { recursive: true, force: true })
        const target = await startDatabase({ options: setting.options })
        try {
          const { script, env } = await job(target)
          const measured = await measure(script, { ...env, PORT: String(target.port) }, target.pid)
          await setting.check(target)
          return { ...measured, moved: 0 }
        } finally {
          await target.stop()
          await rm(folder, { recursive: true, force: true })
        }
      },
    }
  }
}

/** For a program of others: myloader's own threads lock each other out now and then, which ends it. Only the run that succeeds counts. */
function triedTwice({ name, does, run }: Contender): Contender {
  return {
    name,
    does,
    run: round =>
      run(round).catch(error => {
        console.log(`round ${round + 1}: ${name} failed, and is run once more: ${messageOf(error)}`)
        return run(round)
      }),
  }
}
