import { render } from 'preact'
import { ConsolePage } from './console/parts/console-page.tsx'
import { takeBrand } from './parts/brand.ts'
import './style.css'
import './console/style.css'

const brand = takeBrand()

/** The secret of the link stays in the fragment, so that the page can be loaded again; another link in the same tab is another page. */
function show() {
  const secret = location.hash.slice(1)
  render(<ConsolePage key={secret} brand={brand} secret={secret} />, document.querySelector('#app')!)
}
addEventListener('hashchange', show)
show()
