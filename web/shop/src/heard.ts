/** The inside of the panel: a list of what the page around it tells, newest first. */
import type { Heard } from './heard-batch';

const SHOWN_MAX = 60;

const list = document.querySelector('ol')!;
const sum = document.querySelector('output')!;
let interactions = 0;
let bytes = 0;
let last = '';

addEventListener('message', ({ data, source }) => {
  if (source !== parent) return;
  const { at, kind, text, way, batch } = data as Heard;
  const name = `${way} ${batch.sequence} ${batch.bytes}`;
  interactions++;
  if (name !== last) bytes += batch.bytes;
  last = name;
  sum.textContent = `${interactions} interactions, ${bytes} bytes`;
  const line = document.createElement('li');
  line.dataset['kind'] = kind;
  const [time, what, said] = ['time', 'b', 'span'].map((tag) => document.createElement(tag)) as [HTMLElement, HTMLElement, HTMLElement];
  time.textContent = new Date(at).toTimeString().slice(0, 8);
  what.textContent = kind;
  said.textContent = text;
  line.append(time, what, said);
  list.prepend(line);
  while (list.children.length > SHOWN_MAX) list.lastElementChild!.remove();
});
