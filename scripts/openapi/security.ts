/** How a caller says who it is, for the OpenAPI document. The details are in docs/formats.md and docs/threat-model.md. */
export const securitySchemes = {
  Proof: {
    type: 'apiKey',
    in: 'header',
    name: 'authorization',
    description:
      '`Proof <jwt>`: a JWT signed by the agent (EdDSA, `typ` = `failsafe-proof+jwt`, `kid` = agent id) for this one request: `aud` = receiver ' +
      'id, `htm` = method, `htu` = path and query as sent, `sha256` = base64url of the body’s SHA-256, `iat`, and a `jti` that is good once. ' +
      'While a host enrols, `kid` is the fingerprint of the key that it enrols.',
  },
  Link: {
    type: 'http',
    scheme: 'bearer',
    description: 'The secret of a restore link: what stands behind `#` in its address.',
  },
  Passcode: {
    type: 'apiKey',
    in: 'header',
    name: 'x-failsafe-passcode',
    description: 'The passcode of a restore link that has one; ten wrong ones lock the link.',
  },
  Console: {
    type: 'http',
    scheme: 'bearer',
    description: "The secret of a link to the provider's page: what stands behind `#` in its address.",
  },
  AWS_IAM: {
    type: 'apiKey',
    in: 'header',
    name: 'authorization',
    description:
      'AWS Signature Version 4 of service `execute-api`, by somebody of the provider who may invoke the route (`execute-api:Invoke`).',
    'x-amazon-apigateway-authtype': 'awsSigv4',
  },
}
