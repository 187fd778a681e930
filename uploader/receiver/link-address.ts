import { Failure } from '../../shared/failure.ts'
import { receiverOrigin } from '../config/address.ts'

/** `<receiver>/r#<secret>`. @throws Failure `address-invalid`; never with the secret in it */
export function parseLink(text: string): { url: string; secret: string } {
  const at = text.indexOf('#')
  const secret = text.slice(at + 1)
  if (at < 0 || secret === '') throw invalid('the part after # is missing; in a shell the address must stand in quotes')
  const origin = receiverOrigin(text.slice(0, at))
  if ('problem' in origin) throw invalid(origin.problem)
  return { url: origin.origin, secret }
}

function invalid(why: string): Failure {
  return new Failure('address-invalid', 'This is not a restore link', { why, fix: 'Copy all of the link, in quotes' })
}
