import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quoteName, quoteText } from '../../../uploader/engines/sqlserver/statements/quote.ts'
import { restoreData, tailLog, written } from '../../../uploader/engines/sqlserver/statements/restore.ts'
import { seed, times } from '../../support/counts.ts'
import { statementMakersElsewhere } from '../statement-makers.ts'
import { everyStatement } from './every-statement.ts'

describe('the statements that the engine can send', () => {
  it('are these, and no others', async () => {
    await expect(`${everyStatement().join(';\n\n')};\n`).toMatchFileSnapshot('statements.sql')
  })

  it('are made in one folder alone', () => {
    expect(statementMakersElsewhere('sqlserver')).toEqual([])
  })

  it('carry names and paths as values, not in their text', () => {
    const { text, inputs } = restoreData({ database: "x'; DROP DATABASE y--", disks: ['f'], moves: [] }, false)
    expect(text).not.toContain('DROP')
    expect(inputs).toMatchObject({ db: { value: "x'; DROP DATABASE y--" } })
  })
})

describe('a name that stands in the text', () => {
  it.each([
    ['a]b', '[a]]b]'],
    [']]', '[]]]]]'],
    ['x" \'y', '[x" \'y]'],
    ['🦆', '[🦆]'],
  ])('%j is quoted as %s', (name, quoted) => expect(quoteName(name)).toBe(quoted))

  it('can be taken out again, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), name => {
        expect(quoteName(name).slice(1, -1).replaceAll(']]', ']')).toBe(name)
        expect(quoteText(name).slice(2, -1).replaceAll("''", "'")).toBe(name)
        expect(quoteName(name).slice(1, -1).replaceAll(']]', '')).not.toContain(']')
        expect(quoteText(name).slice(2, -1).replaceAll("''", '')).not.toContain("'")
      }),
      { seed, numRuns: times(1000) },
    )
  })
})

describe('a statement for a person', () => {
  it('has its values in it, each as the server wants it', () => {
    expect(written(tailLog('a]b', "it's.trn"))).toBe(
      "BACKUP LOG [a]]b] TO DISK = N'it''s.trn'\n  WITH NO_TRUNCATE, NORECOVERY, CHECKSUM, FORMAT, INIT",
    )
  })
})
