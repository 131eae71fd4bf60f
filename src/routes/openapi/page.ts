// The reference as one HTML page, made on the server from the OpenAPI document. Loads nothing from anywhere.
import { html } from 'hono/html'
import type { OpenApiDocument } from './document'
import { code, layout, type Html } from './layout'
import type { JsonSchema } from './schema'
import { FILTER_SCRIPT } from './style'

type Dictionary = Readonly<Record<string, unknown>>

/** The page. Every text of the document is escaped; `nonce` opens the content security policy for its own style and script. */
export function docsPage(document: OpenApiDocument, nonce: string): Html {
  const { title, description } = document.info
  const contents = html`<input id="find" type="search" placeholder="Find a path or column" aria-label="Find a path or column" />
    <ul>
      ${document.tags.map((tag) => html`<li><a href="#${tag.name}">${tag.name}</a></li>`)}
    </ul>
    <p><a href="/docs/errors">Errors</a></p>
    <p><a href="/openapi.json">openapi.json</a></p>`
  const main = html`<header>
      <h1>${title}</h1>
      <p class="lead">${description}</p>
      <p>
        Every request carries an API key in <code>apikey</code>; a signed-in person's carries their token too, in
        <code>Authorization: Bearer</code>. What a caller may read and write is decided by each table's policies.
      </p>
      <pre><code>${curl(document)}</code></pre>
    </header>
    ${document.tags.map((tag) => section(document, tag.name, tag.description))}`
  return layout({ title: `${title}: reference`, contents, main, nonce, script: FILTER_SCRIPT })
}

function curl({ servers, paths }: OpenApiDocument): string {
  const isList = (path: string) => path.startsWith('/rest/v1/') && !path.startsWith('/rest/v1/rpc/') && 'get' in paths[path]!
  const path = Object.keys(paths).find(isList) ?? '/health'
  return `curl '${servers[0]?.url ?? ''}${path}?limit=3' \\\n  -H 'apikey: <publishable key>'`
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const

interface Operation {
  readonly operationId?: string
  readonly summary?: string
  readonly description?: string
  readonly tags?: readonly string[]
  readonly parameters?: readonly Dictionary[]
  readonly requestBody?: Dictionary
  readonly responses?: Dictionary
}

function section(document: OpenApiDocument, tag: string, description: string): Html {
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method] as Operation | undefined
      return operation?.tags?.includes(tag) ? [{ path, method, operation }] : []
    }),
  )
  const schema = document.components.schemas[tag]
  return html`<section id="${tag}">
    <h2>${tag}</h2>
    <p>${code(description)}</p>
    ${schema ? columns(schema) : ''} ${operations.map(({ path, method, operation }) => operationHtml(document, path, method, operation))}
  </section>`
}

function columns(schema: JsonSchema): Html {
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, Dictionary>)
  return html`<div class="scroll">
    <table class="columns">
      <thead>
        <tr>
          <th>Column</th>
          <th>Type</th>
          <th></th>
        </tr>
      </thead>
      <tbody>
        ${properties.map(
          ([name, property]) =>
            html`<tr>
              <td><code>${name}</code></td>
              <td>${typeText(property)}</td>
              <td>${code(notes(property))}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}

/** A schema in a few words. */
function typeText(schema: Dictionary): string {
  if (typeof schema['$ref'] === 'string') return schema['$ref'].split('/').at(-1) ?? ''
  const options = schema['oneOf'] ?? schema['anyOf']
  if (Array.isArray(options)) return options.map((option: Dictionary) => typeText(option)).join(' or ')
  if (schema['type'] === 'object' && schema['properties']) return `{ ${Object.keys(schema['properties']).join(', ')} }`
  if (Array.isArray(schema['enum'])) return schema['enum'].map((value) => String(value)).join(' | ')
  if ('const' in schema) return String(schema['const'])
  const { type, format, items } = schema
  if (type === 'array' && items) return `list of ${typeText(items as Dictionary)}`
  const name = Array.isArray(type) ? type.join(' | ') : typeof type === 'string' ? type : 'any JSON'
  return typeof format === 'string' ? `${name} (${format})` : name
}

function notes(schema: Dictionary): string {
  const { description, readOnly, maxLength } = schema
  return [description, readOnly === true ? 'Read-only.' : '', typeof maxLength === 'number' ? `At most ${maxLength} characters.` : '']
    .filter(Boolean)
    .join(' ')
}

function operationHtml(document: OpenApiDocument, path: string, method: string, operation: Operation): Html {
  const parameters = (operation.parameters ?? []).map((parameter) => resolve(document, parameter))
  return html`<details id="${operation.operationId ?? `${method}${path}`}">
    <summary>
      <span class="method ${method}">${method.toUpperCase()}</span> <code>${path}</code>
      <span class="summary">${code(operation.summary ?? '')}</span>
    </summary>
    ${operation.description === undefined ? '' : paragraphs(operation.description)}
    ${
      parameters.length === 0
        ? ''
        : html`<h3>Parameters</h3>
            <dl>${parameters.map(parameterHtml)}</dl>`
    }
    ${
      operation.requestBody === undefined
        ? ''
        : html`<h3>Body</h3>
            <p>${contentText(operation.requestBody)}</p>`
    }
    <h3>Answers</h3>
    <dl>
      ${Object.entries(operation.responses ?? {}).map(([status, answer]) => answerHtml(status, resolve(document, answer as Dictionary)))}
    </dl>
  </details>`
}

function paragraphs(text: string): Html[] {
  return text.split('\n\n').map((block) =>
    block.startsWith('- ')
      ? html`<ul>
          ${block.split('\n').map((line) => html`<li>${code(line.slice(2))}</li>`)}
        </ul>`
      : html`<p>${code(block)}</p>`,
  )
}

function parameterHtml(parameter: Dictionary): Html {
  const example = parameter['example']
  return html`<dt><code>${String(parameter['name'])}</code> <small>${String(parameter['in'])}</small></dt>
    <dd>${code(String(parameter['description'] ?? ''))}${example === undefined ? '' : html` <code>${String(example)}</code>`}</dd>`
}

function answerHtml(status: string, answer: Dictionary): Html {
  return html`<dt><code>${status}</code></dt>
    <dd>${code(String(answer['description'] ?? ''))} ${contentText(answer)}</dd>`
}

function contentText(holder: Dictionary): string {
  const content = holder['content'] as Record<string, { schema?: Dictionary }> | undefined
  const schema = content?.['application/json']?.schema
  return schema ? `JSON: ${typeText(schema)}.` : ''
}

/** Follows a reference into the components. */
function resolve(document: OpenApiDocument, candidate: Dictionary): Dictionary {
  const pointer = candidate['$ref']
  if (typeof pointer !== 'string') return candidate
  const [, , kind, name] = pointer.split('/')
  return document.components[kind as 'parameters'][name ?? ''] ?? {}
}
