import { render } from 'preact'
import { Kept } from './kept/kept.ts'
import { Restoration } from './opening/restoration.ts'
import { Page, type Ports } from './parts/page.tsx'
import type { Brand } from './parts/words.tsx'
import { save, saveAll } from './saving/save.ts'
import './style.css'

const { worker = '', provider = '', contact } = document.documentElement.dataset
const picture = document.querySelector<HTMLImageElement>('#logo')
picture?.remove()
const brand: Brand = { provider, contact, logo: picture?.src }

const ports: Ports = {
  restoring: ({ secret, passcode }) =>
    new Restoration({ worker, secret, ...(passcode === undefined ? {} : { passcode }) }),
  saving: { save, saveAll },
}

/** The secret of a link stays in the fragment, so that the page can be loaded again; another link in the same tab is another page. */
function show() {
  const secret = location.hash.slice(1)
  const page = <Page key={secret} brand={brand} ports={ports} secret={secret} kept={new Kept(history)} />
  render(page, document.querySelector('#app')!)
}
addEventListener('hashchange', show)
show()
