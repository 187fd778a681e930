import { Failure } from '../../shared/failure.ts'

/**
 * A session found out that what it was to back up as a log or differential continues nothing, and that a full backup heals it. Nothing of
 * the run is kept; another one takes a full at once.
 */
export class PromotionNeeded extends Failure {
  readonly promotion: { code: string; reason: string }

  constructor(promotion: { code: string; reason: string }, cause?: unknown) {
    super('not-continued', 'What was backed up before cannot be continued', {
      why: promotion.reason,
      fix: 'Take a full backup',
      cause,
    })
    this.promotion = promotion
  }
}
