import type { Brand } from './words.tsx'

/** As the receiver wrote it into the page. Its picture, which is seen without scripts too, moves into the page's own heading. */
export function takeBrand(): Brand {
  const { provider = '', contact } = document.documentElement.dataset
  const picture = document.querySelector<HTMLImageElement>('#logo')
  picture?.remove()
  return { provider, contact, logo: picture?.src }
}
