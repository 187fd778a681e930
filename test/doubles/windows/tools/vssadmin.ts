import { note, readWorld } from '../world.ts'
import { nextWriterState } from './powershell.ts'

const exchangeWriter = '76fe1ac4-15f7-4bcd-987e-8e1acb462fb7'

const words = {
  en: {
    name: 'Writer name',
    id: 'Writer Id',
    instance: 'Writer Instance Id',
    state: 'State',
    error: 'Last error',
    stable: 'Stable',
    none: 'No error',
  },
  de: {
    name: 'Verfassername',
    id: 'Verfasserkennung',
    instance: 'Verfasserinstanzkennung',
    state: 'Status',
    error: 'Letzter Fehler',
    stable: 'Stabil',
    none: 'Kein Fehler',
  },
  ja: {
    name: 'ライター名',
    id: 'ライター ID',
    instance: 'ライター インスタンス ID',
    state: '状態',
    error: '最後のエラー',
    stable: '安定',
    none: 'エラーなし',
  },
}

export function vssadmin(argv: string[]): number {
  note({ tool: 'vssadmin', argv })
  if (argv.join(' ').toLowerCase() !== 'list writers') return 2
  const world = readWorld()
  const text = words[world.culture]
  const state = nextWriterState()
  const out = (line: string) => process.stdout.write(`${line}\r\n`)
  out('vssadmin 1.1')
  out('(C) Copyright 2001-2013 Microsoft Corp.')
  for (const writer of world.writers) {
    const is = writer.id === exchangeWriter && state !== undefined ? state : writer.state
    out('')
    out(`${text.name}: '${writer.name}'`)
    out(`   ${text.id}: {${writer.id}}`)
    out(`   ${text.instance}: {11111111-2222-3333-4444-555555555555}`)
    out(`   ${text.state}: [${is}] ${is === 1 ? text.stable : '...'}`)
    out(`   ${text.error}: ${text.none}`)
  }
  return 0
}
