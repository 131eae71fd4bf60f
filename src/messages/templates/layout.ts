// How a built-in mail looks: one column that fits a phone, light and dark, readable without pictures or styles, with the code as text that can be copied.
import { html, type Html, type TemplateArgument } from '../../define'
import type { MailText, Words } from './words'

const FONT = "font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
const RIGHT_TO_LEFT = /^(?:ar|dv|fa|he|iw|ku|ps|sd|ug|ur|yi)(?:-|$)/i
/** Addresses that run something instead of leading somewhere. */
const HARMFUL = /^\s*(?:javascript|data|vbscript|blob|file):/i

/** A link that a mail may carry; null when it leads nowhere good. */
export function safeLink(link: string | undefined): string | null {
  return link === undefined || link === '' || HARMFUL.test(link) || /[\p{Cc}\s]/u.test(link) ? null : link
}

// Mail programs that know no dark mode keep to the attributes; the others to the classes, with which an app's own words look the same.
const STYLES = html`<style>
  :root {
    color-scheme: light dark;
    supported-color-schemes: light dark;
  }
  .card h1 {
    margin: 0 0 14px;
    font-size: 21px;
    line-height: 1.3;
  }
  .card p {
    margin: 0 0 14px;
  }
  .link {
    color: #1f6b43;
  }
  .soft {
    color: #51615a;
  }
  .code {
    padding: 2px 8px;
    border-radius: 6px;
    background: #eef3f0;
    font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
    letter-spacing: 0.1em;
  }
  .button {
    display: inline-block;
    padding: 13px 22px;
    border-radius: 10px;
    background: #1f6b43;
    color: #ffffff;
    font-weight: 600;
    text-decoration: none;
  }
  @media (prefers-color-scheme: dark) {
    .page {
      background: #14181c !important;
    }
    .card {
      background: #1e242a !important;
      border-color: #323b44 !important;
    }
    .strong {
      color: #f2f5f7 !important;
    }
    .soft {
      color: #b3bec8 !important;
    }
    .code {
      background: #2a323a !important;
      color: #f2f5f7 !important;
    }
    .button {
      background: #8fd0a5 !important;
      color: #0d1f14 !important;
    }
    .link {
      color: #8fd0a5 !important;
    }
  }
</style>`

/** A whole document around what stands in it. */
export function document({ appName, locale }: TemplateArgument, subject: string, content: Html): string {
  const direction = RIGHT_TO_LEFT.test(locale) ? 'rtl' : 'ltr'
  return html`<!doctype html>
    <html lang="${locale}" dir="${direction}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${subject}</title>
        ${STYLES}
      </head>
      <body class="page" style="margin:0;padding:0;background:#f1f4f2">
        <table role="presentation" width="100%" cellpadding="0" cellspacing="0">
          <tr>
            <td align="center" style="padding:32px 12px">
              <table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:520px">
                <tr>
                  <td class="strong" style="${FONT};padding:0 8px 14px;font-size:15px;font-weight:600;color:#22312a">${appName}</td>
                </tr>
                <tr>
                  <td
                    class="card strong"
                    style="${FONT};background:#ffffff;border:1px solid #dde5e0;border-radius:14px;padding:30px 28px;font-size:16px;line-height:1.55;color:#1b2722"
                  >
                    ${content}
                  </td>
                </tr>
              </table>
            </td>
          </tr>
        </table>
      </body>
    </html>`.markup
}

/** The content of a built-in mail. */
export function content(words: Words, { subject, body, action }: MailText, { code, link }: TemplateArgument): Html {
  const safe = safeLink(link)
  const acts = code !== undefined || safe !== null
  const button =
    safe !== null && action !== undefined
      ? html`<p style="margin:24px 0">
          <a
            class="button"
            href="${safe}"
            style="display:inline-block;background:#1f6b43;color:#ffffff;text-decoration:none;font-weight:600;border-radius:10px;padding:13px 22px"
            >${action}</a
          >
        </p>`
      : null
  const digits =
    code === undefined
      ? null
      : html`<p class="soft" style="margin:0 0 8px;color:#51615a">${button ? words.code : words.codeOnly}</p>
          <p
            class="code"
            style="margin:0 0 24px;background:#eef3f0;border-radius:10px;padding:14px 18px;font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:26px;font-weight:600;letter-spacing:0.18em;color:#1b2722"
          >
            ${code}
          </p>`
  return html`<h1 style="margin:0 0 14px;font-size:21px;line-height:1.3">${subject}</h1>
    ${body.map((paragraph) => html`<p style="margin:0 0 14px">${paragraph}</p>`)} ${button} ${digits}
    ${
      button &&
      html`<p class="soft" style="margin:0 0 14px;font-size:13px;color:#51615a">
        ${words.orOpen}<br /><a class="link" href="${safe}" style="color:#1f6b43;word-break:break-all">${safe}</a>
      </p>`
    }
    <p class="soft" style="margin:0;font-size:13px;color:#51615a">${acts ? words.ignore : words.notYou}</p>`
}

/** The same for who reads no HTML. */
export function plain(words: Words, { subject, body, action }: MailText, { code, link }: TemplateArgument): string {
  const safe = safeLink(link)
  return [
    subject,
    ...body,
    ...(safe === null ? [] : [`${action ?? subject}:\n${safe}`]),
    ...(code === undefined ? [] : [`${safe === null ? words.codeOnly : words.code} ${code}`]),
    code !== undefined || safe !== null ? words.ignore : words.notYou,
  ].join('\n\n')
}
