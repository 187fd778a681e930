import { CfnOutput, Duration, RemovalPolicy, Validations } from 'aws-cdk-lib'
import {
  ApiMapping,
  DomainName,
  HttpApi,
  HttpMethod,
  HttpStage,
  LogGroupLogDestination,
  SecurityPolicy,
} from 'aws-cdk-lib/aws-apigatewayv2'
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers'
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import type { FunctionDefinition } from '../functions.ts'
import type { Settings } from '../settings.ts'

/** The HTTP API: one route per call, each to the function that answers it. */
export class ReceiverApi extends Construct {
  /** `https://host`, the receiver's address. */
  readonly origin: string
  readonly #api: HttpApi
  readonly #provider = new HttpIamAuthorizer()

  constructor(scope: Construct, id: string, { domain, certificateArn }: Settings) {
    super(scope, id)
    this.#api = new HttpApi(this, 'Api', {
      apiName: 'failsafe-receiver',
      createDefaultStage: false,
      description: 'FailSafe Online Backup: the receiver',
      disableExecuteApiEndpoint: domain !== undefined,
    })
    const accessLog = new LogGroup(this, 'AccessLog', {
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.RETAIN,
    })
    const stage = new HttpStage(this, 'Stage', {
      httpApi: this.#api,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: 500, burstLimit: 1000 },
      accessLogSettings: { destination: new LogGroupLogDestination(accessLog) },
    })
    this.origin = domain === undefined ? this.#api.apiEndpoint : `https://${domain}`
    if (domain !== undefined && certificateArn !== undefined) this.#answerUnder(domain, certificateArn, stage)
  }

  serve({ name, routes, callers }: FunctionDefinition, handler: IFunction): void {
    const integration = new HttpLambdaIntegration(name, handler, { timeout: Duration.seconds(29) })
    for (const route of routes) {
      const [method, path] = route.split(' ') as [keyof typeof HttpMethod, string]
      const added = this.#api.addRoutes({
        path,
        methods: [HttpMethod[method]],
        integration,
        ...(callers === 'provider' ? { authorizer: this.#provider } : {}),
      })
      if (callers === 'agent')
        Validations.of(added[0]!).acknowledge({
          id: 'AwsSolutions-APIG4',
          reason:
            'Agents and link holders have no AWS identity. The function itself checks a proof signed with the agent key over method, ' +
            'path, body and time, or the hash of a restore link; what needs neither says nothing but the receiver id and its clock.',
        })
    }
  }

  #answerUnder(domain: string, certificateArn: string, stage: HttpStage): void {
    const domainName = new DomainName(this, 'Domain', {
      domainName: domain,
      certificate: Certificate.fromCertificateArn(this, 'Certificate', certificateArn),
      securityPolicy: SecurityPolicy.TLS_1_2,
    })
    new ApiMapping(this, 'Mapping', { api: this.#api, domainName, stage })
    new CfnOutput(this, 'DomainTarget', {
      value: domainName.regionalDomainName,
      description: `Point ${domain} here with a CNAME or alias record`,
    })
  }
}
