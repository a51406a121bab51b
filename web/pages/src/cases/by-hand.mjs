// What people write themselves.
import { find, html, press } from '../style.mjs';

const more = (text) => String(Number(text) + 1);

export const byHand = [
  {
    name: 'stepper',
    mount(root) {
      html(root, '<button id="less">−</button> <output id="count">1</output> <button id="more">+</button>');
      press('#more', () => (find('#count').textContent = more(find('#count').textContent)));
    },
    press: '#more',
    times: 6,
    paceMs: 250,
  },
  {
    name: 'stepper in an input',
    mount(root) {
      html(root, '<button id="less">−</button> <input id="count" value="1" size="3"> <button id="more">+</button>');
      press('#more', () => (find('#count').value = more(find('#count').value)));
    },
    press: '#more',
    times: 8,
    paceMs: 120,
  },
  {
    name: 'stepper that hears pointer-down',
    mount(root) {
      html(root, '<output id="count">1</output> <button id="more">+</button>');
      find('#more').addEventListener('pointerdown', () => (find('#count').textContent = more(find('#count').textContent)));
    },
    press: '#more',
    times: 4,
    paceMs: 250,
  },
  {
    name: 'stepper in Preact',
    async mount(root) {
      const [{ h, render }, { useState }] = await Promise.all([import('preact'), import('preact/hooks')]);
      const Stepper = () => {
        const [count, set] = useState(1);
        return h('p', null, h('b', null, count), ' ', h('button', { id: 'more', onClick: () => set(count + 1) }, 'more'));
      };
      render(h(Stepper), root);
    },
    press: '#more',
    times: 6,
    paceMs: 200,
    twin: 'erroring',
  },
  {
    name: 'stepper in a shadow tree',
    mount(root) {
      const shadow = html(root, '<div id="host"></div>').attachShadow({ mode: 'open' });
      shadow.innerHTML = '<output>1</output> <button id="more">+</button>';
      shadow.querySelector('button').addEventListener('click', () => {
        shadow.querySelector('output').textContent = more(shadow.querySelector('output').textContent);
      });
    },
    press: '#more',
  },
  {
    name: 'toggle',
    mount(root) {
      html(root, '<button id="heart" aria-pressed="false">♥</button>');
      press('#heart', () => find('#heart').setAttribute('aria-pressed', String(find('#heart').getAttribute('aria-pressed') !== 'true')));
    },
    press: '#heart',
    times: 3,
    paceMs: 350,
  },
  {
    name: 'toggle by a class alone',
    mount(root) {
      html(root, '<style>.on { color: red }</style><button id="heart">♥</button>');
      press('#heart', () => find('#heart').classList.toggle('on'));
    },
    press: '#heart',
    times: 4,
    paceMs: 450,
  },
  {
    name: 'like with a counter inside',
    mount(root) {
      html(root, '<button id="like">Like <span id="likes">41</span></button>');
      press('#like', () => (find('#likes').textContent = more(find('#likes').textContent)));
    },
    press: '#like',
    times: 7,
    paceMs: 180,
    twin: 'erroring',
  },
  {
    name: 'undo, answered after a request',
    mount(root) {
      html(root, '<button id="undo">Undo</button><ol id="steps"></ol>');
      press('#undo', async () => {
        await fetch('/poll');
        find('#steps').insertAdjacentHTML('beforeend', '<li>undone</li>');
      });
    },
    press: '#undo',
  },
  {
    name: 'more of a list, answered by a timer',
    mount(root) {
      html(root, '<ul id="list"><li>one</li></ul><button id="next">Show more</button>');
      press('#next', () => setTimeout(() => find('#list').insertAdjacentHTML('afterbegin', '<li>one more</li>'), 200));
    },
    press: '#list + #next',
    paceMs: 400,
    // The list pushes the button down; a hand that stays where it is would miss it.
    places: 'moving',
  },
  {
    name: 'tabs',
    mount(root) {
      html(root, '<div role="tablist"><button role="tab" id="a">A</button><button role="tab" id="b">B</button></div><p id="panel">A</p>');
      for (const id of ['a', 'b']) press(`#${id}`, () => (find('#panel').textContent = `All about ${id}`));
    },
    press: ['#a', '#b'],
    twin: 'erroring',
  },
  {
    name: 'colour swatches that set a variable',
    mount(root) {
      html(root, '<button id="red">red</button> <button id="blue">blue</button><p style="color: var(--ink)">text</p>');
      for (const ink of ['red', 'blue']) press(`#${ink}`, () => document.documentElement.style.setProperty('--ink', ink));
    },
    press: ['#blue', '#red'],
    times: 4,
  },
  {
    name: 'cookie clicker on a picture',
    mount(root) {
      html(root, '<svg id="cookie" width="80" height="80" style="cursor:pointer"><circle cx="40" cy="40" r="38" fill="tan"/></svg><p><b id="sum">0</b></p>');
      press('#cookie', () => (find('#sum').textContent = more(find('#sum').textContent)));
    },
    press: '#cookie',
    times: 12,
    paceMs: 110,
  },
  {
    name: 'calculator',
    mount(root) {
      html(root, `<input id="sum" readonly>${[7, 8, 9].map((n) => `<button id="k${n}">${n}</button>`).join('')}`);
      for (const n of [7, 8, 9]) press(`#k${n}`, () => (find('#sum').value += n));
    },
    press: ['#k7', '#k8', '#k9', '#k8'],
    times: 8,
    paceMs: 160,
  },
];
