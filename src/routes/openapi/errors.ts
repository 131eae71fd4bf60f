// Every kind of error that a client may meet, out of the rooms' catalogs.
import { html } from 'hono/html'
import { authErrors } from '../../auth'
import { changeErrors } from '../../changes'
import type { ErrorDefinition } from '../../core'
import { dataErrors } from '../../data'
import { functionErrors } from '../../functions'
import { messageErrors } from '../../messages'
import { requestErrors } from '../../middleware'
import { platformErrors } from '../../platform'
import { queryErrors, writeErrors } from '../../query'
import { restErrors } from '../../rest'
import { webhookErrors } from '../../webhooks'
import { code as marked, layout, type Html } from './layout'

type Catalog = Readonly<Record<string, ErrorDefinition>>

const CATALOGS: Readonly<Record<string, readonly Catalog[]>> = {
  Requests: [requestErrors, platformErrors],
  Data: [restErrors, queryErrors, writeErrors, dataErrors],
  Functions: [functionErrors],
  Changes: [changeErrors],
  'Sign-in': [authErrors, messageErrors],
  Webhooks: [webhookErrors],
}

const anchor = (name: string): string => name.toLowerCase()

/** The page at /docs/errors; the `type` of an RFC 9457 problem leads to its row. */
export function errorsPage(title: string, nonce: string): Html {
  const names = Object.keys(CATALOGS)
  const contents = html`<ul>
      ${names.map((name) => html`<li><a href="#${anchor(name)}">${name}</a></li>`)}
    </ul>
    <p><a href="/docs">Reference</a></p>`
  const main = html`<h1>Errors</h1>
    <p class="lead">What an answer other than success means, and whether to send the same request again.</p>
    ${Object.entries(CATALOGS).map(([name, catalogs]) => section(name, catalogs))}`
  return layout({ title: `${title}: errors`, contents, main, nonce })
}

function section(name: string, catalogs: readonly Catalog[]): Html {
  const rows = catalogs.flatMap((catalog) => Object.values(catalog))
  return html`<section id="${anchor(name)}">
    <h2>${name}</h2>
    <div class="scroll">
      <table class="errors">
        <thead>
          <tr>
            <th>Code</th>
            <th>In the data API</th>
            <th>Status</th>
            <th>Meaning</th>
            <th></th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ({ code, postgrest, status, title, retry }) =>
              html`<tr id="${code}">
                <td><code>${code}</code></td>
                <td><code>${postgrest ?? ''}</code></td>
                <td>${status}</td>
                <td>${marked(title)}</td>
                <td>${retry ? 'try again' : ''}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`
}
