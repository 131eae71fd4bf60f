// Who may see what is meant for a developer on their own machine. Pure; own-machine.ts is the door.

/** What a request says of itself that the door judges by. */
export interface Visitor {
  readonly development: boolean
  readonly url: URL
  readonly origin: string | null
  /** `Sec-Fetch-Site`, which every browser sends and no page can forge. */
  readonly site: string | null
  /** `PERIGEE_HOSTS`, the hosts the developer allows besides the local ones. */
  readonly hosts: string
}

/**
 * Whether the keys may be shown to this visitor. A page of another site must not read them through the developer's browser, neither
 * straight (its origin differs) nor by a name of its own that it lets point here (DNS rebinding: the host isn't local).
 */
export function mayEnter({ development, url, origin, site, hosts }: Visitor): boolean {
  if (!development) return false
  if (site !== null && site !== 'same-origin' && site !== 'none') return false
  if (origin !== null && origin !== url.origin) return false
  return (
    isLocalHost(url.hostname) ||
    hosts.split(',').some((host) => host.trim().toLowerCase() === url.host || host.trim().toLowerCase() === url.hostname)
  )
}

/** Addresses, `localhost` and Bonjour names: what nobody else's DNS can answer for. */
function isLocalHost(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    /\.(localhost|local)$/.test(hostname) ||
    /^\d{1,3}(\.\d{1,3}){3}$/.test(hostname) ||
    hostname.startsWith('[')
  )
}
