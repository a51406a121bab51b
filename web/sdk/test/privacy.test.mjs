// What must never leave the browser, and what may be kept in it.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { closeBrowser, visit } from './harness.mjs';

after(closeBrowser);

const SECRET = 'Zq7-kestrel-4111';
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const stored = (page) => page.evaluate(() => [Object.keys(localStorage), Object.keys(sessionStorage), document.cookie]);

test('nothing that is typed leaves the page, in no field and by no event', () =>
  visit(
    {
      html: `<form id="f"><input id="name"><input id="mail" type="email"><input id="pass" type="password" name="pw"><textarea id="text"></textarea>
        <div id="rich" contenteditable style="width:200px;height:40px"></div><select id="choice"><option>a</option><option value="${SECRET}">${SECRET}</option></select>
        <button id="send">Send</button></form><script>f.onsubmit = (e) => e.preventDefault()</script>`,
    },
    async ({ page, gateway }) => {
      for (const id of ['name', 'mail', 'pass', 'text', 'rich']) {
        await page.click(`#${id}`);
        await page.keyboard.type(SECRET);
        await page.keyboard.press('Backspace');
      }
      await page.selectOption('#choice', SECRET);
      await page.click('#text');
      await page.keyboard.press('Control+A');
      await page.keyboard.press('Control+C');
      await page.keyboard.press('Control+V');
      await page.keyboard.press('Control+A');
      await page.keyboard.press('Delete');
      await page.keyboard.press('Enter');
      await page.fill('#mail', 'someone@example.org');
      await page.click('#send');
      await gateway.until('the submission', (g) => g.of('field').some(({ change }) => change === 4));
      await gateway.until('all presses', (g) => g.presses.length >= 7);
      const text = gateway.published.map(({ bytes }) => bytes.toString('latin1')).join('');
      assert.ok(!text.includes(SECRET) && !text.includes('kestrel') && !text.includes('someone@'));
      const fields = gateway.of('field');
      assert.ok(fields.some(({ change }) => change === 6), 'the paste itself is told');
      assert.ok(fields.some(({ change }) => change === 7), 'and that the field was cleared');
      const left = fields.find(({ change, kind }) => change === 2 && kind === 4);
      assert.ok(left.corrections === 1 && left.firstInputMs >= 0, 'corrections are counted, not kept');
    },
  ));

test('personal data in ids, labels, paths and queries is left out', () =>
  visit({ html: '' }, async ({ page, gateway, site }) => {
    site.pages.set(
      '/users/jane@example.org',
      `<title>t</title><script src="/furrow.iife.js"></script><script>furrow.init({ endpoint: '${gateway.address}', key: 'k' })</script>
       <div id="user-1234567"><button class="jane4711x">Mail jane@example.org or +43 660 1234567</button></div>`,
    );
    await page.goto(`${site.address}/users/jane@example.org?token=${SECRET}#${SECRET}`);
    await page.click('button');
    const [press] = await gateway.until('the press', (g) => g.presses.length && g.presses);
    assert.equal(press.target.selector, 'button');
    assert.equal(press.target.label, 'Mail … or +…');
    const text = gateway.published.map(({ bytes }) => bytes.toString('latin1')).join('');
    for (const personal of ['jane', '1234567', SECRET]) assert.ok(!text.includes(personal), personal);
    assert.ok(gateway.of('pageView').some(({ page }) => page.path === '/users/…'));
  }));

test('a control that repeats what was typed, and a link in an editor, have no label', () =>
  visit(
    {
      html: `<input id="i"><button id="create">Create</button><div contenteditable style="width:300px"><a id="a" href="#x">${SECRET}</a></div>
        <script>i.oninput = () => (create.textContent = 'Create “' + i.value + '”')</script>`,
    },
    async ({ page, gateway }) => {
      await page.click('#create');
      await page.fill('#i', SECRET);
      await page.click('#create');
      await page.click('#a');
      const presses = await gateway.until('the presses', (g) => g.presses.length === 3 && g.presses);
      assert.deepEqual(presses.map(({ target }) => target.label), ['Create', '', '']);
      assert.ok(!gateway.published.some(({ bytes }) => bytes.toString('latin1').includes(SECRET)));
    },
  ));

test('a site may switch labels off', () =>
  visit({ html: '<button>Buy</button>', init: { labels: false } }, async ({ page, gateway }) => {
    await page.click('button');
    const [press] = await gateway.until('the press', (g) => g.presses.length && g.presses);
    assert.deepEqual([press.target.selector, press.target.label], ['button', '']);
  }));

test('tokens in a path are left out', () =>
  visit({ html: '' }, async ({ page, gateway, site }) => {
    const token = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0NzExIn0.Zm9vYmFy';
    const path = `/reset/${token}/shop;jsessionid=${SECRET}`;
    site.pages.set(path, `<title>t</title><script src="/furrow.iife.js"></script><script>furrow.init({ endpoint: '${gateway.address}', key: 'k' })</script>`);
    await page.goto(site.address + path);
    await gateway.until('the page', (g) => g.of('pageView').some(({ page }) => page.path === '/reset/…/shop'));
  }));

test('without consent nothing is stored and the visitor has no id', () =>
  visit({ html: '<button>A</button>' }, async ({ page, gateway }) => {
    await page.click('button');
    await gateway.until('the press', (g) => g.presses.length);
    assert.deepEqual(await stored(page), [[], [], '']);
    assert.ok(gateway.batches.every(({ visitorId }) => visitorId.length === 0));
    const first = hex(gateway.batches[0].sessionId);
    await page.reload();
    await gateway.until('a session of its own', (g) => g.batches.some(({ sessionId }) => hex(sessionId) !== first));
    assert.deepEqual(await stored(page), [[], [], '']);
  }));

test('consent gives the visitor an id, and withdrawing it forgets everything', () =>
  visit({ html: '<button>A</button>' }, async ({ page, gateway }) => {
    await gateway.until('the page view', (g) => g.batches.length);
    const session = hex(gateway.batches[0].sessionId);
    await page.evaluate(() => furrow.consent(true));
    await page.click('button');
    const known = await gateway.until('a batch with a visitor', (g) => g.batches.find(({ visitorId }) => visitorId.length === 16));
    assert.equal(hex(known.sessionId), session, 'the session goes on');
    assert.deepEqual((await stored(page))[0], ['furrow']);
    await page.evaluate(() => furrow.consent(false));
    await page.click('button');
    await gateway.until('the session\'s end', (g) => g.of('sessionEnd').some(({ cause }) => cause === 3));
    const after = await gateway.until('a new session', (g) => g.batches.find(({ sessionId }) => hex(sessionId) !== session));
    assert.equal(after.visitorId.length, 0);
    assert.equal(after.sequence ?? 0, 0);
    assert.ok(after.interactions[0].pageView, 'which begins with the page');
    assert.deepEqual(await stored(page), [[], [], '']);
  }));

test('after thirty minutes without an interaction a new session begins', () =>
  visit({ html: '<button>A</button>', init: { consent: true } }, async ({ page, gateway }) => {
    await gateway.until('the page view', (g) => g.batches.length);
    const before = gateway.batches[0];
    await page.evaluate(() => {
      const real = Date.now;
      Date.now = () => real() + 31 * 60_000;
    });
    await page.click('button');
    const after = await gateway.until('the new session', (g) => g.batches.find(({ sessionId }) => hex(sessionId) !== hex(before.sessionId)));
    assert.notEqual(hex(after.senderId), hex(before.senderId));
    assert.equal(hex(after.visitorId), hex(before.visitorId));
    assert.ok(after.interactions[0].pageView);
  }));

test('Global Privacy Control withholds the visitor\'s id, whatever the site was told', () =>
  visit({ html: '' }, async ({ page, gateway, site, context }) => {
    await context.addInitScript(() => Object.defineProperty(navigator, 'globalPrivacyControl', { value: true }));
    site.pages.set('/gpc', `<title>t</title><script src="/furrow.iife.js"></script><script>furrow.init({ endpoint: '${gateway.address}', key: 'gpc', consent: true })</script><button>A</button>`);
    await page.goto(`${site.address}/gpc`);
    for (let n = 0; n < 3; n++) await page.evaluate(() => (furrow.consent(true), furrow.identify('customer-7')));
    await page.click('button');
    await gateway.until('the press', (g) => g.presses.length);
    assert.ok(gateway.batches.every(({ visitorId }) => visitorId.length === 0));
    assert.equal(gateway.of('identify').length, 0);
    const own = gateway.batches.filter(({ page }) => page.path === '/gpc');
    assert.equal(new Set(own.map(({ sessionId }) => hex(sessionId))).size, 1, 'and asking for it changes nothing');
    assert.deepEqual(await stored(page), [[], [], '']);
  }));

test('secrets planted all over a page are in none of the bytes that are sent', () =>
  visit({ html: '' }, async ({ page, gateway, site }) => {
    const secrets = [];
    const plant = () => (secrets.push(`Vq${secrets.length}xKestrel`), secrets.at(-1));
    site.pages.set(
      '/planted',
      `<title>${plant()}</title><meta name="description" content="${plant()}"><script src="/furrow.iife.js"></script>
       <script>furrow.init({ endpoint: '${gateway.address}', key: 'k', consent: true })</script>
       <p id="p" title="${plant()}" data-user="${plant()}" style="width:300px">Dear ${plant()}, welcome</p><!-- ${plant()} -->
       <a id="a" href="#x=${plant()}" onclick="event.preventDefault()">link</a>
       <form id="f" action="/${plant()}" onsubmit="return false"><input id="t" name="t" value="${plant()}" placeholder="${plant()}"><input id="w" type="password" value="${plant()}">
       <input type="hidden" value="${plant()}"><textarea id="x">${plant()}</textarea><select id="s"><option>${plant()}<option value="${plant()}">b</select><button id="b">Go</button></form>
       <div data-furrow-mask id="m"><button id="secret" aria-label="${plant()}">${plant()}</button><input id="mi"></div>
       <div id="e" contenteditable style="width:200px">${plant()}</div><img alt="${plant()}" src="/missing.png?${plant()}">
       <script>setTimeout(() => { throw new Error('for "${plant()}"') }); fetch('/nowhere?token=${plant()}').catch(() => {}); Promise.reject(new Error("no '${plant()}'"))</script>`,
    );
    await page.goto(`${site.address}/planted?q=${plant()}#${plant()}`);
    for (const id of ['p', 'a', 't', 'w', 'x', 's', 'secret', 'mi', 'e', 'b']) await page.click(`#${id}`);
    await page.click('#p', { clickCount: 3 });
    await page.keyboard.press('Control+c');
    for (const id of ['t', 'w', 'x', 'mi']) await page.fill(`#${id}`, plant());
    await page.evaluate((address) => history.pushState({}, '', address), `?other=${plant()}`);
    await page.evaluate(() => furrow.track('done'));
    await gateway.until('the last word', (g) => g.of('custom').length && g.presses.length >= 12);
    const bytes = gateway.published.map((one) => one.bytes).concat(gateway.beaconed);
    const texts = [...bytes.map((one) => one.toString('latin1')), gateway.story, JSON.stringify(gateway.batches)];
    for (const secret of secrets) {
      const written = [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64').slice(0, -4), Buffer.from(secret).toString('hex')];
      for (const form of written) assert.ok(!texts.some((text) => text.includes(form)), `${secret} left the page as ${form}`);
    }
    assert.equal(secrets.length, 30, 'all of them were planted');
  }));
