// What the browser does by itself, and what hands do to text.
import { find, html, press } from '../style.mjs';

const TEXT = '<p id="text" style="width:300px">A paragraph with some words in it that somebody may want to select, read aloud or copy.</p>';
const FILE = 'data:text/plain,words';

export const browser = [
  {
    name: 'file chooser',
    mount(root) {
      html(root, '<label for="file" id="label">Your picture</label> <input id="file" type="file">');
    },
    press: '#file 0.2',
    times: 3,
    paceMs: 700,
    twin: null,
  },
  {
    name: 'download by a link',
    mount(root) {
      html(root, `<a id="b" href="${FILE}" download="words.txt">Download</a>`);
    },
    press: '#b',
    times: 3,
    paceMs: 600,
    twin: null,
  },
  {
    name: 'link to another window',
    mount(root) {
      html(root, '<a id="b" href="about:blank" target="_blank">Elsewhere</a>');
    },
    press: '#b',
    times: 3,
    paceMs: 700,
    twin: null,
  },
  {
    name: 'triple click on text',
    mount: (root) => void html(root, TEXT),
    press: '#text',
    counted: true,
    times: 3,
    paceMs: 130,
    twin: null,
    touch: false,
  },
  {
    name: 'double clicks on words, one after the other',
    mount: (root) => void html(root, TEXT),
    press: ['#text 0.2', '#text 0.2', '#text 0.6', '#text 0.6'],
    counted: true,
    times: 4,
    paceMs: 140,
    twin: null,
    touch: false,
  },
  {
    name: 'text field, pressed again and again',
    mount: (root) => void html(root, '<input id="i" value="some words in a field">'),
    press: ['#i 0.2', '#i 0.5', '#i 0.8'],
    paceMs: 250,
    twin: null,
  },
  {
    name: 'text area, pressed again and again',
    mount: (root) => void html(root, '<textarea id="i">some words in a field</textarea>'),
    press: '#i',
    paceMs: 200,
    twin: null,
  },
  {
    name: 'select of the browser',
    mount: (root) => void html(root, '<select id="s"><option>a</option><option>b</option></select>'),
    press: '#s',
    times: 3,
    paceMs: 500,
    twin: null,
  },
  {
    name: 'date field of the browser',
    mount: (root) => void html(root, '<input id="d" type="date">'),
    press: ['#d 0.1', '#d 0.3', '#d 0.5'],
    times: 3,
    paceMs: 400,
    twin: null,
  },
  {
    name: 'slider of the browser, along its track',
    mount: (root) => void html(root, '<input id="r" type="range" style="width:260px">'),
    press: ['#r 0.2', '#r 0.4', '#r 0.6', '#r 0.8'],
    times: 4,
    twin: null,
  },
  {
    name: 'boxes ticked one after the other',
    mount: (root) => void html(root, ['a', 'b', 'c', 'd'].map((id) => `<label id="${id}"><input type="checkbox"> ${id}</label><br>`).join('')),
    press: ['#a', '#b', '#c', '#d'],
    broken: '#a',
    times: 8,
    paceMs: 220,
  },
  {
    name: 'number field, its little arrows',
    mount: (root) => void html(root, '<input id="n" type="number" value="1" style="width:120px">'),
    press: '#n 0.95',
    paceMs: 220,
    twin: null,
    touch: false,
  },
];
