import { expect, test } from 'vitest'
import { html, isHtml } from './html'

test('what is interpolated is text, in elements and in attributes', () => {
  expect(html`<a title="${'"><script>'}">${"<b> & '"}</a>`.markup).toBe('<a title="&quot;&gt;&lt;script&gt;">&lt;b&gt; &amp; &#39;</a>')
})

test('pieces of html and lists of them stand as they are; what is nothing stands for nothing', () => {
  expect(html`${['a<', 'b'].map((item) => html`<li>${item}</li>`)}${null}${undefined}${false}${0}`.markup).toBe('<li>a&lt;</li><li>b</li>0')
})

test('an object that only looks like html is none', () => {
  const sent = JSON.parse('{"markup":"<script>"}') as unknown
  expect(isHtml(sent)).toBe(false)
  expect(html`<p>${sent}</p>`.markup).toBe('<p></p>')
})
