// Puts each page into the layout and bundles script and style beside them.
import { build } from 'esbuild';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const here = import.meta.dirname;
const out = join(here, 'dist');
rmSync(out, { recursive: true, force: true });

// Views that the product page and the checkout show without a load; each also
// answers to its own address, so that a reload works.
const VIEWS = { product: ['care', 'reviews', 'spares'], checkout: ['done'] };

const layout = readFileSync(join(here, 'src/layout.html'), 'utf8');
for (const file of readdirSync(join(here, 'src/pages'))) {
  const name = file.replace('.html', '');
  const page = readFileSync(join(here, 'src/pages', file), 'utf8');
  const [, title] = /<!-- title: (.*) -->/.exec(page);
  const html = layout.replaceAll('{{name}}', name).replace('{{title}}', title).replace('{{page}}', page);
  write(`${name}.html`, html);
  for (const view of VIEWS[name] ?? []) write(`${name}/${view}.html`, html);
}
// The panel's inside is no page of the shop.
write('heard.html', readFileSync(join(here, 'src/heard.html')));
write('mark.svg', readFileSync(join(here, 'src/mark.svg')));

await build({
  absWorkingDir: here,
  entryPoints: { shop: 'src/shop.ts', panel: 'src/panel.ts', heard: 'src/heard.ts', style: 'src/style.css' },
  outdir: 'dist',
  bundle: true,
  minify: true,
  target: 'es2020',
  logLevel: 'warning',
});

function write(path, content) {
  const full = join(out, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, content);
}
