import { bundleLambdas } from './bundle.ts'
import { receiverApp } from './receiver-app.ts'

// Started by the CDK command line (cdk.json): always deploys the functions as they are in the working tree.
await bundleLambdas()
receiverApp().synth()
