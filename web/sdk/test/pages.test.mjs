// Page views, navigations, conversions, problems.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { closeBrowser, visit } from './harness.mjs';

after(closeBrowser);

const hex = (bytes) => Buffer.from(bytes).toString('hex');

test('the first interaction of a load is its page view, with timings', () =>
  visit({}, async ({ gateway }) => {
    const [first] = await gateway.until('the page view', (g) => g.interactions.length && g.interactions);
    assert.equal(first.kind, 'pageView');
    const { page, referrer, loadedMs, interactiveMs, documentHeight, viewportWidth } = first.value;
    assert.equal(page.path, '/product');
    assert.equal(page.group, 'product');
    assert.equal(referrer, 1);
    assert.ok(loadedMs > 0 && interactiveMs > 0);
    assert.ok(documentHeight >= 800);
    assert.equal(viewportWidth, 1280);
    assert.deepEqual([...gateway.keys], ['furrow-demo']);
    assert.equal(gateway.published[0].type, 'application/grpc-web+proto');
    assert.match(gateway.batches[0].sdk, /^furrow-web\/\d/);
  }));

test('views without a load are page views, in the order they were seen', () =>
  visit({}, async ({ page, gateway }) => {
    await page.click('#tab-care');
    await page.click('#tab-reviews');
    await page.goBack();
    const views = await gateway.until('four views', (g) => g.of('pageView').length === 4 && g.of('pageView'));
    assert.deepEqual(
      views.map(({ page: { number, path } }) => [number ?? 0, path]),
      [
        [0, '/product'],
        [1, '/product/care'],
        [2, '/product/reviews'],
        [3, '/product/care'],
      ],
    );
    const kinds = await gateway.until('the navigations', (g) => g.of('navigation').length === 3 && g.of('navigation'));
    assert.deepEqual(kinds.map(({ kind }) => kind), [4, 4, 1]);
    // A page's last batch ends before the next page begins.
    for (const batch of gateway.batches) {
      const at = batch.interactions.findIndex(({ pageView }) => pageView);
      assert.ok(at <= 0, 'a page view begins its batch');
    }
  }));

test('loads of one visit share a session with consent, each as a sender of its own', () =>
  visit({ path: '/' }, async ({ page, gateway }) => {
    await gateway.until('the list', (g) => g.batches.length);
    await page.click('#good-pot');
    await page.waitForURL('**/product?p=pot');
    await page.click('#add');
    await page.click('#nav-cart');
    await page.click('#to-checkout');
    await page.fill('#full-name', 'A');
    await page.fill('#email', 'a@example.org');
    await page.fill('#street', 'B');
    await page.fill('#card', '1');
    await page.click('#buy');
    const [goal] = await gateway.until('the conversion', (g) => g.of('conversion').length && g.of('conversion'));
    assert.equal(Number(goal.valueMinor), 2600);
    assert.equal(goal.currency, 'EUR');
    assert.equal(goal.kind, 'purchase');
    assert.match(goal.orderId, /^TT-/);
    await gateway.until('the last view', (g) => g.of('pageView').some(({ page }) => page.path === '/checkout/done'));
    const { batches } = gateway;
    assert.equal(new Set(batches.map(({ sessionId }) => hex(sessionId))).size, 1);
    assert.equal(new Set(batches.map(({ visitorId }) => hex(visitorId))).size, 1);
    assert.ok(new Set(batches.map(({ senderId }) => hex(senderId))).size >= 3);
    assert.equal(batches[0].sessionId[6] >> 4, 7);
    assert.equal(batches[0].visitorId.length, 16);
  }));

test('a reload is told as one', () =>
  visit({}, async ({ page, gateway }) => {
    await page.reload();
    const [navigation] = await gateway.until('the reload', (g) => g.of('navigation').length && g.of('navigation'));
    assert.equal(navigation.kind, 3);
  }));

test('script errors, rejections, failed requests and missing files are problems', () =>
  visit(
    {
      html: `<script>
        setTimeout(() => { throw new Error('broken 4711') });
        Promise.reject(new TypeError('not so'));
        fetch('/nowhere').catch(() => {});
        const request = new XMLHttpRequest();
        request.open('GET', '/shop/api/error');
        request.send();
      </script><img src="/missing.png">`,
    },
    async ({ gateway }) => {
      const problems = await gateway.until('five problems', (g) => g.failures.length >= 5 && g.failures);
      const told = problems.map(({ kind, status }) => `${kind}:${status ?? 0}`).sort();
      assert.deepEqual(told, ['1:0', '1:0', '2:404', '2:500', '3:0']);
    },
  ));

test('a task that holds the page up is told with how long it took', () =>
  visit({ html: '' }, async ({ page, gateway }) => {
    await page.evaluate(() =>
      setTimeout(() => {
        const end = performance.now() + 400;
        while (performance.now() < end);
      }),
    );
    const task = await gateway.until('the task', (g) => g.of('problem').find(({ kind, beganBeforeMs }) => kind === 4 && beganBeforeMs >= 400));
    assert.equal(task.origin, 'self');
  }));

test('a request that the page gives up is no failure, and one used again is told once', () =>
  visit({ html: '<button id="b">Press</button>' }, async ({ page, gateway }) => {
    const outcomes = await page.evaluate(async () => {
      const given = (reason) => {
        const control = new AbortController();
        const request = fetch('/shop/api/slow', { signal: control.signal });
        control.abort(reason);
        return request.catch((error) => String(error?.name ?? error));
      };
      const reasons = await Promise.all([given(), given('superseded'), given(null), given(new Error('newer'))]);
      const xhr = new XMLHttpRequest();
      for (let n = 0; n < 2; n++) {
        xhr.open('GET', '/shop/api/error');
        xhr.send();
        await new Promise((done) => (xhr.onloadend = done));
      }
      return reasons;
    });
    assert.deepEqual(outcomes, ['AbortError', 'superseded', 'null', 'Error']);
    await page.evaluate(() => furrow.track('over'));
    await gateway.until('all of it', (g) => g.of('custom').length);
    assert.deepEqual(gateway.failures.map(({ kind, status }) => [kind, status]), [[2, 500], [2, 500]]);
  }));

test('what the site itself reports arrives, also from before the script had loaded', () =>
  visit({ html: '' }, async ({ page, gateway, site }) => {
    site.pages.set(
      '/early',
      `<title>t</title><script>window.furrow = { queue: [['track', 'early', { a: 1, b: true, c: 'x' }]] }</script>
       <script async src="/furrow.iife.js" data-endpoint="${gateway.address}" data-key="late-key" data-group="g"></script>`,
    );
    await page.goto(`${site.address}/early`);
    await page.waitForFunction(() => typeof furrow.identify === 'function');
    await page.evaluate(() => {
      furrow.identify('customer-7');
      furrow.exposure('checkout', 'b');
      furrow.feedback('nps', 9);
      furrow.queue.push(['track', 'late']);
    });
    await gateway.until('the last call', (g) => g.of('custom').length === 2);
    const [early] = gateway.of('custom');
    assert.equal(early.name, 'early');
    assert.deepEqual(early.attributes.map((attribute) => [attribute.name, attribute[attribute.value]]), [['a', 1], ['b', true], ['c', 'x']]);
    assert.equal(gateway.of('identify')[0].id, 'customer-7');
    assert.equal(gateway.of('exposure')[0].variant, 'b');
    assert.equal(gateway.of('feedback')[0].answer, 9);
    assert.ok(gateway.keys.has('late-key'));
    assert.equal(gateway.of('pageView').at(-1).page.group, 'g');
  }));

test('nothing that a site passes spoils a batch', () =>
  visit({ html: '' }, async ({ page, gateway }) => {
    await page.evaluate(() => {
      const long = '€'.repeat(2_000);
      furrow.track('');
      furrow.track(long, Object.fromEntries(Array.from({ length: 40 }, (_, i) => [long.slice(0, 30) + i, i % 2 ? long : NaN])));
      furrow.conversion({});
      furrow.conversion({ orderId: 'o', valueMinor: Infinity, currency: 'euro' });
      furrow.identify(undefined);
      furrow.exposure('', 'a');
      furrow.feedback('nps', 11);
      furrow.feedback('csat', 0);
      furrow.feedback('other', 1);
      furrow.conversion({ orderId: 'last', valueMinor: -250, currency: 'eur' });
    });
    const goals = await gateway.until('the last goal', (g) => g.of('conversion').length === 2 && g.of('conversion'));
    assert.deepEqual(goals.map(({ orderId, valueMinor, currency }) => [orderId, Number(valueMinor ?? 0), currency ?? '']), [
      ['o', 0, ''],
      ['last', -250, 'EUR'],
    ]);
    const [custom] = gateway.of('custom');
    assert.equal(gateway.of('custom').length, 1);
    assert.equal(custom.attributes.length, 16);
    assert.ok(Buffer.byteLength(custom.name) <= 128);
    for (const { name, text } of custom.attributes) assert.ok(Buffer.byteLength(name) <= 128 && Buffer.byteLength(text) <= 256);
    for (const kind of ['identify', 'exposure', 'feedback']) assert.equal(gateway.of(kind).length, 0);
  }));

test('places within a page, forward and a page out of the cache are told apart', () =>
  visit({ html: '<a id="a" href="#there">there</a><p id="there">here</p>' }, async ({ page, gateway }) => {
    const kinds = (count) => gateway.until(`${count} navigations`, (g) => g.of('navigation').length >= count && g.of('navigation').map(({ kind }) => kind));
    await page.click('#a');
    assert.deepEqual(await kinds(1), [4]);
    await page.goBack();
    assert.deepEqual(await kinds(2), [4, 1]);
    await page.goForward();
    assert.deepEqual(await kinds(3), [4, 1, 2]);
    assert.equal(gateway.of('pageView').length, 1, 'a place on the same page is no new page');
    await page.evaluate(() => {
      dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));
      dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
    });
    assert.deepEqual(await kinds(4), [4, 1, 2, 1]);
    assert.deepEqual(gateway.of('pageView').map(({ page }) => page.number ?? 0), [0, 1]);
  }));
