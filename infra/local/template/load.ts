import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { z } from 'zod'

/** One resource as the template writes it; attributes of a resource that nobody thought of are refused. */
const Resource = z.strictObject({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DependsOn: z.union([z.string(), z.array(z.string())]).optional(),
  DeletionPolicy: z.string().optional(),
  UpdateReplacePolicy: z.string().optional(),
  Metadata: z.unknown().optional(),
})
export type Resource = z.infer<typeof Resource>

/** The sections we understand. Others (Conditions, Mappings, Transform) change what the template means and are refused. */
const Template = z.strictObject({
  Description: z.string().optional(),
  Resources: z.record(z.string(), Resource),
  // For whoever deploys; nothing here reads them.
  Outputs: z.unknown().optional(),
  // Only the version of the CDK's bootstrap stack, which is asked for at deployment. A Ref to it is refused by the resolver.
  Parameters: z.strictObject({ BootstrapVersion: z.unknown() }).optional(),
  Rules: z.strictObject({ CheckBootstrapVersion: z.unknown() }).optional(),
})
type Template = z.infer<typeof Template>

const Manifest = z.looseObject({
  artifacts: z.record(
    z.string(),
    z.looseObject({
      type: z.string(),
      /** `aws://<account>/<region>`, where either may be unknown. */
      environment: z.string().optional(),
      properties: z.looseObject({ templateFile: z.string().optional() }).optional(),
    }),
  ),
})
const Assets = z.looseObject({
  files: z.record(
    z.string(),
    z.looseObject({
      source: z.looseObject({ path: z.string(), packaging: z.enum(['zip', 'file']) }),
      destinations: z.record(z.string(), z.looseObject({ objectKey: z.string() })),
    }),
  ),
})

export interface Assembly {
  stackName: string
  /** Where the stack says it belongs. */
  region?: string
  template: Template
  /** Folder of an asset by the object key that the template names. */
  assets: Map<string, string>
}

/** Reads a cloud assembly (cdk.out) that holds exactly one stack. */
export async function loadAssembly(directory: string): Promise<Assembly> {
  const manifest = Manifest.parse(await readJson(join(directory, 'manifest.json')))
  const stacks = Object.entries(manifest.artifacts).filter(
    ([, artifact]) => artifact.type === 'aws:cloudformation:stack',
  )
  const [stackName, artifact] = stacks[0] ?? []
  const templateFile = artifact?.properties?.templateFile
  if (stacks.length !== 1 || !stackName || !templateFile)
    throw new Error(`${directory} must hold exactly one stack, and it holds ${stacks.length}`)
  const assetsFile = `${basename(templateFile, '.template.json')}.assets.json`
  const { files } = Assets.parse(await readJson(join(directory, assetsFile)))
  const assets = new Map<string, string>()
  for (const { source, destinations } of Object.values(files))
    for (const { objectKey } of Object.values(destinations)) assets.set(objectKey, join(directory, source.path))
  const region = /^aws:\/\/[^/]+\/(?!unknown-region$)(.+)$/.exec(artifact.environment ?? '')?.[1]
  return {
    stackName,
    ...(region ? { region } : {}),
    template: Template.parse(await readJson(join(directory, templateFile))),
    assets,
  }
}

async function readJson(file: string): Promise<unknown> {
  return JSON.parse(await readFile(file, 'utf8'))
}
