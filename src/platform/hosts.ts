// Which hosts are ours, and so may stand in the URLs we make. Believes no header that a client can write.
import { isDevelopment, type Env } from './env'

type HostSettings = Pick<Env, 'PERIGEE_HOSTS' | 'PERIGEE_ENV'>

function allowed(env: HostSettings): readonly string[] {
  const hosts = (env.PERIGEE_HOSTS ?? '')
    .split(',')
    .map((host) => host.trim().toLowerCase())
    .filter((host) => host !== '' && host !== '*')
  return hosts
}

function allowsAny(env: HostSettings): boolean {
  return isDevelopment(env as Env) && (env.PERIGEE_HOSTS === undefined || env.PERIGEE_HOSTS.split(',').some((host) => host.trim() === '*'))
}

/**
 * Whether `host` (with its port) may stand in our URLs. Without PERIGEE_HOSTS that is the host that was called,
 * which Cloudflare routed here; in development, any.
 */
export function isOurHost(env: HostSettings, host: string, called: string): boolean {
  if (allowsAny(env)) return true
  const hosts = allowed(env)
  return hosts.length === 0 ? host.toLowerCase() === called.toLowerCase() : hosts.includes(host.toLowerCase())
}

/** `https://host` for URLs that we make: of the host that was called when it is ours, else of the first that is. */
export function publicOrigin(env: HostSettings, url: URL): string {
  if (isOurHost(env, url.host, url.host)) return url.origin
  return `https://${allowed(env)[0]}`
}
