import type { Assembly } from '../../../infra/local/template/load.ts'

type Template = Assembly['template']

/** One statement of the template's policies. */
export interface PolicyStatement {
  /** Whose it is and what it is called: `janitor Remove`, `vault WriteOnce`. */
  name: string
  /** The template without it. */
  without(template: Template): Template
}

interface Document {
  Statement: { Sid?: string; Condition?: Record<string, Record<string, unknown>> }[]
}

/** Every statement of every role and of the policies of vault and topic, in the order of the template. */
export function statementsOf(template: Template): PolicyStatement[] {
  return Object.entries(template.Resources).flatMap(([logicalId, { Type, Properties }]) =>
    documentsIn(Type, Properties).flatMap((document, index) =>
      document.Statement.map((statement, at): PolicyStatement => {
        // The CDK gives some no name: their condition's key does for one.
        const called = statement.Sid ?? Object.values(statement.Condition ?? {}).flatMap(Object.keys)[0]
        if (called === undefined) throw new Error(`${logicalId} has a statement without a name`)
        return {
          name: `${ownerOf(logicalId)} ${called}`,
          without(whole) {
            const copy = structuredClone(whole)
            documentsIn(Type, copy.Resources[logicalId]!.Properties)[index]!.Statement.splice(at, 1)
            return copy
          },
        }
      }),
    ),
  )
}

function documentsIn(type: string, properties: Record<string, unknown>): Document[] {
  switch (type) {
    case 'AWS::IAM::Role':
      return (properties.Policies as { PolicyDocument: Document }[]).map(({ PolicyDocument }) => PolicyDocument)
    case 'AWS::S3::BucketPolicy':
    case 'AWS::SNS::TopicPolicy':
      return [properties.PolicyDocument as Document]
    default:
      return []
  }
}

/** `janitorRole0A1B2C3D` is the janitor's. */
function ownerOf(logicalId: string): string {
  const [, role, vault, topic] = /^(?:(\w+)Role|(Vault)|(Notices))/.exec(logicalId) ?? []
  const owner = role ?? (vault && 'vault') ?? (topic && 'topic')
  if (owner === undefined) throw new Error(`whose policy is ${logicalId}?`)
  return owner.replace(/api$/, '-api')
}
