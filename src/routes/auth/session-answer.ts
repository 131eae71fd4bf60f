// The answer of every request that ends in a session.
import type { AppContext } from '../../middleware'
import type { SessionAnswer } from '../../platform'
import { noteDevice } from './sign-in-limits'

/** The session, and what its device shows at the next sign-in. Nobody may keep it in a cache. */
export async function answerSession(c: AppContext, session: SessionAnswer): Promise<Response> {
  await noteDevice(c, session)
  return c.json(session, 200, { 'cache-control': 'no-store' })
}
