import { readFile } from 'node:fs/promises'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'

async function inputsOf(name: string): Promise<string[]> {
  const { metafile } = await build({
    entryPoints: [`lambdas/${name}/handler.ts`],
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
    metafile: true,
    logLevel: 'silent',
  })
  return Object.keys(metafile.inputs)
}

describe('the bundle of', () => {
  it('the committer has no presigner: it could not hand out a URL', async () => {
    const inputs = await inputsOf('committer')
    expect(inputs.filter(path => path.includes('s3-request-presigner') || path.includes('/sign-'))).toEqual([])
    expect(inputs).toContain('lambdas/vault/complete-upload.ts')
  })

  it('agent-api has nothing that reads, completes or locks', async () => {
    const inputs = await inputsOf('agent-api')
    const vault = inputs.filter(path => path.startsWith('lambdas/vault/')).sort()
    expect(vault).toEqual(
      ['create-upload', 'keys', 'list-parts', 'sign-part', 'vault'].map(name => `lambdas/vault/${name}.ts`),
    )
  })

  it('restore-api can sign reads and nothing else', async () => {
    const vault = (await inputsOf('restore-api')).filter(path => path.startsWith('lambdas/vault/')).sort()
    expect(vault).toEqual(['keys', 'sign-download', 'vault'].map(name => `lambdas/vault/${name}.ts`))
  })

  it('admin-api reads what a rebuild reads: it changes nothing in the vault and could not hand out a URL', async () => {
    const inputs = await inputsOf('admin-api')
    expect(inputs.filter(path => path.includes('s3-request-presigner') || path.includes('/sign-'))).toEqual([])
    const vault = inputs.filter(path => path.startsWith('lambdas/vault/')).sort()
    expect(vault).toEqual(
      ['describe-version', 'keys', 'list-versions', 'read-object', 'receipt', 'vault'].map(
        name => `lambdas/vault/${name}.ts`,
      ),
    )
  })

  it('none of them holds a whole object in memory to upload it (rule 7)', async () => {
    const { dependencies } = JSON.parse(await readFile('package.json', 'utf8'))
    expect(Object.keys(dependencies)).not.toContain('@aws-sdk/lib-storage')
  })
})
