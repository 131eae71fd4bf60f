// The frame that every page of the reference stands in.
import { html, type raw } from 'hono/html'
import { STYLE } from './style'

export type Html = ReturnType<typeof html>

/** Text with its \`code\` marked up, escaped. */
export function code(text: string): (string | Html)[] {
  return text.split('`').map((part, i) => (i % 2 === 1 ? html`<code>${part}</code>` : part))
}

interface Layout {
  readonly title: string
  /** The column beside the text. */
  readonly contents: Html
  readonly main: Html
  /** Opens the content security policy for the page's own style and script. */
  readonly nonce: string
  readonly script?: ReturnType<typeof raw>
}

export function layout({ title, contents, main, nonce, script }: Layout): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <style nonce="${nonce}">
          ${STYLE}
        </style>
      </head>
      <body>
        <nav aria-label="Contents">
          <a class="brand" href="/docs">${title.replace(/:.*/, '')}</a>
          ${contents}
        </nav>
        <main id="top">${main}</main>
        ${
          script === undefined
            ? ''
            : html`<script nonce="${nonce}">
                ${script}
              </script>`
        }
      </body>
    </html>`
}
