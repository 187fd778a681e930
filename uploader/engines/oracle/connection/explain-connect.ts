import { Failure } from '../../../../shared/failure.ts'
import { wordsOf } from './errors.ts'
import { type Login, whereOf } from './login.ts'

interface Meaning {
  code: string
  what(login: Login): string
  fix: string
  retriable?: true
}

const at = (login: Login) => `the Oracle database at ${whereOf(login)}`

const refused: Meaning = {
  code: 'oracle-login-refused',
  what: login => `The Oracle database at ${whereOf(login)} refuses the login of ${login.user}`,
  fix: 'Check user and password (a name in mixed case is given in double quotes)',
}
const unknownService: Meaning = {
  code: 'oracle-service',
  what: ({ host, port, service, sid }) =>
    service === undefined
      ? `The listener at ${host}:${port} knows no SID ${sid}`
      : `The listener at ${host}:${port} knows no service ${service}`,
  fix: 'Start the instance, or correct connection.service: lsnrctl status lists what there is',
  retriable: true,
}
const unreachable: Meaning = {
  code: 'oracle-unreachable',
  what: login => `Nothing answers for ${at(login)}`,
  fix: 'Check that the listener runs (lsnrctl status), its address and port, and what stands between',
  retriable: true,
}
const closed: Meaning = {
  code: 'oracle-not-open',
  what: login => `${capital(at(login))} is not open to ${login.user}`,
  fix: 'Open it, or let the account log on as SYSBACKUP',
  retriable: true,
}

const tls: Meaning = {
  code: 'oracle-tls',
  what: login => `No TLS connection to ${at(login)}`,
  fix: 'Name the authority of its certificate in connection.tls.caFile (or connection.tls.wallet), and the host as the certificate does in connection.host',
}

/** What the database, the listener and the driver say, by their numbers. */
const meanings: Record<string, Meaning> = {
  'ORA-01017': refused,
  'ORA-01045': {
    code: 'oracle-missing-right',
    what: ({ user }) => `The account ${user} may not log on`,
    fix: 'Run as an administrator: GRANT CREATE SESSION TO the account',
  },
  'ORA-01031': {
    code: 'oracle-missing-right',
    what: ({ user, as }) => `The account ${user} may not log on as ${as.toUpperCase()}`,
    fix: 'GRANT SYSBACKUP to it (the database needs a password file: orapwd), or set connection.as to none',
  },
  'ORA-28000': {
    code: 'oracle-account-locked',
    what: ({ user }) => `The account ${user} is locked`,
    fix: 'Run as an administrator: ALTER USER … ACCOUNT UNLOCK',
  },
  'ORA-28001': {
    code: 'oracle-password-expired',
    what: ({ user }) => `The password of ${user} has expired`,
    fix: 'Run as an administrator: ALTER USER … IDENTIFIED BY …, and give the account a profile whose passwords do not expire',
  },
  'ORA-00257': {
    code: 'oracle-archiver-stuck',
    what: login => `${capital(at(login))} lets nobody in: it cannot archive its logs`,
    fix: 'Make room where archived logs are written',
    retriable: true,
  },
  'ORA-01033': closed,
  'ORA-01034': closed,
  'ORA-12514': unknownService,
  'ORA-12505': unknownService,
  'NJS-518': unknownService,
  'NJS-519': unknownService,
  'ORA-12541': unreachable,
  'NJS-503': unreachable,
  'NJS-510': unreachable,
  'NJS-505': tls,
  'NJS-506': tls,
  'NJS-507': tls,
  'NJS-508': tls,
  'ORA-12660': {
    code: 'oracle-native-encryption',
    what: login => `${capital(at(login))} demands native network encryption`,
    fix: 'The driver has none: let the listener speak TCPS and set connection.tls, or set SQLNET.ENCRYPTION_SERVER to REQUESTED or ACCEPTED',
  },
  'NJS-533': {
    code: 'oracle-native-encryption',
    what: login => `${capital(at(login))} demands what the driver does not have`,
    fix: 'Set SQLNET.ENCRYPTION_SERVER and SQLNET.CRYPTO_CHECKSUM_SERVER to ACCEPTED, or use TCPS (connection.tls)',
  },
  'NJS-138': {
    code: 'oracle-too-old',
    what: login => `${capital(at(login))} is too old`,
    fix: 'Oracle 12.1 is the first that is supported',
  },
  'NJS-116': {
    code: 'oracle-password-verifier',
    what: ({ user }) => `The password of ${user} is kept in a form that the driver does not know (10G)`,
    fix: 'Set SQLNET.ALLOWED_LOGON_VERSION_SERVER to 12 and the password anew',
  },
}

/** What its text names decides before what the driver calls it: the driver wraps what the listener says. */
export function explainConnect(error: unknown, login: Login): Failure {
  const why = wordsOf(error)
  const { code = '' } = error as { code?: string }
  const numbers = [...why.matchAll(/\bORA-\d{5}\b/g)].map(([number]) => number)
  const meaning = [...numbers, code].map(known => meanings[known]).find(found => found !== undefined)
  const { code: ours, what, fix, retriable } = meaning ?? unreachable
  return new Failure(ours, what(login), { why, fix, retriable: retriable ?? false, cause: error })
}

const capital = (text: string) => `${text[0]!.toUpperCase()}${text.slice(1)}`
