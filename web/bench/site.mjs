// The page that is visited, with each variant in it, and the place where what
// they send is counted.
import { buildSync } from 'esbuild';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { LocalServer } from '../testbed/local-server.mjs';
import { acknowledge, Batch } from '../testbed/wire.mjs';

const here = import.meta.dirname;

/** In the order of the table: nothing, Furrow's SDK, a recorder of everything. */
export const VARIANTS = ['none', 'furrow', 'rrweb'];

const SCRIPTS = {
  none: '',
  furrow: `<script src="/furrow.js"></script><script>furrow.init({ endpoint: location.origin, key: 'bench' })</script>`,
  // As recorders are put into pages: events gathered for a while, then sent as JSON.
  rrweb: `<script src="/rrweb.js"></script><script>
    let events = [];
    recorder.record({ emit: (event) => events.push(event) });
    setInterval(() => {
      if (!events.length) return;
      fetch('/rrweb', { method: 'POST', body: JSON.stringify(events) });
      events = [];
    }, 2000);
  </script>`,
};
const FILES = {
  '/furrow.js': readFileSync(join(here, '../sdk/dist/furrow.iife.js')),
  '/rrweb.js': buildSync({
    stdin: { contents: `export { record } from '@rrweb/record'`, resolveDir: here },
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    globalName: 'recorder',
  }).outputFiles[0].contents,
};
const ROWS = 200;
const page = (variant) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>${variant}</title><link rel="icon" href="data:,">${SCRIPTS[variant]}
  <style>body { font: 16px sans-serif; margin: 0 auto; width: 1000px } .row { display: flex; gap: 12px; padding: 10px; border-bottom: 1px solid #ddd } .on { color: #a00 } #head { position: sticky; top: 0; background: #fff; padding: 12px }</style>
  <body><div id="head"><input id="field" placeholder="Search"> <b id="sum">0</b> in the basket, <span id="clock">0</span> s</div>
  ${Array.from({ length: ROWS }, (_, n) => `<div class="row"><button class="add">Add ${n}</button><button class="like">♥</button><span>A thing with the number ${n}</span></div>`).join('')}
  <script>
    let sum = 0, time = 0;
    document.addEventListener('click', ({ target }) => {
      if (target.classList.contains('add')) document.querySelector('#sum').textContent = ++sum;
      if (target.classList.contains('like')) target.classList.toggle('on');
    });
    setInterval(() => (document.querySelector('#clock').textContent = ++time), 1000);
  </script>`;

export class Site extends LocalServer {
  /** Bytes of each script as it goes over the network. */
  gzipped = { furrow: gzipSync(FILES['/furrow.js'], { level: 9 }).length, rrweb: gzipSync(FILES['/rrweb.js'], { level: 9 }).length };
  counted = Object.fromEntries(VARIANTS.map((variant) => [variant, { bytes: 0, samples: 0 }]));

  mark = (variant) => ({ ...this.counted[variant] });

  /** What this variant has sent since the mark. Two visits of one variant are never at the same time. */
  since(variant, mark) {
    const { bytes, samples } = this.counted[variant];
    return { bytes: bytes - mark.bytes, samples: samples - mark.samples };
  }

  async answer(request, response) {
    const { pathname } = new URL(request.url, 'http://site');
    if (request.method === 'POST') {
      const body = await buffer(request);
      if (pathname === '/rrweb') this.count('rrweb', body.length, movesOf(JSON.parse(body)));
      if (pathname === '/v1/beacon') this.count('furrow', body.length, 0);
      if (pathname !== '/furrow.v1.IngestService/Publish') return response.writeHead(204).end();
      this.count('furrow', body.length, samplesOf(Batch.decode(body.subarray(5))));
      return acknowledge(response);
    }
    const file = FILES[pathname];
    if (file) return response.setHeader('content-type', 'text/javascript').end(file);
    const variant = pathname.slice(1);
    if (VARIANTS.includes(variant)) return response.setHeader('content-type', 'text/html').end(page(variant));
    response.writeHead(404).end();
  }

  count(variant, bytes, samples) {
    this.counted[variant].bytes += bytes;
    this.counted[variant].samples += samples;
  }
}

const samplesOf = ({ interactions }) => interactions.reduce((sum, { pointerPath }) => sum + (pointerPath ? 1 + pointerPath.dt.length : 0), 0);

/** Positions of the mouse in events of rrweb: incremental ones (3) of movement (1). */
const movesOf = (events) =>
  events.reduce((sum, { type, data }) => sum + (type === 3 && data.source === 1 ? data.positions.length : 0), 0);
