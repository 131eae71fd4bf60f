import { env, exports } from 'cloudflare:workers'
import { beforeAll, expect, test } from 'vitest'

const worker = (exports as unknown as { default: Fetcher }).default
const { KV } = env as unknown as { KV: KVNamespace }
const store = 'https://apps.example/trailhead'
const call = (path: string, build: string | null) =>
  worker.fetch(new Request(`http://localhost${path}`, { headers: build === null ? {} : { 'x-app-build': build } }))

beforeAll(async () => {
  await KV.put('config', JSON.stringify({ minBuild: 400, updateUrls: { ios: store } }))
})

test('a build under the minimum is told to update, and where', async () => {
  const answer = await call('/health', 'ios/399')
  expect(answer.status).toBe(426)
  expect(await answer.json()).toMatchObject({ code: 'upgrade_required', build: 399, min_build: 400, update_url: store })
})

test('each dialect tells it in its own way, before it asks for a key', async () => {
  const data = await call('/rest/v1/trips', '399')
  expect(data.status).toBe(426)
  expect(await data.json()).toMatchObject({ code: 'PT426', details: { min_build: 400, update_url: null } })
  const auth = await call('/auth/v1/user', '1')
  expect(auth.status).toBe(426)
  expect(await auth.json()).toMatchObject({ error_code: 'upgrade_required' })
})

test('the minimum itself passes, and so does whoever names no build or one that cannot be read', async () => {
  for (const build of ['ios/400', '400', null, 'banana', 'ios/', '-1']) expect((await call('/health', build)).status).toBe(200)
})
