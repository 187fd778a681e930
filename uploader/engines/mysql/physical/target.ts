import { fileURLToPath } from 'node:url'
import { Failure } from '../../../../shared/failure.ts'

/** @returns the path of `file:///…`. @throws Failure `restore-target` */
export function parseDirectory(target: string): string {
  const url = URL.canParse(target) ? new URL(target) : undefined
  if (url?.protocol === 'file:' && url.host === '' && url.search === '' && url.hash === '' && url.pathname !== '/')
    return fileURLToPath(url)
  throw new Failure('restore-target', 'The target is not an empty directory for data files', {
    why: 'this backup holds copies of data files, which a running server does not take',
    fix: 'Give it as file:///var/lib/mysql.restored, a directory that is empty or not there yet, and start the server on it afterwards',
  })
}
