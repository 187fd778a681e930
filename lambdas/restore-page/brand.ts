import { createHash } from 'node:crypto'
import type { Environment } from '../http/environment.ts'
import { type PageFile, pageFile } from './files.ts'

/** How the page of a provider looks. */
export interface Brand {
  name: string
  /** Who is asked for help. */
  contact: string | undefined
  /** Name of a file of the page. */
  logo: string | undefined
  /** Custom properties for the colours, as a file of the page; none without a colour of the provider's own. */
  colours: { name: string; file: PageFile } | undefined
}

export function brandOf(env: Environment): Brand {
  return {
    name: env.PROVIDER_NAME ?? env.RECEIVER_NAME,
    contact: env.PROVIDER_CONTACT,
    logo: env.PROVIDER_LOGO,
    colours: env.BRAND_COLOUR === undefined ? undefined : coloursOf(env.BRAND_COLOUR),
  }
}

/** A file, because the page's policy allows no style in the page itself. */
function coloursOf(brand: string): Brand['colours'] {
  const css = `:root{--brand:${brand};--brand-text:${textOn(brand)}}`
  const digest = createHash('sha256').update(css).digest('hex').slice(0, 8)
  return { name: `brand-${digest}.css`, file: pageFile('.css', css) }
}

/** Black or white, whichever can be read better: at least 4.58 to 1 on any colour, and AA asks for 4.5. @param colour `#rrggbb` */
export function textOn(colour: string): '#000000' | '#ffffff' {
  const luminance = luminanceOf(colour)
  return 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 ? '#ffffff' : '#000000'
}

/** Relative luminance (WCAG 2). */
function luminanceOf(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map(at => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!
}
