// The demo's own words for one mail; all others are the engine's. What is filled in is escaped by `html`.
import { html, type MailTemplate, type MessageTemplates } from 'perigee'

const english: MailTemplate = ({ appName, code, link }) => ({
  subject: `Your way back to ${appName}`,
  html: html`<h1>Back on the trail?</h1>
    <p><a class="button" href="${link}">Open ${appName}</a></p>
    ${code && html`<p>Or enter this code: <b class="code">${code}</b></p>`}`,
})

const german: MailTemplate = ({ appName, code, link }) => ({
  subject: `Dein Weg zurück zu ${appName}`,
  html: html`<h1>Wieder unterwegs?</h1>
    <p><a class="button" href="${link}">${appName} öffnen</a></p>
    ${code && html`<p>Oder gib diesen Code ein: <b class="code">${code}</b></p>`}`,
})

export const templates: MessageTemplates = {
  magic_link: { languages: { en: english, de: german } },
}
