// The answer of every request that ends in a session.
import { endReading, type AppContext } from '../../middleware'
import type { SessionAnswer } from '../../platform'
import { noteDevice } from './sign-in-limits'

/** The session, and what its device shows at the next sign-in. Nobody may keep it in a cache. */
export async function answerSession(c: AppContext, session: SessionAnswer): Promise<Response> {
  await noteDevice(c, session)
  // Sessions may have ended with it: the others, where there is one a person, and a stranger's, where somebody was the first to prove an address. Their
  // proofs that they live, by which they may read near the phone, end with them.
  const grant = c.req.query('grant_type')
  const ends = grant !== 'password' || c.var.app.auth?.sessions?.singlePerPerson === true
  if (ends && grant !== 'refresh_token') endReading(c, session.user.id)
  return c.json(session, 200, { 'cache-control': 'no-store' })
}
