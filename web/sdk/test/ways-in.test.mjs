// How the SDK gets into a page: as a module, twice, under strict policies.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { closeBrowser, visit } from './harness.mjs';

after(closeBrowser);

test('a page that trusts no script and no text as code can have it', () =>
  visit({ html: '' }, async ({ page, gateway, site }) => {
    site.pages.set(
      '/strict',
      `<title>t</title><meta name="furrow-endpoint" content="${gateway.address}"><meta name="furrow-group" content="strict">
       <meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self'; connect-src ${gateway.address}; require-trusted-types-for 'script'; trusted-types 'none'">
       <script src="/furrow.iife.js" data-key="strict-key"></script><button id="b">A</button>`,
    );
    const complaints = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(`${message.text()} ${message.location().url}`));
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(`${site.address}/strict`);
    await page.click('#b');
    const [press] = await gateway.until('the press', (g) => g.presses.length && g.presses);
    assert.equal(press.target.selector, 'button#b');
    assert.equal(gateway.of('pageView').at(-1).page.group, 'strict');
    assert.deepEqual(complaints.filter((text) => !text.includes('favicon')), []);
  }));

test('the module tells the same as the script', () =>
  visit({ html: '' }, async ({ page, gateway, site }) => {
    site.pages.set(
      '/module',
      `<title>t</title><button id="b">A</button><script type="module">import * as furrow from '/furrow.mjs';
       furrow.init({ endpoint: '${gateway.address}/', key: 'module-key', group: 'm' }); furrow.track('from a module');</script>`,
    );
    await page.goto(`${site.address}/module`);
    await page.click('#b');
    await gateway.until('the press and the call', (g) => g.presses.length && g.of('custom').length);
    assert.equal(gateway.of('custom')[0].name, 'from a module');
    assert.ok(gateway.keys.has('module-key'));
  }));

test('a page that names the script twice is still one page', () =>
  visit({ html: '<script src="/furrow.iife.js"></script><button id="b">A</button>' }, async ({ page, gateway }) => {
    await page.click('#b');
    await gateway.until('the press', (g) => g.presses.length);
    assert.equal(gateway.of('press').length, 1);
    assert.equal(gateway.of('pageView').length, 1);
  }));

test('the module can be loaded where there is no page', async () => {
  const furrow = await import('../dist/furrow.mjs');
  furrow.init({ endpoint: 'http://127.0.0.1:1', key: 'k' });
  furrow.track('nobody hears this');
  furrow.consent(true);
});
