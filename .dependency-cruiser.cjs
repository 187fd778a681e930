/**
 * Imports point one way (docs/adr and README, "Layout"):
 * shared <- lambdas, shared <- uploader, shared <- admin. `infra` names handler files by path and imports shared at most; nobody but tests and
 * the developer's scripts imports infra.
 *
 * @type {import('dependency-cruiser').IConfiguration}
 */
const parts = 'shared|lambdas|uploader|admin|infra|scripts|test'

/** `from` may import its own folder and the folders in `allowed`, and no other part of the product. */
const only = (from, allowed, comment) => ({
  name: `${from}-imports-${allowed.length > 0 ? allowed.join('-and-') : 'nobody'}`,
  comment,
  severity: 'error',
  from: { path: `^${from}/` },
  to: { path: `^(${parts})/`, pathNot: `^(${[from, ...allowed].join('|')})/` },
})

module.exports = {
  forbidden: [
    only('shared', [], 'What both sides speak knows neither of them.'),
    only('lambdas', ['shared'], 'The receiver knows what it speaks, never who calls it or where it runs.'),
    only('uploader', ['shared'], 'The uploader knows what it speaks, never the code of the receiver.'),
    only('admin', ['shared'], "The provider's command line is a client of the API like any other."),
    only('infra', ['shared'], 'Infrastructure names handler files by path; what they do is not its business.'),
    {
      name: 'product-does-not-need-its-tools',
      comment: 'What ships must not depend on tests, on scripts or on development dependencies.',
      severity: 'error',
      from: { path: '^(shared|lambdas|uploader|admin)/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-circle',
      comment: 'Modules in a circle depend on the order in which they are loaded; types do not.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'not-resolvable',
      comment: 'An import that leads nowhere.',
      severity: 'error',
      from: {},
      // A module of types alone, and one of AssemblyScript's library, neither of which Node would find.
      to: { couldNotResolve: true, pathNot: '^(aws-lambda|util/number)$' },
    },
    {
      name: 'not-in-package-json',
      comment: 'A package that works only because something else happens to install it.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    // TypeScript 7 has no JavaScript API to parse with; swc reads the same syntax.
    parser: 'swc',
    // Tests may import everything, so there is nothing to judge in them; and swc's visitor does not know their `using` declarations.
    doNotFollow: { path: '^test/|node_modules' },
    exclude: { path: '^(node_modules|dist|build|cdk\\.out|coverage|\\.failsafe-local)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.mjs', '.cjs', '.js', '.json'],
    },
  },
}
