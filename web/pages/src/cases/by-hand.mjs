// What people write themselves.
import { find, html, press } from '../style.mjs';

export const byHand = [
  {
    name: 'stepper',
    mount(root) {
      html(root, '<button id="less">−</button> <output id="count">1</output> <button id="more">+</button>');
      press('#more', () => (find('#count').textContent = String(Number(find('#count').textContent) + 1)));
    },
    press: '#more',
    times: 6,
    paceMs: 250,
  },
  {
    name: 'stepper in an input',
    mount(root) {
      html(root, '<button id="less">−</button> <input id="count" value="1" size="3"> <button id="more">+</button>');
      press('#more', () => (find('#count').value = String(Number(find('#count').value) + 1)));
    },
    press: '#more',
    times: 8,
    paceMs: 120,
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
    name: 'like with a counter inside',
    mount(root) {
      html(root, '<button id="like">Like <span id="likes">41</span></button>');
      press('#like', () => (find('#likes').textContent = String(Number(find('#likes').textContent) + 1)));
    },
    press: '#like',
    times: 7,
    paceMs: 180,
    twin: 'erroring',
  },
];
