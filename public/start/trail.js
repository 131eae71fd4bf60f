// What lies between the phones: each request with the policy that judged it, the SQL it became and what the database counted.
import { foldColumns, highlight, layOutSql, policyLines } from './highlight.js'

const KEPT = 8
const VERBS = { read: 'read', insert: 'insert', update: 'update' }

/** Asks the server what a request did to the database; null when it no longer knows. */
async function trace(requestId) {
  const answer = requestId ? await fetch(`/dev/trace/${requestId}`) : null
  return answer?.ok ? answer.json() : null
}

/** A table's policy of an action, as TypeScript. */
export function policyText(policies, action) {
  if (action !== 'update') return policies[action]
  const { using, check } = policies.update
  return using === check ? using : `// the row as it was\n${using}\n\n// the row as it becomes\n${check}`
}

function element(name, className, text) {
  const made = document.createElement(name)
  if (className) made.className = className
  if (text !== undefined) made.textContent = text
  return made
}

/** A captioned piece of code. */
export function block(label, text, language) {
  const figure = element('figure')
  const pre = element('pre')
  pre.tabIndex = 0
  highlight(pre, text, language)
  figure.append(element('figcaption', '', label), pre)
  return figure
}

const plural = (count, one, many = `${one}s`) => `${count.toLocaleString('en')} ${count === 1 ? one : many}`

/**
 * Puts a request on top of the trail. `open` shows its policy and SQL at once; the others can be opened.
 * @param {HTMLElement} list @param {{ person: string, text: string, request: object, policies: object, open: boolean }} entry
 */
export async function addToTrail(list, { person, text, request, policies, open }) {
  const found = await trace(request.requestId)
  const statements = found?.calls.flatMap((call) => call.statements) ?? []
  const read = statements.reduce((sum, statement) => sum + statement.rowsRead, 0)
  const written = statements.reduce((sum, statement) => sum + statement.rowsWritten, 0)

  const item = element('li')
  item.dataset.person = person.toLowerCase()
  const details = element('details')
  details.open = open
  const summary = element('summary')
  const headline = element('span', 'headline')
  headline.append(element('b', '', person), ` ${text}`)
  const meters = element('span', 'meters')
  const count = found?.calls.length ?? 0
  meters.append(element('span', 'meter', plural(count, 'D1 call')), element('span', 'meter', `${plural(read, 'row')} read`))
  if (written > 0) meters.append(element('span', 'meter', `${written} written`))
  meters.append(element('span', request.status < 300 ? 'meter code' : 'meter code refused', `${request.method} ${request.status}`))
  summary.append(headline, meters)
  details.append(summary, block(`app/tables/trips.ts · ${VERBS[request.action]}`, policyText(policies, request.action), 'code'))
  if (statements.length > 0)
    details.append(sqlBlock(`SQL · ${plural(statements.length, 'statement')} in ${plural(count, 'round trip')}`, statements))
  details.addEventListener('toggle', () => details.open && showPolicy(details))
  item.append(details)

  if (open) for (const other of list.querySelectorAll('details')) other.open = false
  list.prepend(item)
  while (list.children.length > KEPT) list.lastElementChild.remove()
}

/** The statements a line each element, the lines that decide by the policy marked and the first of them in view. */
function sqlBlock(label, statements) {
  const figure = element('figure')
  const pre = element('pre')
  pre.tabIndex = 0
  const lines = sqlText(statements).split('\n')
  const marked = policyLines(lines, 'trips')
  pre.append(
    ...lines.map((text, index) => {
      const line = element('span', marked[index] ? 'line decides' : 'line')
      highlight(line, text === '' ? ' ' : text, 'sql')
      return line
    }),
  )
  const caption = element('figcaption', '', label)
  if (marked.includes(true)) caption.append(element('span', 'key', 'the policy'))
  figure.append(caption, pre)
  return figure
}

/** Only an element that is drawn has a place to scroll to. */
function showPolicy(details) {
  const pre = details.querySelector('figure:last-child pre')
  const first = pre?.querySelector('.decides')
  if (!first) return
  const lines = [...pre.children]
  // Two lines before it: what is read, and from where.
  const top = lines[Math.max(0, lines.indexOf(first) - 2)]
  pre.scrollTop += top.getBoundingClientRect().top - pre.getBoundingClientRect().top
}

function sqlText(statements) {
  if (statements.length === 1) return layOutSql(foldColumns(statements[0].sql))
  return statements
    .map(
      ({ sql, rowsRead, rowsWritten }, index) =>
        `-- ${index + 1} of ${statements.length}: ${rowsRead} read, ${rowsWritten} written\n${layOutSql(foldColumns(sql))}`,
    )
    .join('\n\n')
}
