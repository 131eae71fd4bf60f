// Says that the Worker runs. Tells a stranger nothing else, and asks no store.
import { Hono } from 'hono'
import type { AppEnv } from '../middleware'

export const health = new Hono<AppEnv>().get('/', (c) => c.json({ status: 'ok', name: c.var.app.name }))
