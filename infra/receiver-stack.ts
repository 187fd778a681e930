import { join } from 'node:path'
import { CfnOutput, Fn, Stack } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { Catalogue } from './constructs/catalogue.ts'
import { acknowledgeKeys, permissionsOf } from './constructs/permissions.ts'
import { ReceiverApi } from './constructs/receiver-api.ts'
import { ReceiverFunction } from './constructs/receiver-function.ts'
import { Vault } from './constructs/vault.ts'
import { functions } from './functions.ts'
import type { Settings } from './settings.ts'

/** One receiver: HTTP API → functions → catalogue and vault. It can be deployed to any account and region. */
export class ReceiverStack extends Stack {
  /** @param bundles the folder that holds one bundle per function */
  constructor(scope: Construct, id: string, settings: Settings, bundles: string) {
    super(scope, id, { description: 'FailSafe Online Backup: the receiver' })
    const api = new ReceiverApi(this, 'Api', settings)
    const catalogue = new Catalogue(this, 'Catalogue')
    const vault = new Vault(this, 'Vault', api.origin)
    const environment = {
      TABLE_NAME: catalogue.table.tableName,
      VAULT_BUCKET: vault.bucket.bucketName,
      RECEIVER_ID: settings.receiverId ?? uniquePartOf(this.stackId),
      RECEIVER_NAME: settings.receiverName,
      LOCK_MODE: settings.lockMode,
      MINIMUM_DAYS: String(settings.minimumDays),
      EGRESS_PRICE_PER_GB: String(settings.egressPricePerGb),
      ...(settings.domain === undefined ? {} : { PUBLIC_URL: api.origin }),
      POWERTOOLS_METRICS_NAMESPACE: 'FailSafe',
      POWERTOOLS_LOG_LEVEL: 'INFO',
    }
    for (const definition of functions) {
      const { handler, role } = new ReceiverFunction(this, definition.name, {
        bundle: join(bundles, definition.name),
        description: `FailSafe Online Backup: ${definition.name}`,
        environment: { ...environment, POWERTOOLS_SERVICE_NAME: definition.name },
        permissions: permissionsOf(definition.name, vault, catalogue),
      })
      acknowledgeKeys(role, definition.name, vault)
      api.serve(definition, handler)
    }
    new CfnOutput(this, 'ReceiverUrl', { value: api.origin, description: 'What agents enrol with' })
    new CfnOutput(this, 'VaultBucket', { value: vault.bucket.bucketName })
    new CfnOutput(this, 'CatalogueTable', { value: catalogue.table.tableName })
  }
}

/** The UUID that CloudFormation gave the stack: it stays as long as the stack does. */
function uniquePartOf(stackId: string): string {
  return Fn.select(2, Fn.split('/', stackId))
}
