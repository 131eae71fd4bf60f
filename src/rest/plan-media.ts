// `application/vnd.pgrst.plan+text; for="application/json"; options=analyze|verbose`: what a request for a plan says.

export interface PlanMedia {
  readonly format: 'text' | 'json'
  /** The media type of the answer that the plan would be of. */
  readonly for: string
  readonly options: readonly string[]
}

/** Reads one range of an Accept header; null for any other type. Text when it names no format, JSON rows when it names no type. */
export function parsePlanMedia(range: string): PlanMedia | null {
  const found = /^\s*application\/vnd\.pgrst\.plan(\+text|\+json)?\s*(;.*)?$/is.exec(range)
  if (!found) return null
  const [, suffix, rest = ''] = found
  const inner = /;\s*for\s*=\s*"([^"]*)"/i.exec(rest)?.[1]?.trim().toLowerCase()
  const options = /;\s*options\s*=\s*([a-z|]*)/i.exec(rest.replace(/"[^"]*"/, ''))?.[1] ?? ''
  return {
    format: suffix?.toLowerCase() === '+json' ? 'json' : 'text',
    for: inner || 'application/json',
    options: options.toLowerCase().split('|').filter(Boolean),
  }
}
