import { arch, hostname, platform as osPlatform, release } from 'node:os'
import { certify } from '../../shared/certificate.ts'
import { Failure } from '../../shared/failure.ts'
import { Label } from '../../shared/ids.ts'
import { fingerprintOf, type PrivateKey, publicKeyOf } from '../../shared/jws.ts'
import { ProblemError } from '../../shared/problem.ts'
import { parseRecipients } from '../../shared/sealed/recipient.ts'
import { loadConfig } from '../config/load.ts'
import { exit } from '../exit.ts'
import { type Network, openNetwork } from '../network/network.ts'
import { type EnrolAddress, enrol, parseEnrolAddress } from '../receiver/enrol.ts'
import type { AgentState } from '../state/agent.ts'
import { enrolmentKey, findAgent, forgetEnrolmentKey, prepareState, saveAgent } from '../state/store.ts'
import { version } from '../version.ts'
import { patience } from './connect.ts'
import { verb } from './help.ts'
import { readAddress } from './input.ts'
import { openKit } from './kit-file.ts'
import { append } from './options.ts'
import type { Terminal } from './terminal.ts'
import type { Job, Work } from './work.ts'

interface Options {
  config?: string
  json?: boolean
  name?: string
  recoveryKit?: string
  recipient?: string[]
}

export function define(work: Work) {
  return verb('enrol', {
    summary: 'Makes this host an agent of your provider.',
    examples: [
      "failsafe enrol 'https://receiver.example.net#main.s3cr3t' --recovery-kit /media/stick/recovery-kit.txt",
      'FAILSAFE_ENROL_TOKEN=… failsafe enrol --recipient age1…',
    ],
    codes: [exit.refused],
  })
    .argument('[token]', 'what the provider gave you: <url>#<token>, or - or a file (or FAILSAFE_ENROL_TOKEN)')
    .option('--name <name>', 'what to call this host', hostname())
    .option('--recovery-kit <file>', 'recovery kit to use; made there when it does not exist')
    .option('--recipient <age1…>', 'seal to this key of age instead (may be given several times)', append)
    .action((token: string | undefined, options: Options) => work.run(options, job => run(token, options, job)))
}

async function run(argument: string | undefined, options: Options, { terminal, reporter }: Job) {
  const { recoveryKit, recipient } = options
  if ((recoveryKit === undefined) === (recipient === undefined))
    throw new Failure('usage', 'Give either --recovery-kit or --recipient', {
      why: 'backups are sealed to a key that only you hold, and the provider never supplies it',
      fix: 'Use --recovery-kit FILE to have a new kit made there',
    })
  const text = await readAddress(argument, 'FAILSAFE_ENROL_TOKEN', terminal)
  if (text === undefined)
    throw new Failure('usage', 'The enrolment token is missing', { fix: 'See: failsafe enrol --help' })
  const address = parseEnrolAddress(text)
  const name = labelOf(options.name!)
  const config = await loadConfig(options.config, terminal.env, terminal.platform)
  const directory = config.state.dir
  const before = await findAgent(directory)
  if (before) throw alreadyEnrolled(before, directory)
  // A token can be spent once: what would fail afterwards is tried before.
  await prepareState(directory)
  const network = await openNetwork(config.network, terminal.env, terminal.signal)
  if (recipient) parseRecipients(recipient)

  const kit = recoveryKit
    ? await openKit(recoveryKit, { receiver: address.url, stateDirectory: directory }, terminal)
    : undefined
  const key = await enrolmentKey(directory)
  const recipients = kit ? [kit.kit.recipient] : recipient!
  const certificate = kit ? await certify(publicKeyOf(key), kit.kit.customerKey, terminal.now()) : null
  const customerKey = kit ? publicKeyOf(kit.kit.customerKey) : null
  let agent: AgentState
  try {
    agent = await spend(address, key, { name, recipients, certificate, customerKey }, network, terminal)
  } catch (error) {
    // Where it is not known whether the token was spent, kit and key stay, so that the same command can be given again.
    if (error instanceof ProblemError && !error.retriable) {
      await kit?.discard()
      await forgetEnrolmentKey(directory)
    }
    throw error
  }
  await saveAgent(directory, agent)

  const fingerprint = await fingerprintOf(key)
  reporter.summary({
    json: {
      agent: agent.agent,
      tenant: agent.tenant,
      name,
      receiver: agent.receiver.url,
      fingerprint,
      certified: certificate !== null,
      recipients,
      kit: kit ? { path: kit.path, made: kit.made } : null,
    },
    lines: [
      `This host is enrolled as ${name} (${agent.agent}) at ${agent.receiver.url}.`,
      `Its key has the fingerprint ${fingerprint}.`,
      ...(kit
        ? [
            `${kit.made ? 'A new recovery kit was written to' : 'It uses the recovery kit'} ${kit.path}.`,
            'Move the kit off this host now, and keep two copies: nobody can open a backup without it.',
          ]
        : [`Note the fingerprint: later, with the recovery kit: failsafe kit certify ${fingerprint} --identity FILE`]),
    ],
  })
  return exit.done
}

async function spend(
  address: EnrolAddress,
  key: PrivateKey,
  about: Pick<AgentState, 'name' | 'recipients' | 'certificate' | 'customerKey'>,
  network: Network,
  { signal, now }: Terminal,
): Promise<AgentState> {
  const { name, recipients, certificate, customerKey } = about
  const answer = await enrol(
    address,
    key,
    {
      name,
      publicKey: publicKeyOf(key),
      ...(certificate === null ? {} : { certificate }),
      ...(customerKey === null ? {} : { customerKey }),
      recipients,
      platform: `${osPlatform()} ${release()} ${arch()}`.slice(0, 100),
      uploader: version,
    },
    { connections: network.connections(1), signal, now, patience },
  )
  return {
    format: 'failsafe.agent/1',
    receiver: { url: address.url, id: answer.receiver },
    tenant: answer.tenant,
    agent: answer.agent,
    name: answer.name,
    key,
    customerKey,
    certificate,
    recipients,
    succession: [],
  }
}

function labelOf(name: string): string {
  const label = Label.safeParse(name)
  if (label.success) return label.data
  throw new Failure('usage', `${JSON.stringify(name)} cannot be the name of this host`, {
    why: label.error.issues[0]!.message,
    fix: 'Give another one with --name',
  })
}

function alreadyEnrolled({ name, receiver }: AgentState, directory: string): Failure {
  return new Failure('already-enrolled', `This host is already enrolled as ${name} at ${receiver.url}`, {
    why: `${directory} holds agent.json`,
    fix: 'Nothing was changed. To enrol it anew, have the provider revoke the agent and remove that file first',
  })
}
