import { render } from 'preact'
import { Kept } from './kept/kept.ts'
import { Restoration } from './opening/restoration.ts'
import { takeBrand } from './parts/brand.ts'
import { Page, type Ports } from './parts/page.tsx'
import { save, saveAll } from './saving/save.ts'
import './style.css'

const { worker = '' } = document.documentElement.dataset
const brand = takeBrand()

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
