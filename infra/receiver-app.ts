import { App, Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks } from 'cdk-nag'
import { bundleDirectory } from './bundle.ts'
import { ReceiverStack } from './receiver-stack.ts'
import { readSettings } from './settings.ts'

/** Of the receiver that is deployed without a stage. */
export const stackName = 'FailSafeReceiver'

/**
 * The CDK app, checked by cdk-nag: a finding that nobody acknowledged fails the synthesis. Account and region are left open, so it
 * needs no credentials.
 * @param outdir where the assembly goes; the CDK command line says so itself
 * @param context settings, as `cdk -c` would give them
 */
export function receiverApp(
  options: { outdir?: string; bundles?: string; context?: Record<string, unknown> } = {},
): App {
  const { outdir, bundles = bundleDirectory, context } = options
  const app = new App({
    analyticsReporting: false,
    ...(outdir === undefined ? {} : { outdir }),
    ...(context === undefined ? {} : { context }),
  })
  const settings = readSettings(name => app.node.tryGetContext(name))
  const id = settings.stage === undefined ? stackName : `${stackName}-${settings.stage}`
  new ReceiverStack(app, id, settings, bundles)
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
  return app
}
