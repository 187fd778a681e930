import { targetRefused } from '../../target-url.ts'

const form =
  'domino:///local/notesdata/notes.ini, with ?program=DIR, ?user=LOGIN, ?overwrite=yes or ?wait=SECONDS behind it where needed; on Windows domino:///D:/Domino/notes.ini'

const options = ['program', 'user', 'overwrite', 'wait']
const longestWait = 300

export interface Target {
  ini: string
  program: string | undefined
  user: string | undefined
  /** Databases that exist may be replaced; what was there before is kept beside them. */
  overwrite: boolean
  /** Milliseconds until whoever uses a database has to be out of it. */
  wait: number
}

/** @throws Failure `restore-target` */
export function parseTarget(target: string): Target {
  const url = URL.canParse(target) ? new URL(target) : undefined
  if (url?.protocol !== 'domino:' || url.host !== '' || url.pathname === '')
    throw targetRefused('is not the address of a Domino server on this machine', form)
  for (const name of url.searchParams.keys())
    if (!options.includes(name)) throw targetRefused(`has an unknown option ${name}`, form)
  const [overwrite, wait] = [url.searchParams.get('overwrite'), url.searchParams.get('wait') ?? '60']
  if (overwrite !== null && overwrite !== 'yes') throw targetRefused(`has overwrite=${overwrite}`, form)
  if (!/^\d{1,3}$/.test(wait) || Number(wait) > longestWait) throw targetRefused(`has wait=${wait}`, form)
  return {
    ini: decodeURIComponent(url.pathname).replace(/^\/(?=[A-Za-z]:)/, ''),
    program: url.searchParams.get('program') ?? undefined,
    user: url.searchParams.get('user') ?? undefined,
    overwrite: overwrite === 'yes',
    wait: Number(wait) * 1000,
  }
}
