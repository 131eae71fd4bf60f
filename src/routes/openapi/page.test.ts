import { expect, test } from 'vitest'
import { docsPage } from './page'

test('text of a declaration never becomes markup', async () => {
  const evil = '<img src=x onerror=alert(1)>"\'&'
  const page = String(
    await docsPage(
      {
        openapi: '3.1.0',
        info: { title: evil, description: evil, version: '1' },
        servers: [{ url: evil }],
        tags: [{ name: evil, description: `\`${evil}\`` }],
        security: [],
        paths: {
          [`/rest/v1/${evil}`]: {
            get: {
              tags: [evil],
              summary: evil,
              description: `- ${evil}`,
              operationId: evil,
              parameters: [{ name: evil, in: evil, description: evil, example: evil }],
              responses: { 200: { description: evil } },
            },
          },
        },
        components: {
          schemas: { [evil]: { properties: { [evil]: { enum: [evil], description: evil } } } },
          parameters: {},
          responses: {},
          securitySchemes: {},
        },
      },
      'nonce',
    ),
  )
  expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;')
  expect(page).not.toContain('<img')
  expect(page).not.toContain(evil)
})
