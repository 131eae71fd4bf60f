// By what an address is counted: one subscriber's worth of it, or one network's. Takes what Cloudflare saw, CF-Connecting-IP.

/** The address to count by: IPv6 by its /64, which is what one subscriber has. */
export function addressOf(connectingIp: string | undefined): string {
  if (connectingIp === undefined || connectingIp === '') return 'unknown'
  return connectingIp.includes(':') ? groups(connectingIp).slice(0, 4).join(':') : connectingIp
}

/** The network to count by: IPv4 /24, IPv6 /48. */
export function networkOf(connectingIp: string | undefined): string {
  if (connectingIp === undefined || connectingIp === '') return 'unknown'
  return connectingIp.includes(':') ? groups(connectingIp).slice(0, 3).join(':') : connectingIp.split('.').slice(0, 3).join('.')
}

/** The eight groups of an IPv6 address (RFC 4291 §2.2), `::` written out. */
function groups(address: string): string[] {
  const [head = '', tail] = address.toLowerCase().split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const missing = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length)
  return [...before, ...Array.from({ length: missing }, () => '0'), ...after].map((group) => group.replace(/^0+(?=.)/, ''))
}
