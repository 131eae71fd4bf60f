// Reads what administrators send: pages, people, roles.
import * as z from 'zod'
import { authErrors, normalisePhone } from '../../auth'
import { AppError, isUuid } from '../../core'
import type { AppContext } from '../../middleware'
import type { AuditAsked, PageAsked, PersonGiven, PersonMade } from '../../platform'
import { data, newPassword, optionalText, validEmail } from './request'

const DEFAULT_PER_PAGE = 50
/** People on a page at most: each can bring 16 kB of metadata. */
export const MAX_PER_PAGE = 1_000

function refused(message: string): AppError {
  return new AppError(authErrors.validation_failed, { message })
}

/** An id out of a path, lower case. Errors: `validation_failed` (404) for what is none. */
export function idOf(c: AppContext, name: 'id' | 'factorId' | 'passkeyId', called: string): string {
  const id = c.req.param(name) ?? ''
  if (!isUuid(id)) throw new AppError({ ...authErrors.validation_failed, status: 404 }, { message: `${called} must be an UUID` })
  return id.toLowerCase()
}

function numberOf(c: AppContext, name: string, fallback: number): number {
  const text = c.req.query(name) ?? ''
  if (text === '') return fallback
  if (!/^\d{1,9}$/.test(text)) throw refused(`Bad Pagination Parameters: ${name} must be a whole number`)
  return Number(text)
}

/** `page` and `per_page`; SDKs send them empty. Errors: `validation_failed`. */
export function readPage(c: AppContext): PageAsked {
  const perPage = numberOf(c, 'per_page', DEFAULT_PER_PAGE)
  if (perPage === 0) throw refused('Bad Pagination Parameters: per_page must be greater than 0')
  if (perPage > MAX_PER_PAGE) throw refused(`Bad Pagination Parameters: per_page must be ${MAX_PER_PAGE} at most`)
  return { page: Math.max(1, numberOf(c, 'page', 1)), perPage }
}

/** GoTrue's headers. SDKs take the page out of what stands behind the first `=`, so `page` goes first and nothing else may hold one or a comma. */
export function pageHeaders(c: AppContext, { page, perPage }: PageAsked, total: number): Record<string, string> {
  const last = Math.ceil(total / perPage)
  const address = (number: number) => {
    const rest = new URLSearchParams(c.req.query())
    for (const name of ['page', 'per_page', 'apikey']) rest.delete(name)
    const others = rest.size === 0 ? '' : `&${rest.toString()}`
    return `<${c.req.path}?page=${number}&per_page=${perPage}${others}>`
  }
  const next = page < last ? [`${address(page + 1)}; rel="next"`] : []
  return { link: [...next, `${address(last)}; rel="last"`].join(', '), 'x-total-count': String(total), 'cache-control': 'no-store' }
}

/** Whether the oldest come first: `sort=created_at asc`. Errors: `validation_failed`. */
export function readSort(c: AppContext): boolean {
  const [field = '', direction = 'desc', ...more] = (c.req.query('sort') || 'created_at desc').split(' ')
  if (field !== 'created_at') throw refused('Bad Sort Parameters: people are sorted by created_at')
  const known = direction.toLowerCase()
  if ((known !== 'asc' && known !== 'desc') || more.length > 0) throw refused('Bad Sort Parameters: only asc and desc are allowed')
  return known === 'asc'
}

const SCOPES = ['author', 'action', 'type', 'user'] as const

/** `query=scope:text`. Errors: `validation_failed`. */
export function readAuditQuery(c: AppContext): Pick<AuditAsked, 'scope' | 'text'> {
  const query = c.req.query('query') ?? ''
  if (query === '') return { scope: null, text: '' }
  const at = query.indexOf(':')
  const scope = SCOPES.find((name) => name === query.slice(0, Math.max(0, at)))
  if (scope === undefined) throw refused(`Invalid query scope: one of ${SCOPES.join(', ')}, a colon, and what to look for`)
  return { scope, text: query.slice(at + 1) }
}

const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false)

const person = {
  email: optionalText,
  phone: optionalText,
  password: optionalText,
  email_confirm: flag,
  phone_confirm: flag,
  user_metadata: data,
  app_metadata: data,
  role: optionalText,
  aud: optionalText,
  ban_duration: optionalText,
}
export const changedPersonBody = z.object({ ...person, password: newPassword })
export const newPersonBody = z.object({ ...person, id: optionalText, password_hash: optionalText })
export const deleteBody = z.object({ should_soft_delete: flag })
export const rolesBody = z.object({ roles: z.array(z.string()).max(100) })

export const factorBody = z.object({ friendly_name: optionalText, phone: optionalText })
export const inviteBody = z.object({ email: optionalText, data })
export const linkBody = z.object({
  type: z.enum(['signup', 'magiclink', 'recovery', 'invite', 'email_change_current', 'email_change_new'], {
    error: 'Invalid email action link type requested',
  }),
  email: optionalText,
  new_email: optionalText,
  password: optionalText,
  data,
  redirect_to: optionalText,
})

/** Errors: `validation_failed`. */
export function requiredEmail(email: string | undefined): string {
  if (email === undefined) throw refused('An email address is required')
  return validEmail(email)
}

/** Errors: `validation_failed`. */
export function validPhone(phone: string): string {
  const normal = normalisePhone(phone)
  if (normal === null) throw refused('Invalid phone number format (E.164 required)')
  return normal
}

/** Everybody is `authenticated` to the tables, and roles are names in `app_metadata`. */
function checkFixed(name: string, value: string | undefined): void {
  if (value !== undefined && value !== 'authenticated') {
    throw refused(`${name} is always "authenticated" here; give people roles in app_metadata.roles`)
  }
}

/** Errors: `validation_failed`. */
export function givenOf(body: z.infer<typeof changedPersonBody>): PersonGiven {
  checkFixed('role', body.role)
  checkFixed('aud', body.aud)
  return {
    email: body.email === undefined ? undefined : validEmail(body.email),
    phone: body.phone === undefined ? undefined : validPhone(body.phone),
    password: body.password,
    emailConfirm: body.email_confirm,
    phoneConfirm: body.phone_confirm,
    userMetadata: body.user_metadata,
    appMetadata: body.app_metadata,
    banDuration: body.ban_duration,
  }
}

const NIL = /^[0-]+$/

/** Errors: `validation_failed`. */
export function madeOf(body: z.infer<typeof newPersonBody>): PersonMade {
  if (body.email === undefined && body.phone === undefined) throw refused('Cannot create a user without either an email or phone')
  if (body.password !== undefined && body.password_hash !== undefined) {
    throw refused('Only a password or a password hash should be provided')
  }
  if (body.id !== undefined && !isUuid(body.id)) throw refused('ID must conform to the uuid v4 format')
  if (body.id !== undefined && NIL.test(body.id)) throw refused('ID cannot be a nil uuid')
  return { ...givenOf(body), id: body.id?.toLowerCase(), passwordHash: body.password_hash }
}
