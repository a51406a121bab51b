// Pages in parts: frames, shadow trees, lists that use their rows again.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { answered, closeBrowser, pressRepeatedly, visit } from './harness.mjs';

after(closeBrowser);

const frame = (inner, attributes = '') =>
  `<div style="margin:100px 200px" ${attributes}><iframe id="f" style="border:0;width:400px;height:200px" srcdoc='${inner}'></iframe></div>`;

test('a press in a frame of the same origin is told where it is on the page, with its answer', () =>
  visit({ html: frame('<body style="margin:0"><button id="in" style="width:100px;height:40px">+</button><output id="o">0</output><script>document.getElementById("in").onclick = () => o.value++</script>') }, async ({ page, gateway }) => {
    await page.frameLocator('#f').locator('#in').click();
    const [press] = await gateway.until('the press', (g) => g.presses.length && g.presses);
    const box = await page.locator('#f').boundingBox();
    assert.ok(Math.abs(press.x - box.x - 50) <= 1 && Math.abs(press.y - box.y - 20) <= 1, `${press.x},${press.y} in ${JSON.stringify(box)}`);
    assert.equal(press.target.selector, 'iframe#f button#in');
    assert.ok('mutation_still' in press.facts, JSON.stringify(press.facts));
  }));

test('a dead button in a frame stays unanswered', () =>
  visit({ html: frame('<body style="margin:0"><button id="in" style="width:100px;height:40px">dead</button>') }, async ({ page, gateway }) => {
    const box = await page.locator('#f').boundingBox();
    for (let i = 0; i < 3; i++) await page.mouse.click(box.x + 20, box.y + 20, { delay: 20 });
    const presses = await gateway.until('all presses to their end', (g) => g.presses.length === 3 && g.presses.every((p) => p.response.watchedMs >= 3_000) && g.presses);
    assert.deepEqual(presses.map(({ facts }) => facts).filter((facts) => answered({ facts })), []);
    assert.equal(gateway.of('focus').length, 0, 'going into a frame is no leaving');
  }));

test('the pointer is followed through a frame in the page\'s own positions', () =>
  visit({ html: frame('<body style="margin:0">inside') }, async ({ page, gateway }) => {
    const box = await page.locator('#f').boundingBox();
    await page.mouse.move(box.x - 100, box.y + 50);
    await page.mouse.move(box.x + 300, box.y + 50, { steps: 20 });
    const xs = await gateway.until('the way', (g) => {
      const all = g.of('pointerPath').flatMap(({ startX, dx }) => dx.reduce((way, step) => [...way, way.at(-1) + step], [startX]));
      return all.length > 5 && all.at(-1) > box.x + 250 && all;
    });
    for (let i = 1; i < xs.length; i++) assert.ok(xs[i] >= xs[i - 1], `${xs}`);
  }));

test('what is ignored or masked around a frame or a shadow tree is so inside', () =>
  visit(
    {
      html:
        frame('<body style="margin:0"><button id="in" style="width:100px;height:40px">Dr. Frame</button>', 'data-furrow-ignore="dead" data-furrow-mask') +
        `<div data-furrow-ignore="rage all" data-furrow-mask><x-box id="x"></x-box></div>
         <script>x.attachShadow({ mode: 'open' }).innerHTML = '<button id="shadow">Dr. Shadow</button>'</script>`,
    },
    async ({ page, gateway }) => {
      await page.frameLocator('#f').locator('#in').click();
      await page.locator('#shadow').click();
      const presses = await gateway.until('both presses', (g) => g.presses.length === 2 && g.presses);
      assert.deepEqual(presses.map(({ target }) => [[...target.ignore], target.selector, target.label ?? '']), [
        [[2], 'button', ''],
        [[1, 3], 'button', ''],
      ]);
    },
  ));

test('a frame that shows another document is followed there', () =>
  visit({ html: frame('<a id="in" href="/other" style="display:block;width:200px;height:60px">go</a>') }, async ({ page, gateway, site }) => {
    site.pages.set('/other', '<body style="margin:0"><button id="there" style="width:100px;height:40px">there</button>');
    await page.frameLocator('#f').locator('#in').click();
    await page.frameLocator('#f').locator('#there').click();
    const selectors = await gateway.until('both presses', (g) => g.presses.length === 2 && g.presses.map(({ target }) => target.selector));
    assert.deepEqual(selectors, ['iframe#f a#in', 'iframe#f button#there']);
    assert.equal(gateway.of('pageView').length, 1, 'the page itself stayed');
  }));

test('a list that uses its rows again is no answer while it scrolls, and answers when pressed', () =>
  visit(
    {
      html: `<div id="list" style="height:200px;overflow:auto"><div style="height:20000px;position:relative" id="rows"></div></div><p id="out">0</p><button id="b">dead</button>
        <script>
          const fill = () => { rows.replaceChildren(...Array.from({ length: 8 }, (_, i) => { const n = (list.scrollTop / 40 | 0) + i; const row = document.createElement('button');
            row.textContent = 'row ' + n; row.style = 'position:absolute;height:40px;top:' + n * 40 + 'px'; row.onclick = () => (out.textContent = n); return row; })); };
          list.onscroll = fill; fill();
        </script>`,
    },
    async ({ page, gateway }) => {
      await page.click('#b');
      await page.mouse.move(50, 100);
      for (let i = 0; i < 5; i++) await page.mouse.wheel(0, 200);
      await page.waitForFunction(() => list.scrollTop === 1_000);
      const [dead] = await gateway.until('the dead press', (g) => g.presses[0]?.response.watchedMs >= 3_000 && g.presses);
      assert.ok(!answered(dead), JSON.stringify(dead.facts));
      await page.mouse.click(30, 110);
      const row = await gateway.until('the row', (g) => g.presses[1] && answered(g.presses[1]) && g.presses[1]);
      assert.ok('mutation_still' in row.facts, JSON.stringify(row.facts));
    },
  ));

test('a frame that goes to another origin leaves the page and its presses as they were', () =>
  visit(
    {
      html: `<iframe id="f" style="width:200px;height:100px"></iframe><button id="b">Load</button><output id="o"></output>
        <script>b.onclick = async () => { const { status } = await fetch('/shop/api/poll'); scrollTo(0, 0); o.value += status }</script>`,
    },
    async ({ page, gateway, site }) => {
      await page.evaluate((there) => (document.querySelector('#f').src = there), site.address.replace('127.0.0.1', 'localhost'));
      await page.frameLocator('#f').locator('body').waitFor();
      await page.click('#b');
      await page.waitForFunction(() => document.querySelector('#o').value === '200');
      const [press] = await gateway.until('the answer', (g) => g.presses[0]?.facts.mutation_still !== undefined && g.presses);
      assert.ok('request' in press.facts, JSON.stringify(press.facts));
      assert.deepEqual(gateway.failures, []);
    },
  ));

test('frames that come and go are forgotten', () =>
  visit({ html: '<div id="d"></div><button id="b">Press</button>' }, async ({ page, gateway }) => {
    const inner = '<body style="margin:0"><button id="in" style="width:100px;height:40px">x</button>';
    await page.evaluate(async (html) => {
      for (let n = 0; n < 25; n++) {
        const frame = document.createElement('iframe');
        frame.srcdoc = html;
        const loaded = new Promise((done) => (frame.onload = done));
        document.querySelector('#d').replaceChildren(frame);
        await loaded;
      }
    }, inner);
    await page.frameLocator('iframe').locator('#in').click();
    const [press] = await gateway.until('the press in the last', (g) => g.presses.length && g.presses);
    assert.equal(press.target.selector, 'div#d button#in');
  }));

test('a press in a frame does not claim that paints would have been seen', () =>
  visit({ html: frame('<button id="in">x</button>') + '<button id="out">y</button>' }, async ({ page, gateway }) => {
    await page.frameLocator('#f').locator('#in').click();
    await page.click('#out');
    const presses = await gateway.until('both presses', (g) => g.presses.length === 2 && g.presses);
    const shifts = presses.map(({ response }) => (Number(response.reportable) >> 2) & 1);
    assert.deepEqual(shifts, [0, 1]);
  }));

test('a form in a shadow tree is told as sent, and its settings as changed', () =>
  visit(
    {
      // A window has a property for each id.
      html: `<div id="host"></div><script>
        host.attachShadow({ mode: 'open' }).innerHTML = '<form id="f"><input id="i"><input type="checkbox" id="c"><button id="b">Send</button></form>';
        host.shadowRoot.querySelector('form').onsubmit = (event) => event.preventDefault()</script>`,
    },
    async ({ page, gateway }) => {
      await page.locator('#i').fill('x');
      await page.locator('#c').click();
      await page.locator('#b').click();
      await gateway.until('the form', (g) => g.of('field').some(({ change }) => change === 4));
      const changed = gateway.of('field').filter(({ change }) => change === 3).map(({ kind }) => kind);
      assert.deepEqual(changed, [1, 7], 'each once');
    },
  ));
