import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { copyControlFile } from '../../../uploader/engines/oracle/statements/backup.ts'
import { createDirectory, openFile } from '../../../uploader/engines/oracle/statements/files.ts'
import { quoteName, quoteText } from '../../../uploader/engines/oracle/statements/quote.ts'
import { seed, times } from '../../support/counts.ts'
import { statementMakersElsewhere } from '../statement-makers.ts'
import { everyStatement } from './every-statement.ts'

describe('the statements that the engine can send', () => {
  it('are these, and no others', async () => {
    await expect(`${everyStatement().join(';\n\n')};\n`).toMatchFileSnapshot('statements.sql')
  })

  it('are made in one folder alone', () => {
    expect(statementMakersElsewhere('oracle')).toEqual([])
  })

  it('carry the names of files as values, not in their text', () => {
    const { text, binds } = openFile('D', "x'; DROP TABLE y--")
    expect(text).not.toContain('DROP')
    expect(binds).toMatchObject({ file_name: "x'; DROP TABLE y--" })
  })

  it('quote what takes no value', () => {
    expect(copyControlFile("/it's/c.ctl").text).toBe("ALTER DATABASE BACKUP CONTROLFILE TO '/it''s/c.ctl' REUSE")
    expect(createDirectory('D', "/it's").text).toBe(`CREATE OR REPLACE DIRECTORY "D" AS '/it''s'`)
    expect(() => createDirectory('D" AS x', '/x')).toThrow('no name of Oracle')
  })
})

it('a text can be taken out of its quotes again, whatever it is, and a name holds none', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), text => {
      expect(quoteText(text).slice(1, -1).replaceAll("''", "'")).toBe(text)
      expect(quoteText(text).slice(1, -1).replaceAll("''", '')).not.toContain("'")
      if (/["\0]/.test(text)) expect(() => quoteName(text)).toThrow('no name')
      else expect(quoteName(text)).toBe(`"${text}"`)
    }),
    { seed, numRuns: times(1000) },
  )
})
