// What administrators see of people: one, a page of them, and the audit log.
import { run, type AuditAnswer, type AuditAsked, type PeopleAsked, type PersonAnswer, type SqlValue, type Statement } from '../platform'
import { AUDIT_ACTIONS } from './audit'
import { unknownPerson } from './errors'
import { PERSON_COLUMNS, readPerson, showPerson, type Person } from './person'
import type { Workshop } from './workshop'

export function personStatement(userId: string): Statement {
  return { sql: `select ${PERSON_COLUMNS} from auth_users u where u.id = ?`, params: [userId] }
}

/** Errors: `user_not_found` (404). */
export async function personById({ db }: Workshop, userId: string): Promise<Person> {
  const [found] = await run(db, [personStatement(userId)])
  const row = found!.results[0]
  if (row === undefined) throw unknownPerson()
  return readPerson(row)
}

const lowerAscii = (text: string) => text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase())

/** `?1` is what is looked for. */
const FOUND = [
  "instr(coalesce(u.email, ''), ?1)",
  "instr(coalesce(u.phone, ''), ?1)",
  'u.id = ?1',
  "instr(lower(coalesce(u.user_metadata ->> '$.full_name', '')), ?1)",
  "instr(lower(coalesce(u.user_metadata ->> '$.name', '')), ?1)",
].join(' or ')

/** A page of a table and how many rows there are in all, in one call. */
function paged(columns: string, from: string, order: string, params: readonly SqlValue[], { page, perPage }: PeopleAsked | AuditAsked) {
  const [size, skipped] = [String(perPage), String((Math.max(1, page) - 1) * perPage)]
  return [
    { sql: `select count(*) as n ${from}`, params },
    {
      sql: `select ${columns} ${from} order by ${order} limit cast(?${params.length + 1} as integer) offset cast(?${params.length + 2} as integer)`,
      params: [...params, size, skipped],
    },
  ]
}

export async function listPeople({ db }: Workshop, asked: PeopleAsked): Promise<{ users: readonly PersonAnswer[]; total: number }> {
  const all = asked.filter === ''
  const direction = asked.oldestFirst ? 'asc' : 'desc'
  const from = `from auth_users u where ${all ? '1' : `(${FOUND})`}`
  const params = all ? [] : [lowerAscii(asked.filter)]
  const [count, rows] = await run(db, paged(PERSON_COLUMNS, from, `u.created_at ${direction}, u.id ${direction}`, params, asked))
  return { users: rows!.results.map((row) => showPerson(readPerson(row))), total: Number(count!.results[0]!['n']) }
}

const NIL = '00000000-0000-0000-0000-000000000000'

function conditionOf({ scope, text }: AuditAsked): Statement {
  switch (scope) {
    case null:
      return { sql: '1', params: [] }
    case 'user':
      return { sql: 'a.user_id = ?1', params: [text] }
    case 'author':
      return { sql: "instr(lower(coalesce(u.phone, u.email, '')), ?1)", params: [lowerAscii(text)] }
    case 'action':
      return { sql: 'instr(a.action, ?1)', params: [lowerAscii(text)] }
    case 'type': {
      const actions = Object.entries(AUDIT_ACTIONS).flatMap(([action, type]) => (type.includes(lowerAscii(text)) ? [action] : []))
      return { sql: 'a.action in (select value from json_each(?1))', params: [JSON.stringify(actions)] }
    }
  }
}

/** An entry as GoTrue writes it. Who did it is looked up now: entries hold no address, and that of who is gone is gone. */
function showEntry(row: Readonly<Record<string, unknown>>): AuditAnswer {
  const action = String(row['action'])
  const name = row['actor'] === 'person' ? (row['phone'] ?? row['email'] ?? '') : row['actor'] === 'service' ? 'service_role' : 'system'
  return {
    id: String(row['id']),
    payload: {
      action,
      actor_id: row['actor_id'] ?? NIL,
      actor_username: name,
      actor_via_sso: false,
      log_type: (AUDIT_ACTIONS as Readonly<Record<string, string>>)[action] ?? 'account',
      traits: { user_id: row['user_id'], ...(JSON.parse(String(row['details'])) as object) },
    },
    created_at: new Date(Number(row['at'])).toISOString(),
    ip_address: typeof row['ip'] === 'string' ? row['ip'] : '',
  }
}

/** The newest first. */
export async function auditLog({ db }: Workshop, asked: AuditAsked): Promise<{ entries: readonly AuditAnswer[]; total: number }> {
  const { sql, params } = conditionOf(asked)
  const columns = 'a.id, a.at, a.action, a.user_id, a.actor, a.actor_id, a.ip, a.details, u.email, u.phone'
  const from = `from auth_audit a left join auth_users u on u.id = a.actor_id where ${sql}`
  const [count, rows] = await run(db, paged(columns, from, 'a.at desc, a.id desc', params, asked))
  return { entries: rows!.results.map(showEntry), total: Number(count!.results[0]!['n']) }
}
