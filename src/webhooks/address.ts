// Which addresses a webhook may be sent to: public ones, over TLS. Looks at the address alone and resolves no name: what a name leads to
// is decided by Cloudflare's network, from which no private network is reached.

/** Why an address is refused. */
export type AddressProblem = 'malformed' | 'too_long' | 'scheme' | 'credentials' | 'port' | 'private'

export type AddressCheck = { readonly ok: true; readonly url: URL } | { readonly ok: false; readonly problem: AddressProblem }

/** The longest address, in characters. */
export const MAX_URL_LENGTH = 2_000
/** Ports over TLS that receivers are served on. */
const PORTS = new Set(['', '443', '8443'])
/** Names that lead nowhere but into somebody's own network or host (RFC 6761, RFC 6762, RFC 8375, RFC 9476, clouds' metadata). */
const PRIVATE_NAMES = /(?:^|\.)(?:localhost|local|localdomain|internal|intranet|private|corp|home|lan|home\.arpa|onion|test|invalid|alt)$/

/**
 * Judges an address as it is parsed by the URL standard, which writes every form of an IPv4 address (decimal, octal, hexadecimal, short,
 * full-width digits) as four numbers. `loopback` admits this machine itself, over http and on any port: for development.
 */
export function checkAddress(text: string, rules: { readonly loopback: boolean }): AddressCheck {
  if (text.length > MAX_URL_LENGTH) return { ok: false, problem: 'too_long' }
  // The standard drops tabs and line ends out of the middle; nobody writes them in good faith.
  if (/[\p{Cc}\s\\]/u.test(text)) return { ok: false, problem: 'malformed' }
  const url = URL.parse(text)
  if (url === null || url.hostname === '') return { ok: false, problem: 'malformed' }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return { ok: false, problem: 'scheme' }
  if (url.username !== '' || url.password !== '' || /^[a-z]+:\/*[^/?#]*@/i.test(text)) return { ok: false, problem: 'credentials' }
  const host = url.hostname.toLowerCase().replace(/\.+$/, '')
  if (rules.loopback && isLoopback(host)) return { ok: true, url }
  if (url.protocol !== 'https:') return { ok: false, problem: 'scheme' }
  if (!isPublic(host)) return { ok: false, problem: 'private' }
  if (!PORTS.has(url.port)) return { ok: false, problem: 'port' }
  return { ok: true, url }
}

function isLoopback(host: string): boolean {
  const four = parseIpv4(host)
  return host === 'localhost' || host === '[::1]' || (four !== null && four[0] === 127)
}

function isPublic(host: string): boolean {
  if (host.startsWith('[')) {
    const groups = parseIpv6(host.slice(1, -1))
    return groups !== null && isPublicIpv6(groups)
  }
  const four = parseIpv4(host)
  if (four !== null) return isPublicIpv4(four)
  // A name without a dot is of the local network, one that ends in a number is no name.
  return host.includes('.') && !/\.\d+$/.test(host) && !host.includes('..') && !PRIVATE_NAMES.test(host)
}

type Four = readonly [number, number, number, number]

function parseIpv4(host: string): Four | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(host)
  if (!match) return null
  const four = match.slice(1).map(Number)
  return four.every((part) => part <= 255) ? (four as unknown as Four) : null
}

/** IANA IPv4 special-purpose registry (RFC 6890 and later): what isn't globally reachable, and multicast. */
function isPublicIpv4([a, b, c]: Four): boolean {
  if (a === 0 || a === 10 || a === 127 || a >= 224) return false
  if (a === 100 && b >= 64 && b <= 127) return false
  if (a === 169 && b === 254) return false
  if (a === 172 && b >= 16 && b <= 31) return false
  if (a === 192 && (b === 168 || (b === 0 && (c === 0 || c === 2)) || (b === 88 && c === 99))) return false
  if (a === 198 && (b === 18 || b === 19 || (b === 51 && c === 100))) return false
  return !(a === 203 && b === 0 && c === 113)
}

/** Eight groups of an address that the URL standard wrote; null when it is none. */
function parseIpv6(text: string): readonly number[] | null {
  const [head = '', tail, more] = text.split('::')
  if (more !== undefined) return null
  const read = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)))
  const before = read(head)
  const after = tail === undefined ? [] : read(tail)
  const missing = 8 - before.length - after.length
  if (tail === undefined ? missing !== 0 : missing < 1) return null
  const groups = [...before, ...Array.from({ length: missing }, () => 0), ...after]
  return groups.every((group) => group >= 0 && group <= 0xffff) ? groups : null
}

/** Global unicast without its special parts, and NAT64 of public IPv4 addresses (IANA IPv6 special-purpose registry). */
function isPublicIpv6(groups: readonly number[]): boolean {
  const [a = 0, b = 0, c = 0] = groups
  const last: Four = [groups[6]! >> 8, groups[6]! & 0xff, groups[7]! >> 8, groups[7]! & 0xff]
  if (a === 0x64 && b === 0xff9b && c === 0 && groups[3] === 0 && groups[4] === 0 && groups[5] === 0) return isPublicIpv4(last)
  // What is mapped or compatible to IPv4, unique-local, link-local, site-local and multicast stands outside 2000::/3.
  if (a < 0x2000 || a > 0x3fff) return false
  // 2001::/23 holds Teredo and protocol assignments; 2002::/16 is 6to4, with an IPv4 address inside.
  if (a === 0x2001 && (b < 0x200 || b === 0xdb8)) return false
  return a !== 0x2002 && !(a === 0x3fff && b < 0x1000)
}
