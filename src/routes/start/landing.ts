// What a browser shows at the root of a deployed backend: where a mail's link ends that has no other place to go, because the app names none.
// Says no more than whether the link did its work; what stands in the address is neither shown nor left there.
import { html, raw } from 'hono/html'
import type { MiddlewareHandler } from 'hono'
import type { AppEnv } from '../../middleware'
import { isDevelopment } from '../../platform'

const STYLE = raw(`
  :root { color-scheme: light dark; --ink: #1b2722; --soft: #51615a; --paper: #f1f4f2; --card: #fff; --line: #dde5e0 }
  @media (prefers-color-scheme: dark) { :root { --ink: #f2f5f7; --soft: #b3bec8; --paper: #14181c; --card: #1e242a; --line: #323b44 } }
  body { margin: 0; min-height: 100vh; display: grid; place-content: center; background: var(--paper); color: var(--ink); font: 17px/1.55 system-ui, sans-serif }
  main { max-width: 26rem; margin: 1rem; padding: 1.9rem 1.75rem; background: var(--card); border: 1px solid var(--line); border-radius: 14px }
  h1 { margin: 0 0 .6rem; font-size: 1.3rem; line-height: 1.3 }
  p { margin: 0; color: var(--soft) }
`)

/** The words are ours whatever the address says, so that nobody can have this page say something with a link of their own. */
const SCRIPT = raw(`
  const brought = new URLSearchParams(location.search.slice(1) + '&' + location.hash.slice(1))
  const said = brought.has('error') ? ['This link didn’t work', 'It was used already, or is too old. Ask for another one in the app.']
    : brought.has('message') ? ['One half is confirmed', 'Open the link in the other mail too.']
    : brought.has('access_token') || brought.has('code') ? ['It’s confirmed', 'You can go back to the app.'] : null
  if (said) for (const [i, name] of ['title', 'text'].entries()) document.getElementById(name).textContent = said[i]
  history.replaceState(null, '', location.pathname)
`)

/** For browsers alone, in production alone; everybody else goes on to what is behind it. The status is still 404: there is nothing here. */
export function landing(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    if (isDevelopment(c.env) || !/\btext\/html\b/.test(c.req.header('accept') ?? '')) return next()
    const nonce = crypto.randomUUID()
    const { name } = c.var.model
    const page = html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <title>${name}</title>
          <style nonce="${nonce}">
            ${STYLE}
          </style>
        </head>
        <body>
          <main>
            <h1 id="title">${name}</h1>
            <p id="text">There is nothing to see here. The app is on your phone.</p>
          </main>
          <script nonce="${nonce}">
            ${SCRIPT}
          </script>
        </body>
      </html>`
    return c.html(page, 404, {
      'cache-control': 'no-store',
      'content-security-policy': `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    })
  }
}
