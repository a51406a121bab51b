// Pages that never stand still, and answers that are hard to see.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { answered, closeBrowser, pressRepeatedly, visit, WITHOUT } from './harness.mjs';

after(closeBrowser);

const last = (count = 1) => (gateway) => {
  const { presses } = gateway;
  const done = (press) => answered(press) || press.response.watchedMs >= 3000;
  return presses.length >= count && presses.every(done) && presses;
};

const button = '<button id="b" style="margin:200px">Press</button>';
const LIVELY = `<p><span id="clock">0</span> <span id="ticker">a</span> <i id="frame">f</i><b id="feed"></b></p><script>
  let n = 0;
  setInterval(() => (clock.textContent = String(++n)), 100);
  setInterval(() => (ticker.innerHTML = '<em>' + n + '</em>'), 500);
  setInterval(() => fetch('/shop/api/poll'), 400);
  (function turn(t) { frame.style.opacity = String(Math.abs(Math.sin(t / 300))); requestAnimationFrame(turn); })(0);
</script>`;

/** Runs the page until it has shown its habits, then presses. */
const dead = (name, html, times = 3, pace = 300) =>
  test(name, () =>
    visit({ html }, async ({ page, gateway }) => {
      await page.waitForFunction(() => performance.now() > 2_500);
      await pressRepeatedly(page, '#b', times, pace);
      const presses = await gateway.until('the presses', last(times));
      assert.deepEqual(presses.map(({ facts }) => facts).filter((facts) => answered({ facts })), []);
    }));

const alive = (name, html, fact, times = 2, pace = 300) =>
  test(name, () =>
    visit({ html }, async ({ page, gateway }) => {
      await page.waitForFunction(() => performance.now() > 300);
      await pressRepeatedly(page, '#b', times, pace);
      const presses = await gateway.until('the presses', last(times));
      for (const { facts } of presses) assert.ok(fact in facts, JSON.stringify(facts));
    }));

dead('a dead button on a page with a clock, a ticker, a poll and a style per frame', LIVELY + button, 6, 120);
dead(
  'a ripple inside the button is no answer',
  `${button}<script>b.addEventListener('click', () => {
    const ripple = document.createElement('span');
    ripple.className = 'ripple';
    b.append(ripple);
    setTimeout(() => ripple.remove(), 500);
  })</script>`,
);
dead(
  'a pressed look is no answer',
  `<style>button { transition: background .1s } button:active { background: red }</style>${button}<script>
    b.addEventListener('pointerdown', () => b.classList.add('is-down'));
    b.addEventListener('pointerup', () => setTimeout(() => b.classList.remove('is-down'), 150));
  </script>`,
);
dead('a disabled control that looks enabled is pressed all the same', '<button id="b" disabled style="margin:200px;color:#000">Pay</button>');
dead(
  'a beacon of analytics is no answer',
  `${button}<script>b.onclick = () => { navigator.sendBeacon('/collect', 'x'); fetch('/collect?e=1', { method: 'POST', keepalive: true }); }</script>`,
);
dead('a countdown inside the dead button is no answer', `<button id="b" style="margin:200px">Book (<span id="s">02:59</span>)</button><script>
  let left = 179; setInterval(() => (s.textContent = '02:' + --left), 200)</script>`);

dead(
  'a tooltip that comes late is no answer',
  `${button}<script>b.addEventListener('pointerenter', () => setTimeout(() => {
    b.setAttribute('aria-describedby', 't');
    document.body.insertAdjacentHTML('beforeend', '<div role="tooltip" id="t">Press me</div>');
  }, 300))</script>`,
);
dead(
  'an animated canvas is no answer',
  `${button}<canvas id="c"></canvas><script>(function turn(t) { c.getContext('2d').fillRect(t % 300, 0, 5, 5); requestAnimationFrame(turn); })(0)</script>`,
);

dead(
  'what a growing number pushes aside is no answer',
  `${button}<p><span id="n">1</span> <span>pieces</span></p><script>let n = 1; setInterval(() => (n_.textContent = String((n *= 7) % 9e9)), 300); const n_ = document.getElementById('n')</script>`,
);
dead(
  'a part that scrolls by itself is no answer',
  `${button}<div id="s" style="height:60px;width:200px;overflow:auto"><div style="height:9000px">long</div></div>
   <script>setInterval(() => s.scrollTop += 40, 400)</script>`,
);
dead(
  'the ripple of a control that a component has beside it is no answer',
  `<x-button id="b" style="display:inline-block;position:relative;margin:200px"></x-button><script>
    customElements.define('x-ripple', class extends HTMLElement {
      connectedCallback() {
        const surface = this.attachShadow({ mode: 'open' }).appendChild(document.createElement('div'));
        const shade = this.getRootNode();
        shade.addEventListener('pointerdown', () => {
          surface.classList.add('grown');
          surface.animate([{ opacity: 0 }, { opacity: 1 }], 200);
          setTimeout(() => surface.classList.remove('grown'), 200);
        });
      }
    });
    const root = b.attachShadow({ mode: 'open' });
    root.innerHTML = '<x-ripple></x-ripple><button>Add</button>';
  </script>`,
);
alive('drawing answers each of two presses that come together', `${button}<canvas id="c"></canvas><script>let x = 0;
  b.onclick = () => c.getContext('2d').fillRect(x += 9, 0, 5, 5)</script>`, 'canvas', 3, 30);
alive('a choice of files that a script opens answers', `${button}<input type="file" id="f" hidden><script>b.onclick = () => f.click()</script>`, 'window', 1);
alive('a download that a script begins answers', `${button}<script>b.onclick = async () => {
  await null;
  const link = Object.assign(document.createElement('a'), { href: 'data:,words', download: 'words.txt' });
  setTimeout(() => link.dispatchEvent(new MouseEvent('click')), 50);
}</script>`, 'window');
alive('a rule whose style is written answers', `<style id="s">p { color: black }</style><p>text</p>${button}<script>let hue = 0;
  b.onclick = () => { s.sheet.cssRules[0].style.color = \`hsl(\${hue += 50}, 90%, 40%)\` }</script>`, 'style_sheet');
alive('words highlighted answer', `<p id="p">some words</p>${button}<script>let n = 0;
  b.onclick = () => { const range = new Range(); range.setStart(p.firstChild, n++); range.setEnd(p.firstChild, n + 3); CSS.highlights.set('found', new Highlight(range)); }</script>`, 'style_sheet');
alive('a part that a script moves frame after frame answers', `${button}<div id="t">slides</div><script>let x = 0;
  b.onclick = () => { const end = x + 120; (function turn() { t.style.transform = \`translateX(\${x += 6}px)\`; if (x < end) requestAnimationFrame(turn); })(); }</script>`, 'transition', 1);
alive('a scroller that also moves by itself answers', `${button}<div id="s" style="height:60px;width:200px;overflow:auto"><div style="height:9000px">long</div></div>
  <script>setInterval(() => s.scrollBy({ top: 10, behavior: 'smooth' }), 100); b.onclick = () => s.scrollBy({ top: 40, behavior: 'smooth' })</script>`, 'scroll', 1);
alive('drawing in a later frame answers', `${button}<canvas id="c"></canvas><script>let x = 0;
  b.onclick = () => requestAnimationFrame(() => c.getContext('2d').fillRect(x += 9, 0, 5, 5))</script>`, 'canvas', 2, 600);
alive('a counter beside a clock of the same page answers', `${LIVELY}${button}<output id="o">0</output><script>b.onclick = () => o.value++</script>`, 'mutation_still');
alive('a request in the press\'s own task answers', `${button}<script>b.onclick = () => { fetch('/shop/api/x') }</script>`, 'request');
alive('a value set by script answers', `${button}<input id="i" value="0"><script>b.onclick = () => { i.value = String(Number(i.value) + 1) }</script>`, 'value');
alive('drawing answers', `${button}<canvas id="c"></canvas><script>let x = 0; b.onclick = () => c.getContext('2d').fillRect(x += 9, 0, 5, 5)</script>`, 'canvas');
alive('a menu opened by style alone moves what is below', `<style>#m{display:none} #b:focus + #m, #b:focus-within + #m{display:block}</style>${button}<p id="m">menu<br>menu</p><p>below</p>`, 'layout_shift', 1);
alive('details toggle', '<details style="margin:200px"><summary id="b">More</summary>text</details>', 'toggle');
alive('a checkbox changes', '<label id="b" style="margin:200px"><input type="checkbox"> yes</label>', 'input');
alive('focus moved by script answers', `${button}<input id="i"><script>b.onclick = () => i.focus()</script>`, 'focus', 1);
alive('copying answers', `${button}<script>b.onclick = () => { navigator.clipboard.writeText('x').catch(() => {}) }</script>`, 'clipboard');
alive('a scroll by script answers', `${button}<div style="height:4000px"></div><script>let y = 0; b.onclick = () => scrollTo(0, y += 30)</script>`, 'scroll', 1);
alive('a style sheet changed by script answers', `<style id="s"></style>${button}<script>b.onclick = () => s.sheet.insertRule('p { color: red }')</script>`, 'style_sheet');
alive(
  'a change within a shadow tree answers',
  `<x-box id="b" style="display:inline-block;margin:200px"></x-box><script>
    const root = b.attachShadow({ mode: 'open' });
    root.innerHTML = '<button>+</button><output>0</output>';
    root.querySelector('button').onclick = () => root.querySelector('output').value++;
  </script>`,
  'mutation_still',
);

test('what turns by itself, plays by itself or follows the scrolling is no answer', () =>
  visit(
    {
      html: `<style>#slide { transition: transform .2s } .on { transform: translateX(40px) }</style>
        <div id="frame"><p id="slide">slides</p></div>${button}<div style="height:3000px"></div><script>
        let n = 0;
        setInterval(() => { frame.dataset.n = ++n; slide.classList.toggle('on') }, 600);
        onscroll = () => history.replaceState(null, '', '#part' + Math.round(scrollY / 100));
        </script>`,
    },
    async ({ page, gateway }) => {
      await page.waitForFunction(() => performance.now() > 3_500);
      await pressRepeatedly(page, '#b', 3, 300);
      await page.mouse.wheel(0, 500);
      const presses = await gateway.until('the presses', last(3));
      assert.deepEqual(presses.map(({ facts }) => facts).filter((facts) => answered({ facts })), []);
    },
  ));

test('the ripple that another button still shows is no answer', () =>
  visit({ html: `${button}<button id="a">Other</button><script>
    for (const one of [a, b]) one.addEventListener('click', () => {
      one.insertAdjacentHTML('beforeend', '<span class="ripple"></span>');
      setTimeout(() => one.lastElementChild.remove(), 400);
    });
  </script>` }, async ({ page, gateway }) => {
    await page.click('#a');
    await page.click('#b');
    const presses = await gateway.until('two presses', last(2));
    assert.deepEqual(presses.map(({ facts }) => facts).filter((facts) => answered({ facts })), []);
  }));

test('a second answer of the page tells the first press when its request was its own', () =>
  visit({ html: `${button}<p id="p"></p><script>b.onclick = async () => { await fetch('/shop/api/slow'); p.textContent = 'done'; }</script>` }, async ({ page, gateway }) => {
    await pressRepeatedly(page, '#b', 1, 20);
    const late = WITHOUT.includes('interaction-contentful-paint') ? 'mutation_still' : 'paint';
    const [press] = await gateway.until('the late answer', (g) => g.presses[0]?.facts[late] && g.presses);
    assert.ok(press.facts.request < 1000 && press.facts[late] > 1500, JSON.stringify(press.facts));
  }));

test('selecting text by a triple click is told as such', () =>
  visit({ html: '<p id="b" style="margin:200px;width:300px">Some words that one may want to copy.</p>' }, async ({ page, gateway }) => {
    await page.click('#b', { clickCount: 3, delay: 20 });
    const presses = await gateway.until('three presses', last(3));
    assert.ok(presses.some(({ selectedText }) => selectedText));
    assert.equal(presses[0].target.kind, 15);
    const [selection] = await gateway.until('the selection', (g) => g.of('textSelection').length && g.of('textSelection'));
    assert.equal(selection.length, 37);
  }));

test('a press by the keyboard is told as one', () =>
  visit({ html: `${button}<p id="p">0</p><script>b.onclick = () => p.textContent++</script>` }, async ({ page, gateway }) => {
    await page.focus('#b');
    await page.keyboard.press('Enter');
    const [press] = await gateway.until('the press', last(1));
    assert.equal(press.keyboard, true);
    assert.ok('mutation_still' in press.facts);
  }));

test('what the site excludes is marked, what it masks has no name', () =>
  visit({ html: `<div data-furrow-ignore="dead"><button id="b" data-furrow-ignore="rage">A</button></div>
    <div data-furrow-mask><button id="secret-name">Dr. Secret</button></div>` }, async ({ page, gateway }) => {
    await page.click('#b');
    await page.click('#secret-name');
    const [one, two] = await gateway.until('two presses', (g) => g.presses.length === 2 && g.presses);
    assert.deepEqual([...one.target.ignore].sort(), [1, 2]);
    assert.equal(two.target.selector, 'button');
    assert.ok(!two.target.label);
  }));

test('a drag is no press', () =>
  visit({ html: `${button}<p>text to drag over</p>` }, async ({ page, gateway }) => {
    await page.mouse.move(20, 20);
    await page.mouse.down();
    await page.mouse.move(200, 120, { steps: 4 });
    await page.mouse.up();
    await page.click('#b');
    const presses = await gateway.until('the press', (g) => g.presses.length && g.presses);
    assert.equal(presses.length, 1);
    assert.equal(presses[0].target.selector, 'button#b');
  }));
