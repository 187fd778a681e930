import { type CfnElement, Stack, Validations } from 'aws-cdk-lib'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { IConstruct } from 'constructs'
import type { FunctionName } from '../functions.ts'
import type { Catalogue } from './catalogue.ts'
import type { Notices } from './notices.ts'
import type { Vault } from './vault.ts'

const packs = 'packs/*'
const receipts = 'meta/*'

interface Parts {
  vault: Vault
  catalogue: Catalogue
  notices: Notices
}

/**
 * What each function may do in the vault, the catalogue and the topic: written out action by action, because promise 1 of the product (the
 * agent's host never holds a storage right) rests on what is *not* in this file. Only the janitor removes anything, and only by version.
 */
export function permissionsOf(name: FunctionName, { vault, catalogue, notices }: Parts): PolicyStatement[] {
  const allow = (sid: string, actions: string[], resources: string[], conditions = {}) =>
    new PolicyStatement({ sid, actions, resources, conditions })
  const inVault = (sid: string, keys: string[], actions: string[]) =>
    allow(
      sid,
      actions.map(action => `s3:${action}`),
      keys.map(key => vault.bucket.arnForObjects(key)),
    )
  const listVersions = (keys: string[]) =>
    allow('ListVersions', ['s3:ListBucketVersions'], [vault.bucket.bucketArn], { StringLike: { 's3:prefix': keys } })
  const inCatalogue = (...actions: ItemAction[]) =>
    allow(
      'Catalogue',
      actions.map(action => `dynamodb:${action}`),
      [catalogue.table.tableArn],
    )
  const byTime = allow('ByTime', ['dynamodb:Query'], [catalogue.byTimeArn])
  const underKey = (...actions: ('Decrypt' | 'GenerateDataKey')[]) =>
    vault.keyArn === undefined
      ? []
      : [
          allow(
            'VaultKey',
            actions.map(action => `kms:${action}`),
            [vault.keyArn],
          ),
        ]
  switch (name) {
    case 'agent-api':
      return [
        inCatalogue('GetItem', 'Query', 'PutItem', 'UpdateItem'),
        // It can neither read nor remove what was uploaded, so no URL that it signs can.
        inVault('SignUploads', [packs], ['PutObject', 'ListMultipartUploadParts']),
        ...underKey('Decrypt', 'GenerateDataKey'),
      ]
    case 'committer':
      return [
        inCatalogue('GetItem', 'Query', 'PutItem', 'UpdateItem', 'ConditionCheckItem'),
        inVault('CompleteAndLock', [packs, receipts], completing),
        ...underKey('Decrypt', 'GenerateDataKey'),
      ]
    case 'restore-api':
      return [
        inCatalogue('GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem'),
        // By version only: what it signs is the very object that was committed.
        inVault('SignDownloads', [packs], ['GetObjectVersion']),
        ...underKey('Decrypt'),
      ]
    case 'console-api':
      // The catalogue alone: who holds a console link gets nothing of the vault, not even a URL.
      return [inCatalogue('GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem')]
    case 'admin-api':
      return [
        inCatalogue('GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem'),
        // A rebuild reads receipts, and asks S3 about the packs that they name: HeadObject wants the right to read.
        listVersions([receipts]),
        inVault('Rebuild', [packs, receipts], ['GetObjectVersion', 'GetObjectRetention']),
        ...underKey('Decrypt'),
      ]
    case 'janitor':
      return [
        inCatalogue('GetItem', 'Query', 'PutItem', 'UpdateItem', 'ConditionCheckItem', 'DeleteItem'),
        byTime,
        // It finishes commits that their agents left, extends locks and exports tenants.
        inVault('CompleteAndLock', [packs, receipts], completing),
        listVersions([packs, receipts]),
        inVault('Remove', [packs, receipts], ['DeleteObjectVersion', 'AbortMultipartUpload', 'GetObjectRetention']),
        ...underKey('Decrypt', 'GenerateDataKey'),
      ]
    case 'watchdog':
      return [
        inCatalogue('GetItem', 'Query', 'PutItem', 'UpdateItem', 'ConditionCheckItem'),
        byTime,
        allow('Publish', ['sns:Publish'], [notices.topic.topicArn]),
        allow('NoticeKey', ['kms:Decrypt', 'kms:GenerateDataKey'], [notices.key.keyArn]),
      ]
  }
}

type ItemAction = 'GetItem' | 'BatchGetItem' | 'Query' | 'PutItem' | 'UpdateItem' | 'ConditionCheckItem' | 'DeleteItem'

const completing = ['GetObject', 'GetObjectVersion', 'PutObject', 'ListMultipartUploadParts', 'PutObjectRetention']

/** Tells cdk-nag why a function's role has wildcards: only behind the prefix of its keys. */
export function acknowledgeKeys(role: IConstruct, statements: PolicyStatement[], vault: Vault): void {
  const bucket = Stack.of(role).getLogicalId(vault.bucket.node.defaultChild as CfnElement)
  for (const keys of [packs, receipts]) {
    const arn = vault.bucket.arnForObjects(keys)
    if (!statements.some(({ resources }) => resources.includes(arn))) continue
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::<${bucket}.Arn>/${keys}]`,
      reason:
        `Keys under ${keys} carry ids that the receiver makes up while it runs (tenant, source, snapshot), so no policy can name them. ` +
        'The wildcard stands behind a fixed prefix, and the actions are listed one by one.',
    })
  }
}
