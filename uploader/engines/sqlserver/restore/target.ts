import { parseTargetUrl, targetRefused } from '../../target-url.ts'
import { authoritiesIn, isLocal, type Login } from '../connection/login.ts'

const form =
  'sqlserver://user:password@host:1433, with ?instance=, ?domain=, ?tls=unverified, ?tls-ca=FILE, ?suffix=_restored, ?overwrite=yes, ?data=DIR, ?log=DIR, ?directory=DIR or ?directory-on-server=DIR behind it where needed'

const options = [
  'instance',
  'domain',
  'tls',
  'tls-ca',
  'suffix',
  'overwrite',
  'data',
  'log',
  'directory',
  'directory-on-server',
]

export interface Target {
  login: Login
  /** Behind the name of each database that is restored. */
  suffix: string
  /** Databases that exist may be replaced. */
  overwrite: boolean
  /** Where the server puts data and log files, if not where it puts those of new databases. */
  data: string | undefined
  log: string | undefined
  /** Where each file is copied to, for a server that cannot read the folder of the restore. */
  directory: string | undefined
  /** The same directory, or else the folder of the restore, as the server names it. */
  directoryOnServer: string | undefined
}

/** @throws Failure `restore-target` */
export async function parseTarget(target: string): Promise<Target> {
  const { url, host, user, password, get } = parseTargetUrl(target, {
    what: 'a SQL Server',
    protocols: ['sqlserver:'],
    options,
    form,
  })
  const [tls, caFile, overwrite, instance] = [get('tls'), get('tls-ca'), get('overwrite'), get('instance')]
  if (tls !== undefined && tls !== 'unverified') throw targetRefused(`has tls=${tls}`, form)
  if (overwrite !== undefined && overwrite !== 'yes') throw targetRefused(`has overwrite=${overwrite}`, form)
  const verify = tls === undefined && (caFile !== undefined || !isLocal(host))
  return {
    login: {
      host,
      instance,
      port: instance === undefined ? Number(url.port || 1433) : undefined,
      user,
      password,
      domain: get('domain'),
      authorities: verify ? await authoritiesIn(caFile) : undefined,
    },
    suffix: get('suffix') ?? '',
    overwrite: overwrite === 'yes',
    data: get('data'),
    log: get('log'),
    directory: get('directory'),
    directoryOnServer: get('directory-on-server'),
  }
}
