// Who a session belongs to: consent that comes late, other tabs, long visits.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { closeBrowser, visit } from './harness.mjs';

after(closeBrowser);

const BUTTON = '<button>A</button>';
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const sessionOf = ({ sessionId }) => hex(sessionId);
const known = (g) => g.batches.filter(({ visitorId }) => visitorId.length);
/** Lets the page's wall clock run ahead. */
const ahead = (minutes) => {
  const real = Date.now;
  Date.now = () => real() + minutes * 60_000;
};

test('a page that is told of the consent only later finds its visitor and their session again', () =>
  visit({ html: BUTTON }, async ({ page, gateway }) => {
    await gateway.until('the page view', (g) => g.batches.length);
    await page.evaluate(() => furrow.consent(true));
    await page.click('button');
    const [first] = await gateway.until('the visitor', (g) => known(g).length && known(g));
    await page.reload();
    await gateway.until('the next page', (g) => g.of('pageView').length > 1);
    await page.evaluate(() => furrow.consent(true));
    await page.click('button');
    const last = await gateway.until('the visitor on it', (g) => known(g).find(({ senderId }) => hex(senderId) !== hex(first.senderId)));
    assert.equal(hex(last.visitorId), hex(first.visitorId));
    assert.equal(sessionOf(last), sessionOf(first));
    assert.ok(last.interactions[0].pageView, 'the page is a view of that session, too');
    assert.equal(gateway.of('sessionEnd').length, 0);
  }));

test('a page that has not been told of a consent leaves those of other tabs alone', () =>
  visit({ html: BUTTON, init: { consent: true } }, async ({ page, gateway, site, context }) => {
    site.pages.set('/untold', `<title>t</title><script src="/furrow.iife.js"></script><script>furrow.init({ endpoint: '${gateway.address}', key: 'k' })</script>`);
    await gateway.until('the first tab', (g) => known(g).length);
    const other = await context.newPage();
    await other.goto(`${site.address}/untold`);
    await gateway.until('the other tab', (g) => g.batches.some(({ visitorId }) => !visitorId.length));
    await page.bringToFront();
    await page.click('button');
    await gateway.until('the press', (g) => g.presses.length);
    assert.equal(gateway.of('sessionEnd').length, 0);
    assert.equal(new Set(known(gateway).map(sessionOf)).size, 1);
  }));

test('a withdrawal in one tab ends the session of the others', () =>
  visit({ html: BUTTON, init: { consent: true } }, async ({ page, gateway, context }) => {
    const other = await context.newPage();
    await other.goto(page.url());
    await gateway.until('both tabs', (g) => g.of('pageView').length === 2);
    await page.evaluate(() => furrow.consent(false));
    await gateway.until('both ends', (g) => g.of('sessionEnd').filter(({ cause }) => cause === 3).length === 2);
    assert.deepEqual(await other.evaluate(() => [localStorage.length, sessionStorage.length]), [0, 0]);
  }));

test('a tab that was away joins the session that another has begun', () =>
  visit({ html: BUTTON, init: { consent: true } }, async ({ page, gateway, context }) => {
    const [first] = await gateway.until('the first tab', (g) => g.batches.length && g.batches);
    await context.addInitScript(ahead, 35);
    const other = await context.newPage();
    await other.goto(page.url());
    const second = await gateway.until('a session of its own', (g) => g.batches.find((batch) => sessionOf(batch) !== sessionOf(first)));
    await page.evaluate(ahead, 40);
    await page.bringToFront();
    await page.click('button');
    await gateway.until('the press', (g) => g.presses.length);
    assert.deepEqual([...new Set(gateway.batches.map(sessionOf))], [first, second].map(sessionOf));
    const stored = await page.evaluate(() => JSON.parse(localStorage.furrow).session);
    assert.equal(stored, sessionOf(second));
  }));

test('a visit of very many pages goes on as another session before the gateway would refuse it', () =>
  visit({ html: BUTTON, init: { consent: true } }, async ({ page, gateway }) => {
    for (let views = 1; views <= 31; views++) {
      await gateway.until('the view', (g) => g.of('pageView').length === views);
      await page.reload();
    }
    await gateway.until('the last view', (g) => g.of('pageView').length === 32);
    const { batches } = gateway;
    const senders = (session) => new Set(batches.filter((batch) => sessionOf(batch) === session).map(({ senderId }) => hex(senderId))).size;
    const sessions = [...new Set(batches.map(sessionOf))];
    assert.deepEqual(sessions.map(senders), [30, 2]);
    assert.equal(new Set(batches.map(({ visitorId }) => hex(visitorId))).size, 1);
  }));

test('what a site reports while the browser prepares the page is told once the page is shown', () =>
  visit({ html: '' }, async ({ page, gateway, site }) => {
    site.pages.set(
      '/prepared',
      `<title>t</title><script>
         Object.defineProperty(document, 'prerendering', { configurable: true, value: true });
         window.furrow = { queue: [['track', 'queued']] };
       </script><script src="/furrow.iife.js" data-endpoint="${gateway.address}" data-key="k"></script>
       <script>furrow.track('called'); furrow.consent(true)</script>`,
    );
    await page.goto(`${site.address}/prepared`);
    const before = gateway.batches.length;
    await page.evaluate(() => {
      Object.defineProperty(document, 'prerendering', { value: false });
      document.dispatchEvent(new Event('prerenderingchange'));
    });
    const after = await gateway.until('both', (g) => g.of('custom').length === 2 && g.batches.slice(before));
    assert.deepEqual(gateway.of('custom').map(({ name }) => name), ['queued', 'called']);
    assert.ok(after[0].interactions[0].pageView, 'after the page view');
    await page.evaluate(() => furrow.track('known'));
    await gateway.until('the visitor', (g) => known(g).length);
  }));
