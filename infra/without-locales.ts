import type { Plugin } from 'esbuild'

/**
 * Leaves out what zod says in forty languages, which is half of what a browser would have to load, and a quarter of what a function does at each cold
 * start: `z` holds a list of all of them, so that none can be told to be unused. What is checked stays the same, and the English that zod speaks by itself.
 */
export const withoutLocales: Plugin = {
  name: 'without-locales',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({ contents: 'export {}', loader: 'js' }))
  },
}
