import type { Command } from 'commander'
import type { Work } from './work.ts'

/** How a verb's file describes itself; loaded only when the verb is used, so that the start is quick. */
export interface VerbModule {
  define(work: Work): Command
}

export interface Verb {
  name: string
  usage: string
  summary: string
  load(): Promise<VerbModule>
}

/** Every verb, by task, in the order of `failsafe --help`. */
export const tasks: { task: string; verbs: Verb[] }[] = [
  {
    task: 'Set up this server',
    verbs: [
      {
        name: 'enrol',
        usage: 'enrol <url>#<token>',
        summary: 'make this host an agent of your provider',
        load: () => import('./enrol.ts'),
      },
      {
        name: 'init',
        usage: 'init',
        summary: 'find the databases of this machine and write failsafe.yaml',
        load: () => import('./init.ts'),
      },
      {
        name: 'kit',
        usage: 'kit show|check|certify',
        summary: 'look at, prove or use the recovery kit',
        load: () => import('./kit.ts'),
      },
      {
        name: 'service',
        usage: 'service install|uninstall|status|start|stop',
        summary: 'have the system run failsafe by itself',
        load: () => import('./service.ts'),
      },
      {
        name: 'rotate-key',
        usage: 'rotate-key',
        summary: 'sign with a new key from now on',
        load: () => import('./rotate-key.ts'),
      },
    ],
  },
  {
    task: 'Back up',
    verbs: [
      {
        name: 'backup',
        usage: 'backup <source>',
        summary: 'back up one source now',
        load: () => import('./backup.ts'),
      },
      {
        name: 'cancel',
        usage: 'cancel <source>',
        summary: 'end the backup that is going on',
        load: () => import('./cancel.ts'),
      },
      {
        name: 'run',
        usage: 'run',
        summary: 'back up by the schedule, until it is stopped',
        load: () => import('./run.ts'),
      },
    ],
  },
  {
    task: 'Look and prove',
    verbs: [
      {
        name: 'status',
        usage: 'status',
        summary: 'next runs, last outcomes, what is going on',
        load: () => import('./status.ts'),
      },
      {
        name: 'doctor',
        usage: 'doctor [source]',
        summary: 'what is wrong with this host or its sources, and what to do',
        load: () => import('./doctor.ts'),
      },
      {
        name: 'list',
        usage: 'list [source]',
        summary: 'snapshots, newest first',
        load: () => import('./list.ts'),
      },
      {
        name: 'show',
        usage: 'show <snapshot>',
        summary: 'what one snapshot holds',
        load: () => import('./show.ts'),
      },
      {
        name: 'verify',
        usage: 'verify <snapshot|source>',
        summary: 'read a snapshot and prove that it is whole',
        load: () => import('./verify.ts'),
      },
    ],
  },
  {
    task: 'Restore',
    verbs: [
      {
        name: 'restore',
        usage: 'restore <source|link> --to DIR',
        summary: 'fetch, open and check a backup, and load it where asked',
        load: () => import('./restore.ts'),
      },
      {
        name: 'link',
        usage: 'link <source>',
        summary: 'a web address with which somebody else can restore',
        load: () => import('./link.ts'),
      },
    ],
  },
]
