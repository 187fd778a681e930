import { join } from 'node:path'
import { Annotations, CfnOutput, Fn, Stack } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { Alarms } from './constructs/alarms.ts'
import { Catalogue } from './constructs/catalogue.ts'
import { Clock } from './constructs/clock.ts'
import { Notices } from './constructs/notices.ts'
import { acknowledgeKeys, permissionsOf } from './constructs/permissions.ts'
import { ReceiverApi } from './constructs/receiver-api.ts'
import { ReceiverFunction } from './constructs/receiver-function.ts'
import { Vault } from './constructs/vault.ts'
import { type FunctionName, functions } from './functions.ts'
import { pageFolder } from './page-file.ts'
import { layLogo } from './page-logo.ts'
import type { Settings } from './settings.ts'

/** One receiver: HTTP API and clock → functions → catalogue, vault and topic. Nothing in it is bound to an account. */
export class ReceiverStack extends Stack {
  /** @param bundles the folder that holds one bundle per function */
  constructor(scope: Construct, id: string, settings: Settings, bundles: string) {
    const { region, stage } = settings
    super(scope, id, {
      description: `FailSafe Online Backup: the receiver${stage === undefined ? '' : ` (${stage})`}`,
      ...(region === undefined ? {} : { env: { region } }),
    })
    const api = new ReceiverApi(this, 'Api', settings)
    const catalogue = new Catalogue(this, 'Catalogue')
    const vault = new Vault(this, 'Vault', { origin: api.origin, kmsKeyArn: settings.kmsKeyArn })
    const notices = new Notices(this, 'Notices', settings.alertAddress)
    const alarms = new Alarms(this, 'Alarms', notices.topic)
    const receiverId = settings.receiverId ?? uniquePartOf(this.stackId)
    const environment = {
      TABLE_NAME: catalogue.table.tableName,
      VAULT_BUCKET: vault.bucket.bucketName,
      RECEIVER_ID: receiverId,
      RECEIVER_NAME: settings.receiverName,
      LOCK_MODE: settings.lockMode,
      MINIMUM_DAYS: String(settings.minimumDays),
      KEEP_DAILY_DAYS: String(settings.keepDailyDays),
      KEEP_WEEKLY_WEEKS: String(settings.keepWeeklyWeeks),
      KEEP_MONTHLY_MONTHS: String(settings.keepMonthlyMonths),
      KEEP_YEARLY_YEARS: String(settings.keepYearlyYears),
      REQUESTS_PER_MINUTE: String(settings.requestsPerMinute),
      DAILY_DOWNLOAD_BYTES: String(Math.round(settings.dailyDownloadGb * 1024 ** 3)),
      WEBHOOK_ADDRESSES: settings.webhookAddresses,
      EGRESS_PRICE_PER_GB: String(settings.egressPricePerGb),
      ...(settings.domain === undefined ? {} : { PUBLIC_URL: api.origin }),
      POWERTOOLS_METRICS_NAMESPACE: 'FailSafe',
      POWERTOOLS_LOG_LEVEL: 'INFO',
    }
    for (const definition of functions) {
      const { name } = definition
      const permissions = permissionsOf(name, { vault, catalogue, notices })
      const bundle = join(bundles, name)
      const { handler, role } = new ReceiverFunction(this, name, {
        bundle,
        definition,
        environment: { ...environment, ...ownEnvironment(name, notices, settings, bundle) },
        permissions,
        settings,
      })
      acknowledgeKeys(role, permissions, vault)
      if (definition.callers === 'clock') new Clock(this, `${name}-clock`, definition, handler)
      else api.serve(definition, handler)
      alarms.watchFunction(definition, handler)
    }
    alarms.watchApi(api)
    alarms.watchCatalogue(catalogue.table)
    if (settings.kmsKeyArn !== undefined) this.#warnOfKey(settings.kmsKeyArn)
    new CfnOutput(this, 'ReceiverUrl', { value: api.origin, description: 'What agents enrol with' })
    new CfnOutput(this, 'ReceiverId', { value: receiverId, description: 'Set receiverId to it when rebuilding' })
    new CfnOutput(this, 'VaultBucket', { value: vault.bucket.bucketName })
    new CfnOutput(this, 'CatalogueTable', { value: catalogue.table.tableName })
    new CfnOutput(this, 'NoticeTopic', { value: notices.topic.topicArn, description: 'Notices and alarms' })
    new CfnOutput(this, 'Stage', { value: stage ?? 'default' })
  }

  #warnOfKey(arn: string): void {
    Annotations.of(this).addWarningV2(
      'failsafe:vault-key',
      `The vault is encrypted under ${arn}. DELETING THAT KEY DESTROYS EVERY BACKUP: object lock keeps the objects, but nobody can ever read ` +
        'them again. Whoever may delete or disable the key can defeat every lock, a compliance lock too. Keep its key policy as tight as the vault.',
    )
  }
}

/** What only one function is told: where to publish, which only the watchdog may, and how the restore page looks. */
function ownEnvironment(name: FunctionName, notices: Notices, settings: Settings, bundle: string) {
  switch (name) {
    case 'watchdog':
      return { NOTICE_TOPIC_ARN: notices.topic.topicArn }
    case 'restore-api':
      return brandOf(settings, join(bundle, pageFolder))
    default:
      return {}
  }
}

/** @param page the folder of the page's files, which the logo is laid into */
function brandOf({ providerName, providerContact, providerLogo, brandColour }: Settings, page: string) {
  return {
    ...(providerName === undefined ? {} : { PROVIDER_NAME: providerName }),
    ...(providerContact === undefined ? {} : { PROVIDER_CONTACT: providerContact }),
    ...(providerLogo === undefined ? {} : { PROVIDER_LOGO: layLogo(page, providerLogo) }),
    ...(brandColour === undefined ? {} : { BRAND_COLOUR: brandColour }),
  }
}

/** The UUID that CloudFormation gave the stack: it stays as long as the stack does. */
function uniquePartOf(stackId: string): string {
  return Fn.select(2, Fn.split('/', stackId))
}
