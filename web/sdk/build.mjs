// Bundles the SDK twice: for a script tag and as a module.
import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
const shared = {
  bundle: true,
  minify: true,
  target: 'es2020',
  sourcemap: true,
  define: { SDK_VERSION: JSON.stringify(version) },
  absWorkingDir: import.meta.dirname,
  logLevel: 'warning',
};
await build({ ...shared, entryPoints: ['src/script.ts'], format: 'iife', outfile: 'dist/furrow.iife.js' });
await build({ ...shared, entryPoints: ['src/index.ts'], format: 'esm', outfile: 'dist/furrow.mjs' });

for (const file of ['furrow.iife.js', 'furrow.mjs']) {
  const bytes = readFileSync(new URL(`dist/${file}`, import.meta.url));
  console.log(`${file}: ${bytes.length} bytes, ${gzipSync(bytes, { level: 9 }).length} gzipped`);
}
