import { Failure, messageOf } from '../../../../shared/failure.ts'
import { type OpeningCode, OpeningError } from './opening-error.ts'

const codes: Record<string, OpeningCode> = {
  'identity-invalid': 'identity-invalid',
  'kit-invalid': 'identity-invalid',
  'identity-does-not-open': 'identity-does-not-open',
  'agent-untrusted': 'manifest-untrusted',
  'manifest-damaged': 'manifest-untrusted',
  'chain-damaged': 'manifest-untrusted',
  'units-damaged': 'index-damaged',
  'index-damaged': 'index-damaged',
  'artefact-name-refused': 'index-damaged',
  'artefact-damaged': 'artefact-damaged',
  'pack-damaged': 'pack-damaged',
  'link-invalid': 'link-invalid',
  'quota-exceeded': 'quota-exceeded',
  'passcode-required': 'passcode-wrong',
  'passcode-wrong': 'passcode-wrong',
  'not-restorable': 'not-restorable',
}

/** Every failure that can come out of opening, as one that the page knows. */
export function asOpeningError(error: unknown): OpeningError {
  if (error instanceof OpeningError) return error
  if (!(error instanceof Failure)) return new OpeningError('refused', 'The page failed', messageOf(error))
  return new OpeningError(codes[error.code] ?? (error.retriable ? 'network' : 'refused'), error.message, error.why)
}
