import { type BinaryLike, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { Ports } from './ports.ts'

const derive = promisify<BinaryLike, BinaryLike, number, ScryptOptions, Buffer>(scrypt)
/** 16 MiB and some 50 ms: a passcode is short, so that trying all of them must be dear. */
const cost = { N: 16_384, r: 8, p: 1 }

export interface HashedPasscode {
  salt: string
  hash: string
}

export async function hashPasscode({ random }: Pick<Ports, 'random'>, passcode: string): Promise<HashedPasscode> {
  const salt = Buffer.from(random(16))
  return { salt: salt.toString('base64url'), hash: (await derive(passcode, salt, 32, cost)).toString('base64url') }
}

export async function isPasscode({ salt, hash }: HashedPasscode, passcode: string): Promise<boolean> {
  const expected = Buffer.from(hash, 'base64url')
  return timingSafeEqual(expected, await derive(passcode, Buffer.from(salt, 'base64url'), expected.length, cost))
}
