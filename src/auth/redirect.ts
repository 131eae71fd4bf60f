// Where a browser may be sent after a link or a provider: to the site, and to what the app lists. What isn't allowed becomes the site, silently.

export interface RedirectRules {
  /** `https://…`: where everybody goes who names no other place. */
  readonly siteUrl: string
  /** Globs: `*` stays between dots and slashes, `**` crosses them, `?` is one character, `\` takes the next one as it is. */
  readonly redirectUrls: readonly string[]
}

const MAX_LENGTH = 2_048
/** What runs or reads in the page instead of leaving it. */
const NEVER = new Set(['javascript:', 'data:', 'vbscript:', 'file:', 'blob:', 'about:', 'view-source:', 'filesystem:', 'intent:'])
const WEB = new Set(['http:', 'https:'])

/** Letters, digits, dots, dashes: no number that stands for an address (WHATWG reads `0x7f.1` as one), no IPv6. */
const NAME = /^[a-z0-9.-]+$/
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/
const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[.*\])$/

function globPattern(glob: string, whole: boolean): RegExp {
  let out = ''
  for (let i = 0; i < glob.length; i++) {
    const char = glob[i]!
    if (char === '*' && glob[i + 1] === '*') {
      // In a host, it crosses dots but never ends the host.
      out += whole ? '.*' : '[^/?#@\\\\]*'
      while (glob[i + 1] === '*') i++
    } else if (char === '*') out += '[^./]*'
    else if (char === '?') out += '[^./]'
    else {
      if (char === '\\' && i + 1 < glob.length) i++
      out += glob[i]!.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)
    }
  }
  return new RegExp(`^${out}$`, 's')
}

const compiled = new Map<string, (url: URL) => boolean>()

/** Host and path are matched apart, so that no star in the one reaches into the other. */
function compile(glob: string): (url: URL) => boolean {
  const parts = /^([^/]+):\/\/([^/]*)(.*)$/s.exec(glob)
  if (parts === null) {
    const pattern = globPattern(glob, true)
    return (url) => !WEB.has(url.protocol) && pattern.test(withoutFragment(url))
  }
  const [, scheme = '', authority = '', path = ''] = parts
  const schemePattern = globPattern(scheme.toLowerCase(), false)
  const hostPattern = globPattern(authority.toLowerCase(), false)
  const pathPattern = path === '' && authority.endsWith('**') ? /^/ : globPattern(path === '' ? '/' : path, true)
  return (url) => {
    const rest = `${url.pathname === '' ? '/' : url.pathname}${url.search}`
    return (
      schemePattern.test(url.protocol.slice(0, -1)) &&
      hostPattern.test(url.host.toLowerCase()) &&
      // A slash at the end is the same place.
      (pathPattern.test(rest) || pathPattern.test(rest.endsWith('/') ? rest.slice(0, -1) : `${rest}/`))
    )
  }
}

function matches(glob: string, url: URL): boolean {
  const known = compiled.get(glob) ?? compile(glob)
  compiled.set(glob, known)
  return known(url)
}

function withoutFragment(url: URL): string {
  const bare = new URL(url.href)
  bare.hash = ''
  return bare.href
}

function isHarmless(text: string, url: URL): boolean {
  if (NEVER.has(url.protocol) || url.username !== '' || url.password !== '') return false
  if (!WEB.has(url.protocol)) return true
  if (!NAME.test(url.hostname) && !LOOPBACK.test(url.hostname)) return false
  if (ADDRESS.test(url.hostname) && !LOOPBACK.test(url.hostname)) return false
  // What was written must be what was read: a backslash, an escaped or a wide dot, an address in decimal are read as something else.
  return text.toLowerCase().startsWith(`${url.protocol}//${url.host}`)
}

function isSite(url: URL, site: URL): boolean {
  if (!WEB.has(url.protocol) || url.protocol !== site.protocol || url.hostname !== site.hostname) return false
  return url.port === site.port || LOOPBACK.test(site.hostname)
}

/** The place as it may be sent to, or null. What is answered is what was judged, and has no fragment. */
export function allowedRedirect(text: string, { siteUrl, redirectUrls }: RedirectRules): string | null {
  if (text === '' || text.length > MAX_LENGTH || /[\s\p{Cc}\\]/u.test(text)) return null
  const url = URL.parse(text)
  if (url === null || !isHarmless(text, url)) return null
  const site = URL.parse(siteUrl)
  const allowed = (site !== null && isSite(url, site)) || redirectUrls.some((glob) => matches(glob, url))
  return allowed ? withoutFragment(url) : null
}

/** The first of the places asked for that is allowed, else the site. */
export function resolveRedirect(asked: readonly (string | null | undefined)[], rules: RedirectRules): string {
  for (const text of asked) {
    const allowed = text === null || text === undefined ? null : allowedRedirect(text, rules)
    if (allowed !== null) return allowed
  }
  return rules.siteUrl
}

type Members = Readonly<Record<string, string>>

function sorted(members: Members): [string, string][] {
  return Object.entries(members).sort(([a], [b]) => (a < b ? -1 : 1))
}

/** `url` with members behind `#`, in GoTrue's order, with its empty `sb`. */
export function withFragment(url: string, members: Members): string {
  const bare = url.split('#')[0]!
  return `${bare}#${new URLSearchParams(sorted({ ...members, sb: '' })).toString()}`
}

/** `url` with members in its query, beside those that it has. */
export function withQuery(url: string, members: Members): string {
  const changed = new URL(url)
  for (const [name, value] of sorted(members)) changed.searchParams.set(name, value)
  return changed.href
}
