// ETags (RFC 9110 section 8.8.3): a hash of the body that is sent, so that nothing in it is of what the caller may not read, and
// before it the row's revision where the answer is about one row, which a later write can be held to.
import { createHash } from 'node:crypto'

/** `"{version.stamp}-{hash}"`; the first part only of one row, the second only with a body. */
export function entityTag(contentType: string, revision: string | null, body: string | null): string {
  return `"${revision ?? ''}${body === null ? '' : `-${hashOf(contentType, body)}`}"`
}

/** 128 bits of SHA-256, base64url. */
function hashOf(contentType: string, body: string): string {
  return createHash('sha256').update(contentType).update('\n').update(body).digest('base64url').slice(0, 22)
}

/** Whether the client has this body already. Only bodies are compared: a revision may change when nothing that the caller reads does. */
export function isKnown(ifNoneMatch: string | null, etag: string): boolean {
  if (ifNoneMatch === null) return false
  if (ifNoneMatch.trim() === '*') return true
  const hash = bodyPart(etag)
  return hash !== null && ifNoneMatch.split(',').some((tag) => bodyPart(tag.trim()) === hash)
}

const bodyPart = (tag: string): string | null => /^(?:W\/)?"[\d.]*-([\w-]{22})"$/.exec(tag)?.[1] ?? null
