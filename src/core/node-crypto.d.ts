// The functions of Node's crypto that are used. The runtime has them natively; Node's own types would bring in all of Node's globals.
declare module 'node:crypto' {
  export function scrypt(
    password: Uint8Array,
    salt: Uint8Array,
    keyLength: number,
    options: { N: number; r: number; p: number; maxmem: number },
    callback: (error: Error | null, key: Uint8Array) => void,
  ): void

  interface Digest {
    update(data: string | Uint8Array): Digest
    digest(encoding: 'base64url' | 'hex'): string
  }
  export function createHash(algorithm: 'sha256'): Digest
  export function createHmac(algorithm: 'sha256', key: Uint8Array): Digest
}
