import { CfnOutput, Duration, RemovalPolicy, Validations } from 'aws-cdk-lib'
import {
  ApiMapping,
  type CfnStage,
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
import type { IMetric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import { Construct, type IConstruct } from 'constructs'
import type { ApiFunction } from '../functions.ts'
import type { Settings } from '../settings.ts'

const enrolment = 'POST /v1/enrolments'

/** The HTTP API: one route per call, each to the function that answers it. */
export class ReceiverApi extends Construct {
  /** `https://host`, the receiver's address. */
  readonly origin: string
  readonly #api: HttpApi
  readonly #stage: HttpStage
  readonly #settings: Settings
  readonly #provider = new HttpIamAuthorizer()

  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id)
    const { domain, certificateArn } = settings
    this.#settings = settings
    this.#api = new HttpApi(this, 'Api', {
      apiName: 'failsafe-receiver',
      createDefaultStage: false,
      description: 'FailSafe Online Backup: the receiver',
      disableExecuteApiEndpoint: domain !== undefined,
    })
    const accessLog = new LogGroup(this, 'AccessLog', {
      retention: settings.logRetentionDays,
      removalPolicy: RemovalPolicy.RETAIN,
    })
    this.#stage = new HttpStage(this, 'Stage', {
      httpApi: this.#api,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: settings.throttleRate, burstLimit: settings.throttleBurst },
      accessLogSettings: { destination: new LogGroupLogDestination(accessLog) },
    })
    this.origin = domain === undefined ? this.#api.apiEndpoint : `https://${domain}`
    if (domain !== undefined && certificateArn !== undefined) this.#answerUnder(domain, certificateArn)
  }

  serve({ name, routes, callers }: ApiFunction, handler: IFunction): void {
    const integration = new HttpLambdaIntegration(name, handler, { timeout: Duration.seconds(29) })
    for (const route of routes) {
      const [method, path] = route.split(' ') as [keyof typeof HttpMethod, string]
      const added = this.#api.addRoutes({
        path,
        methods: [HttpMethod[method]],
        integration,
        ...(callers === 'provider' ? { authorizer: this.#provider } : {}),
      })
      if (route === enrolment) this.#throttleEnrolment(added[0]!)
      if (callers !== 'provider')
        Validations.of(added[0]!).acknowledge({
          id: 'AwsSolutions-APIG4',
          reason:
            'Agents and link holders have no AWS identity. The function itself checks a proof signed with the agent key over method, ' +
            'path, body and time, or the hash of a restore or console link; what needs neither says nothing but the receiver id and its clock.',
        })
    }
  }

  /** Answers with a 5xx. */
  serverErrors(options: MetricOptions): IMetric {
    return this.#api.metricServerError(options)
  }

  /** Whoever enrols has shown nothing yet, so that nothing but their number holds back who guesses tokens. */
  #throttleEnrolment(route: IConstruct): void {
    const { enrolmentRate, enrolmentBurst } = this.#settings
    const stage = this.#stage.node.defaultChild as CfnStage
    stage.routeSettings = {
      [enrolment]: { ThrottlingRateLimit: enrolmentRate, ThrottlingBurstLimit: enrolmentBurst },
    }
    // Settings for a route that is not there yet are refused.
    stage.node.addDependency(route)
  }

  #answerUnder(domain: string, certificateArn: string): void {
    const domainName = new DomainName(this, 'Domain', {
      domainName: domain,
      certificate: Certificate.fromCertificateArn(this, 'Certificate', certificateArn),
      securityPolicy: SecurityPolicy.TLS_1_2,
    })
    new ApiMapping(this, 'Mapping', { api: this.#api, domainName, stage: this.#stage })
    new CfnOutput(this, 'DomainTarget', {
      value: domainName.regionalDomainName,
      description: `Point ${domain} here with a CNAME or alias record`,
    })
  }
}
