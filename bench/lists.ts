// Rows read for the list of 20, by people who see all rows, twenty and none, at any number of rows: the numbers behind the budgets.
import { build, startServer } from '../tests/support/server'
import { fill, LIST } from './data'
import { reader } from './people'

/** Rows that a list may read however many there are: nobody scans the table. */
const MOST_ROWS_READ = 400

export type ListCosts = Readonly<Record<string, { readonly answered: number; readonly rowsRead: number; readonly d1Calls: number }>>

/** Fills a database with `rows` trips and reads the list. Throws when a list reads more than it may, or not what it should. */
export async function measureLists(rows: number): Promise<ListCosts> {
  const built = build()
  const server = await startServer(built)
  try {
    const call = (path: string, init: RequestInit) => fetch(`${server.url}${path}`, init)
    const people = {
      all: await reader(call, server.keys.publishableKey, 'all'),
      twenty: await reader(call, server.keys.publishableKey, 'twenty'),
      none: await reader(call, server.keys.publishableKey, 'none'),
    }
    await fill(server.db, rows, { all: people.all.id, twenty: people.twenty.id })
    const costs: Record<string, ListCosts[string]> = {}
    for (const [name, { headers }] of Object.entries(people)) {
      const response = await call(LIST, { headers })
      const answered = ((await response.json()) as unknown[]).length
      const count = (header: string) => Number(response.headers.get(`x-perigee-${header}`))
      costs[name] = { answered, rowsRead: count('rows-read'), d1Calls: count('d1-calls') }
      console.log(`${rows} rows, sees ${name}: ${answered} answered, ${costs[name].rowsRead} read, ${costs[name].d1Calls} call`)
      const expected = name === 'none' ? 0 : 20
      if (answered !== expected || costs[name].rowsRead > MOST_ROWS_READ || costs[name].d1Calls !== 1)
        throw new Error(`${name}: ${JSON.stringify(costs[name])}`)
    }
    return costs
  } finally {
    await server.close()
    built.remove()
  }
}
