import { App, Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks } from 'cdk-nag'
import { bundleDirectory } from './bundle.ts'
import { ReceiverStack } from './receiver-stack.ts'
import { readSettings } from './settings.ts'

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
  new ReceiverStack(
    app,
    stackName,
    readSettings(name => app.node.tryGetContext(name)),
    bundles,
  )
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
  return app
}
