import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import { problemWithName } from '../../../shared/restore/names.ts'
import { identitiesIn, identityOf, pathKey, writeIdentities } from '../../../uploader/engines/domino/backup/info.ts'
import { PackedList } from '../../../uploader/engines/domino/backup/packed-list.ts'
import { environmentFor } from '../../../uploader/engines/domino/helper/environment.ts'
import { identityOf as loginOf } from '../../../uploader/engines/domino/helper/user.ts'
import { statusOf } from '../../../uploader/engines/domino/notes/status.ts'
import { isTaken, readTaken, TakenObjects } from '../../../uploader/engines/domino/place/daos.ts'
import { readInstance, requireOutside } from '../../../uploader/engines/domino/place/instance.ts'
import { artefactName } from '../../../uploader/engines/domino/place/names.ts'
import { parseNotesIni, textOf } from '../../../uploader/engines/domino/place/notes-ini.ts'
import { parseNsfHeader, wrongCopy } from '../../../uploader/engines/domino/place/nsf-header.ts'
import { type Found, walk } from '../../../uploader/engines/domino/place/walk.ts'
import { placeFile } from '../../../uploader/engines/domino/restore/place-files.ts'
import { nsfHeader } from '../../doubles/notes/database.ts'
import { watchFlushed } from '../../support/flushed.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'failsafe-domino-parts-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

describe('notes.ini', () => {
  it('is read line by line, whatever ends them, in any case, with blanks and = in values', () => {
    const ini = parseNotesIni(
      Buffer.from(
        '[Notes]\r\nDIRECTORY=/local/data\r\nServerTasks= Update ,Router\nno value\nKit=a=b\nLast=1',
        'latin1',
      ),
    )
    expect(textOf(ini, 'directory')).toBe('/local/data')
    expect(ini.values.get('servertasks')).toBe(' Update ,Router')
    expect(ini.values.get('kit')).toBe('a=b')
    expect(ini.values.get('last')).toBe('1')
    expect(ini.values.has('no value')).toBe(false)
  })

  it('has a first value where a name occurs twice', () => {
    const ini = parseNotesIni(Buffer.from('A=1\na=2\n'))
    expect(ini.values.get('a')).toBe('1')
    expect(ini.twice).toEqual(['a'])
  })

  it('may name a path in UTF-8 or in Latin-1', () => {
    expect(textOf(parseNotesIni(Buffer.from('Directory=/süd')), 'Directory')).toBe('/süd')
    expect(textOf(parseNotesIni(Buffer.from('Directory=/süd', 'latin1')), 'Directory')).toBe('/süd')
  })

  test('says where the data, the log, the attachments and the indexes are', async () => {
    await mkdir(join(dir, 'data'))
    const ini = join(dir, 'notes.ini')
    await writeFile(
      ini,
      `[Notes]\nDirectory=${dir}/data\nNotesProgram=/opt/domino\nTRANSLOG_Status=1\nDAOSEnable=1\nNIFBasePath=/nif\n`,
    )
    const instance = await readInstance({ ini })
    expect(instance).toMatchObject({
      data: join(dir, 'data'),
      program: '/opt/domino',
      log: join(dir, 'data/logdir'),
      daos: join(dir, 'data/DAOS'),
    })
    expect(instance.leftOut).toContain('/nif')
  })

  test.each([
    ['', 'does not name a data directory'],
    ['Directory=/not/there\nNotesProgram=/x\n', 'There is no data directory'],
  ])('without what is needed is refused: %j', async (content, words) => {
    const ini = join(dir, 'notes.ini')
    await writeFile(ini, content)
    await expect(readInstance({ ini })).rejects.toThrow(words)
    await expect(readInstance({ ini: join(dir, 'none.ini') })).rejects.toThrow('cannot be read')
  })
})

describe('the directory for copies', () => {
  it('may not lie in the data directory, nor lead there', async () => {
    const data = join(dir, 'data')
    await mkdir(join(data, 'copies'), { recursive: true })
    await symlink(join(data, 'copies'), join(dir, 'elsewhere'))
    await mkdir(join(dir, 'data-copies'))
    for (const inside of [data, join(data, 'copies'), join(dir, 'elsewhere')])
      await expect(requireOutside(inside, { data })).rejects.toMatchObject({ code: 'domino-directory-inside' })
    await requireOutside(join(dir, 'data-copies'), { data })
    await expect(requireOutside(join(dir, 'none'), { data })).rejects.toMatchObject({ code: 'domino-directory' })
  })
})

describe('the header of a database', () => {
  it('tells its on-disk structure and its replica id', () => {
    expect(parseNsfHeader(nsfHeader({ replicaId: 0x12, ods: 52 }))).toEqual({
      ods: 52,
      replicaId: '8525678900000012',
      reach: 4 * 256 + 512,
    })
    expect(parseNsfHeader(Buffer.from('text'))).toBeUndefined()
  })

  it('shows a copy that is not the database', () => {
    const live = nsfHeader()
    const good = { size: 4096, expected: 4096, live }
    expect(wrongCopy(nsfHeader(), good)).toBeUndefined()
    expect(wrongCopy(nsfHeader(), { ...good, size: 4095 })).toContain('4095 bytes')
    expect(wrongCopy(Buffer.alloc(1024), good)).toContain('does not begin')
    expect(wrongCopy(nsfHeader({ replicaId: 9 }), good)).toContain('replica id')
    expect(wrongCopy(nsfHeader({ ods: 200 }), good)).toContain('on-disk structure')
    expect(wrongCopy(nsfHeader(), { ...good, size: 1200, expected: 1200 })).toContain('behind its end')
  })
})

test.each(['a:b.nsf', 'con.nsf', 'trailing.', 'tab\t', '100%', 'mail/jdoe.nsf', 'Müller.nsf'])(
  'a file called %j has an artefact’s name',
  path => {
    expect(problemWithName(artefactName(path))).toBeUndefined()
  },
)

test('names of artefacts are as different as those of files', () => {
  const paths = ['a:b', 'a%3ab', 'a%b', 'con', '%con', '%25con']
  expect(new Set(paths.map(artefactName)).size).toBe(paths.length)
})

test('statuses are compared without the bits that say where they came from', () => {
  expect([0x13de, 0x93de, 0x53de, 0xd3de].map(statusOf)).toEqual([0x13de, 0x13de, 0x13de, 0x13de])
})

test('a long list comes back as it was, as often as it is asked for', () => {
  const list = new PackedList<{ path: string; size: number }>()
  const records = Array.from({ length: 5000 }, (_, size) => ({ path: `mail/Müller\n${size}.nsf`, size }))
  for (const record of records) list.add(record)
  expect([...list]).toEqual(records)
  expect([...list]).toEqual(records)
  expect([...new PackedList()]).toEqual([])
})

test('the identities of databases fit into sixteen bytes each', () => {
  const identities = new Map([
    [pathKey('names.nsf'), identityOf({ logged: true, dbiid: 'a'.repeat(32) })],
    [pathKey('log.nsf'), identityOf({ logged: false, dbiid: 'b'.repeat(32) })],
  ])
  expect(identitiesIn(writeIdentities(identities))).toEqual(identities)
  expect(Buffer.from(writeIdentities(identities), 'base64')).toHaveLength(32)
})

test('the helper gets no variable that may be a password of another source', () => {
  const environment = environmentFor(
    { program: '/opt/domino', data: '/data' },
    { PATH: '/bin', SHOP_PASSWORD: 'x', FAILSAFE_KIT: 'y', LANG: 'C' },
  )
  expect(environment).toEqual({
    PATH: '/opt/domino:/data:/bin',
    LANG: 'C',
    Notes_ExecDirectory: '/opt/domino',
    LD_LIBRARY_PATH: '/opt/domino',
  })
})

describe('the user of the helper', () => {
  it('is named where failsafe runs as root, and is not root', async () => {
    const root = { uid: 0, name: 'root' }
    await expect(loginOf(undefined, root)).rejects.toMatchObject({ code: 'domino-user' })
    await expect(loginOf('root', root)).rejects.toMatchObject({ code: 'domino-user' })
    await expect(loginOf('nobody-knows-them', root)).rejects.toMatchObject({ code: 'domino-user' })
    expect((await loginOf('nobody', root))!.uid).toBeGreaterThan(0)
  })

  it('is whoever failsafe runs as, and nobody else', async () => {
    const notes = { uid: 1000, name: 'notes' }
    expect(await loginOf(undefined, notes)).toBeUndefined()
    expect(await loginOf('notes', notes)).toBeUndefined()
    await expect(loginOf('root', notes)).rejects.toMatchObject({ code: 'domino-user' })
  })

  it('is nobody else on Windows', async () => {
    const system = { uid: undefined, name: 'SYSTEM' }
    expect(await loginOf(undefined, system)).toBeUndefined()
    await expect(loginOf('notes', system)).rejects.toMatchObject({ code: 'domino-user' })
  })
})

describe('attachment objects', () => {
  const now = Date.UTC(2026, 10, 22)
  const day = 24 * 3_600_000
  const object = (n: number) => ({ file: '', path: `0001/${n}.nlo`, size: 1000 + n })

  it('are known by their age, and the younger ones by name and size', () => {
    const taken = new TakenObjects(now)
    taken.add(object(1), now - 10 * day)
    taken.add(object(2), now - 1000)
    const before = readTaken(taken.info)!
    expect(isTaken(before, object(1), now - 10 * day)).toBe(true)
    expect(isTaken(before, object(2), now - 1000)).toBe(true)
    // The same name, and another size: it was still written.
    expect(isTaken(before, { ...object(2), size: 5 }, now - 1000)).toBe(false)
    // A clock that was set back a little makes no difference.
    expect(isTaken(before, object(3), now - 3_600_000)).toBe(false)
  })

  it('stay a short list, however many came at once', () => {
    const taken = new TakenObjects(now)
    for (let n = 0; n < 100_000; n++) taken.add(object(n), now - 100_000 + n)
    const before = taken.taken
    expect(before.seen.size).toBeLessThanOrEqual(40_000)
    for (const n of [0, 50_000, 99_999]) expect(isTaken(before, object(n), now - 100_000 + n)).toBe(true)
    expect(isTaken(before, object(100_001), now + 1)).toBe(false)
    expect(taken.count).toBe(100_000)
  })
})

describe('the data directory', () => {
  const everything = async (leftOut: string[] = [], exclude: string[] = []) => {
    const found: Found[] = []
    const trouble: string[] = []
    const options = { exclude, trouble: (code: string, message: string) => trouble.push(`${code}: ${message}`) }
    for await (const one of walk({ data: join(dir, 'data'), leftOut }, options, new AbortController().signal))
      found.push(one)
    const by = (kind: string) =>
      found
        .filter(one => one.kind === kind)
        .map(({ path }) => path)
        .sort()
    return { databases: by('database'), files: by('file'), names: found.map(({ name }) => name).sort(), trouble }
  }
  const put = async (path: string, content: string | Buffer = '') => {
    await mkdir(join(dir, path, '..'), { recursive: true })
    await writeFile(join(dir, path), content)
  }
  beforeEach(() => mkdir(join(dir, 'data')))

  it('has databases by how they begin, and not by how they are called', async () => {
    await put('data/mail/a.nsf', nsfHeader())
    await put('data/no-suffix', nsfHeader())
    await put('data/empty.nsf')
    await put('data/text.nsf', 'not a path')
    expect(await everything()).toMatchObject({
      databases: ['mail/a.nsf', 'no-suffix'],
      files: ['empty.nsf', 'text.nsf'],
      trouble: [],
    })
  })

  it('leaves out indexes, catalogues that are made anew, and what support tools write', async () => {
    for (const path of [
      'daoscat.nsf',
      'daos.cfg',
      'a.ft/x',
      'a.ndx',
      'logdir/S0000001.TXN',
      'nlogctrl.lfh',
      '~notes.lck',
      'pid.nbf',
      'IBM_TECHNICAL_SUPPORT/console.log',
      'domino/workspace/logs/x.log',
      'mail/b.DELTA',
    ])
      await put(`data/${path}`, path === 'daoscat.nsf' ? nsfHeader() : 'x')
    await put('data/domino/html/a.html')
    await put('data/log.nsf', nsfHeader())
    expect(await everything([join(dir, 'data/logdir')], ['log.nsf'])).toMatchObject({
      databases: [],
      files: ['domino/html/a.html'],
    })
  })

  it('has a database once that is reached by its own link and by that of its folder', async () => {
    await mkdir(join(dir, 'elsewhere'), { recursive: true })
    await writeFile(join(dir, 'elsewhere/x.nsf'), nsfHeader())
    await writeFile(join(dir, 'alone.nsf'), nsfHeader())
    const links = { 'a.nsf': 'elsewhere/x.nsf', 'b.dir': 'elsewhere', 'c.nsf': 'alone.nsf', 'd.nsf': 'alone.nsf' }
    for (const [name, target] of Object.entries(links))
      await writeFile(join(dir, 'data', name), `${join(dir, target)}\n`)
    const { databases, trouble } = await everything()
    expect(databases).toEqual([join(dir, 'alone.nsf'), join(dir, 'elsewhere/x.nsf')])
    expect(trouble).toEqual([])
  })

  it('follows links once, and says which lead nowhere or in a circle', async () => {
    await put('elsewhere/x.nsf', nsfHeader())
    await put('elsewhere/deep/y.nsf', nsfHeader())
    await put('single/z.nsf', nsfHeader())
    await put('data/archive.dir', `${dir}/elsewhere\r\nCN=jdoe/O=Acme\r\n`)
    await put('data/z.nsf', `${dir}/single/z.nsf\n`)
    await put('data/dead.dir', '/not/there\n')
    await put('elsewhere/back.dir', `${dir}/data\n`)
    await put('elsewhere/again.dir', `${dir}/elsewhere\n`)
    await symlink('/not/there', join(dir, 'data/gone.nsf'))
    const { databases, files, names, trouble } = await everything()
    expect(databases).toEqual([`${dir}/elsewhere/deep/y.nsf`, `${dir}/elsewhere/x.nsf`, `${dir}/single/z.nsf`].sort())
    // The links themselves are files.
    expect(files).toEqual(expect.arrayContaining(['archive.dir', 'z.nsf', 'dead.dir']))
    expect(names).toContain(`linked${dir}/elsewhere/x.nsf`)
    expect(trouble.map(line => line.split(':')[0]).sort()).toEqual(['link-dead', 'link-dead', 'link-loop', 'link-loop'])
  })

  it('leaves out the log and the attachments by where they are, whatever leads there', async () => {
    await put('store/0001/a.nlo', 'x')
    await symlink(join(dir, 'store'), join(dir, 'data/DAOS'))
    await put('data/kept', 'x')
    expect((await everything([join(dir, 'store')])).files).toEqual(['kept'])
  })

  it('names a file whose name is no text', async () => {
    await writeFile(Buffer.from(`${dir}/data/caf\xe9.nsf`, 'latin1'), nsfHeader())
    const { databases, trouble } = await everything()
    expect(databases).toEqual([])
    expect(trouble).toHaveLength(1)
    expect(trouble[0]).toContain('file-name')
  })
})

test('a restored file is on disk under its name, with the folders that were made for it', async () => {
  await writeFile(join(dir, 'restored.nsf'), 'x')
  using flushed = await watchFlushed()
  await placeFile(join(dir, 'restored.nsf'), join(dir, 'data/mail/new/a.nsf'), undefined)
  const expected = ['data/mail/new/a.nsf.failsafe-restore', 'data/mail/new', 'data/mail', 'data', '.']
  expect([...flushed.paths]).toEqual(expect.arrayContaining(expected.map(path => join(dir, path))))
})
