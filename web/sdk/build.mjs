// Bundles the SDK twice: for a script tag and as a module. esbuild bundles and
// shortens the names that begin with an underscore; terser makes it small.
import { build } from 'esbuild';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { minify } from 'terser';

const here = (name) => new URL(name, import.meta.url);
const { version } = JSON.parse(readFileSync(here('package.json'), 'utf8'));

rmSync(here('dist'), { recursive: true, force: true });
mkdirSync(here('dist'));
for (const [entry, format, file] of [
  ['src/script.ts', 'iife', 'dist/furrow.iife.js'],
  ['src/index.ts', 'esm', 'dist/furrow.mjs'],
]) {
  const { outputFiles } = await build({
    entryPoints: [entry],
    format,
    bundle: true,
    mangleProps: /^_/,
    target: 'es2022',
    sourcemap: true,
    sourcesContent: false,
    outdir: 'dist',
    write: false,
    define: { SDK_VERSION: JSON.stringify(version) },
    absWorkingDir: import.meta.dirname,
    logLevel: 'warning',
  });
  const [map, bundle] = outputFiles;
  // One word for every declaration compresses better than three, and a block's own hides nothing from terser.
  const text = bundle.text.replace(/\b(?:const|var) (?=[\w{[])/g, 'let ');
  const { code, map: small } = await minify(text, {
    ecma: 2020,
    module: format === 'esm',
    toplevel: true,
    compress: {
      passes: 3,
      hoist_funs: true,
      keep_fargs: false,
      lhs_constants: false,
      pure_getters: true,
      unsafe: true,
      unsafe_arrows: true,
      unsafe_comps: true,
      unsafe_methods: true,
    },
    format: { ascii_only: true },
    sourceMap: { content: map.text, filename: file.slice(5), url: `${file.slice(5)}.map` },
  });
  writeFileSync(here(file), code);
  writeFileSync(here(`${file}.map`), small);
  console.log(`${file}: ${code.length} bytes, ${gzipSync(code, { level: 9 }).length} gzipped`);
}
