/**
 * What Furrow hears: a panel that shows each batch as it leaves this page.
 *
 * It is loaded before the SDK, so that what the SDK sends passes through here.
 * What it shows stands in a frame of an origin of its own: a panel in the page
 * itself would be a part of the page that changes with every press, and so an
 * answer to presses that have none.
 */
import { heard, type Heard } from './heard-batch';

const KEY = 'shop-panel';
const KEPT_MAX = 200;

const kept: Heard[] = [];
let frame: HTMLIFrameElement | null = null;

const tell = (one: Heard) => frame?.contentWindow?.postMessage(one, '*');

function hear(bytes: Uint8Array, way: Heard['way']): void {
  for (const one of heard(bytes, way)) {
    kept.push(one);
    if (kept.length > KEPT_MAX) kept.shift();
    tell(one);
  }
}

const send = window.fetch;
window.fetch = (input, init) => {
  const url = input instanceof Request ? input.url : String(input);
  if (url.endsWith('/furrow.v1.IngestService/Publish') && ArrayBuffer.isView(init?.body)) {
    const { buffer, byteOffset, byteLength } = init.body;
    hear(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength), 'call');
  }
  return send.call(window, input, init);
};

const beacon = navigator.sendBeacon;
navigator.sendBeacon = function (url, data) {
  if (String(url).endsWith('/v1/beacon') && data instanceof Blob) {
    void data.arrayBuffer().then((buffer) => hear(new Uint8Array(buffer), 'beacon'));
  }
  return beacon.call(navigator, url, data);
};

function open(on: boolean): void {
  frame?.remove();
  frame = null;
  if (!on) return;
  frame = document.createElement('iframe');
  frame.src = '/heard.html';
  frame.title = 'What Furrow hears';
  frame.className = 'heard';
  // Without allow-same-origin: neither can look into the other.
  frame.setAttribute('sandbox', 'allow-scripts');
  frame.addEventListener('load', () => kept.forEach(tell));
  document.body.append(frame);
}

document.addEventListener('DOMContentLoaded', () => {
  const button = document.querySelector<HTMLElement>('#hear')!;
  const show = (on: boolean) => {
    open(on);
    button.setAttribute('aria-checked', String(on));
    button.querySelector('b')!.textContent = on ? 'on' : 'off';
  };
  show(localStorage.getItem(KEY) === 'on');
  button.addEventListener('click', () => {
    const on = button.getAttribute('aria-checked') !== 'true';
    localStorage.setItem(KEY, on ? 'on' : 'off');
    show(on);
  });
});
