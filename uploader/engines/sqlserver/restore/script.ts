import { systemDatabases } from '../inventory.ts'
import { quoteText } from '../statements/quote.ts'
import { recover, restoreData, restoreLog, written } from '../statements/restore.ts'
import type { Statement } from '../statements/statement.ts'
import type { Chain, Step } from './chain.ts'
import { newFiles } from './new-files.ts'

/** `restore.sql`, for sqlcmd: the folder comes as a variable, and the first error ends it. */
export function scriptOf(chains: readonly Chain[]): string {
  const own = chains.filter(({ database }) => !systemDatabases.includes(database))
  const [plain, odd] = [own.filter(isPlain), own.filter(chain => !isPlain(chain))]
  return `-- Run with: sqlcmd -S SERVER -b -i restore.sql -v folder="THE FOLDER WITH THE FILES, AS THE SERVER NAMES IT"
-- Nothing that exists is replaced. Change what stands behind TO where the files of a database are to lie elsewhere.
:on error exit
SET NOCOUNT ON;
GO
${plain.map(section).join('\n')}${odd.map(leftToApply).join('')}`
}

function section({ database, steps, reached, stopAt }: Chain): string {
  const statements = steps.map((step, i) => statementOf(database, step, steps[i - 1], stopAt))
  return `
-- ${database}: as it was at ${reached}
IF DB_ID(${quoteText(database)}) IS NOT NULL
  THROW 50000, ${quoteText('A database of this name exists. See RESTORE.md: save the tail of its log, or restore under another name.')}, 1;
GO
${[...statements, recover(database)].map(statement => `${written(statement)};\nGO\n`).join('')}`
}

function statementOf(database: string, step: Step, before: Step | undefined, stopAt: string | null): Statement {
  const { names, files, entry } = step
  const moves = newFiles(files, before?.files, entry.kind).map(({ logical, physical }) => ({ logical, to: physical }))
  const of = { database, disks: names.map(name => `${folder}${name}`), moves }
  return entry.kind === 'log' ? restoreLog(of, stopAt) : restoreData(of, false)
}

const folder = '$(folder)/'

/** What sqlcmd reads for itself, whatever quotes it stands in: a line with GO, and a variable. */
const read = /[\r\n\u0085\u2028\u2029]|\$\(/

function isPlain({ database, steps }: Chain): boolean {
  const names = [
    database,
    ...steps.flatMap(({ names, files }) => [...names, ...files.flatMap(each => [each.logical, each.physical])]),
  ]
  return !names.some(name => read.test(name))
}

function leftToApply({ database }: Chain): string {
  return `\n-- ${JSON.stringify(database).replaceAll('$(', '$ (')}: sqlcmd cannot be told such a name. Restore it with failsafe restore --apply.\n`
}
