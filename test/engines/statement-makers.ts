import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Files of an engine that make statements and do not lie in its folder `statements`. */
export function statementMakersElsewhere(engine: 'oracle' | 'sqlserver'): string[] {
  const directory = join(import.meta.dirname, '../../uploader/engines', engine)
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts') && !name.startsWith('statements'))
    .filter(name =>
      /^import .*\bstatement\b.*statements\/statement\.ts/m.test(readFileSync(join(directory, name), 'utf8')),
    )
}
