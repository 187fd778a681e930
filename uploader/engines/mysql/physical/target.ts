import { Failure } from '../../../../shared/failure.ts'
import { targetDirectory } from '../../target-url.ts'

/** @returns the path of `file:///…`. @throws Failure `restore-target` */
export function parseDirectory(target: string): string {
  const directory = targetDirectory(target)
  if (directory !== undefined) return directory
  throw new Failure('restore-target', 'The target is not an empty directory for data files', {
    why: 'this backup holds copies of data files, which a running server does not take',
    fix: 'Give it as file:///var/lib/mysql.restored, a directory that is empty or not there yet, and start the server on it afterwards',
  })
}
