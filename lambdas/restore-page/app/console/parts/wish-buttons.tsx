import { CloseButton } from './close-button.tsx'

/** At the end of a form in a dialog. @param make what is done there, in words */
export function WishButtons({ make, isDoing, onClose }: { make: string; isDoing: boolean; onClose(): void }) {
  return (
    <div class="buttons">
      <button type="submit" class="primary" aria-disabled={isDoing}>
        {make}
      </button>
      <CloseButton onClose={onClose} />
    </div>
  )
}
