import { type CfnElement, Stack, Validations } from 'aws-cdk-lib'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { IConstruct } from 'constructs'
import type { FunctionName } from '../functions.ts'
import type { Catalogue } from './catalogue.ts'
import type { Vault } from './vault.ts'

const packs = 'packs/*'
const receipts = 'meta/*'

/** The keys of the vault that a function works on. */
const keysOf: Record<FunctionName, string[]> = {
  'agent-api': [packs],
  committer: [packs, receipts],
  'restore-api': [packs],
  'admin-api': [],
}

/**
 * What each function may do in the vault and the catalogue: written out action by action, because promise 1 of the product
 * (the agent's host never holds a storage right) rests on what is *not* in this file. Nobody here may delete or list
 * objects, or delete an item of the catalogue.
 */
export function permissionsOf(name: FunctionName, vault: Vault, catalogue: Catalogue): PolicyStatement[] {
  const inVault = (sid: string, actions: string[]) =>
    new PolicyStatement({ sid, actions, resources: keysOf[name].map(keys => vault.bucket.arnForObjects(keys)) })
  const inCatalogue = (...actions: ('GetItem' | 'Query' | 'PutItem' | 'UpdateItem' | 'ConditionCheckItem')[]) =>
    new PolicyStatement({
      sid: 'Catalogue',
      actions: actions.map(action => `dynamodb:${action}`),
      resources: [catalogue.table.tableArn],
    })
  switch (name) {
    case 'agent-api':
      return [
        inCatalogue('GetItem', 'Query', 'PutItem', 'UpdateItem'),
        // It can neither read nor remove what was uploaded, so no URL that it signs can.
        inVault('SignUploads', ['s3:PutObject', 's3:ListMultipartUploadParts']),
      ]
    case 'committer':
      return [
        inCatalogue('GetItem', 'Query', 'PutItem', 'UpdateItem', 'ConditionCheckItem'),
        inVault('CompleteAndLock', [
          's3:GetObject',
          's3:GetObjectVersion',
          's3:PutObject',
          's3:ListMultipartUploadParts',
          's3:PutObjectRetention',
        ]),
      ]
    case 'restore-api':
      return [
        inCatalogue('GetItem', 'Query', 'PutItem', 'UpdateItem'),
        // By version only: what it signs is the very object that was committed.
        inVault('SignDownloads', ['s3:GetObjectVersion']),
      ]
    case 'admin-api':
      return [inCatalogue('GetItem', 'Query', 'PutItem')]
  }
}

/** Tells cdk-nag why a function's role has wildcards: only behind the prefix of its keys. */
export function acknowledgeKeys(role: IConstruct, name: FunctionName, vault: Vault): void {
  const bucket = Stack.of(role).getLogicalId(vault.bucket.node.defaultChild as CfnElement)
  for (const keys of keysOf[name])
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::<${bucket}.Arn>/${keys}]`,
      reason:
        `Keys under ${keys} carry ids that the receiver makes up while it runs (tenant, source, snapshot), so no policy can name them. ` +
        'The wildcard stands behind a fixed prefix, and the actions are listed one by one.',
    })
}
