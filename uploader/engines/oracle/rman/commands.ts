import type { ArchivedLog } from '../logs/archived-log.ts'
import { quoteText } from '../statements/quote.ts'

/** By the account of the operating system: no password is needed, and none is on a command line. */
export const connect = 'CONNECT TARGET "/ as sysbackup";'

/** All data files, without blocks that were never used. FULL, not LEVEL 0: other incremental backups go on from where they were. @param format with %U for what tells pieces apart */
export const backUpDatabase = (format: string, tag: string) =>
  `RUN {
  ALLOCATE CHANNEL failsafe DEVICE TYPE DISK MAXPIECESIZE 8G;
  BACKUP AS BACKUPSET FULL CHECK LOGICAL TAG ${quoteText(tag)} FORMAT ${quoteText(format)} DATABASE;
  RELEASE CHANNEL failsafe;
}`

/** The pieces leave the machine: the control file need not remember them. */
export const forget = (tag: string) => `CHANGE BACKUP TAG ${quoteText(tag)} UNCATALOG;`

type Log = Pick<ArchivedLog, 'thread' | 'sequence'>

/** Out of ASM, to a path of the file system. */
export const copyLog = ({ thread, sequence }: Log, path: string) =>
  `BACKUP AS COPY ARCHIVELOG SEQUENCE ${sequence} THREAD ${thread} FORMAT ${quoteText(path)};`

/** From a backup that RMAN has made, into a directory, under the name that the database gives its logs. */
export const restoreLog = ({ thread, sequence }: Log, directory: string) =>
  `RUN {
  SET ARCHIVELOG DESTINATION TO ${quoteText(directory)};
  RESTORE ARCHIVELOG SEQUENCE ${sequence} THREAD ${thread};
}`

export const forgetLog = (path: string) => `CHANGE ARCHIVELOG ${quoteText(path)} UNCATALOG;`
