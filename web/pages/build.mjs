// Bundles the page on which every widget is shown, each library in a file of
// its own that only its pages load, and the files that the libraries bring.
import { build } from 'esbuild';
import { rmSync } from 'node:fs';
import { join } from 'node:path';

const here = import.meta.dirname;
rmSync(join(here, 'dist'), { recursive: true, force: true });
await build({
  absWorkingDir: here,
  entryPoints: { page: 'src/page.mjs' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  minify: true,
  target: 'es2022',
  loader: { '.css': 'text' },
  logLevel: 'warning',
});
