import { build } from 'esbuild'; import { gzipSync } from 'node:zlib'; import { minify } from 'terser';
export const gz = (s) => gzipSync(s, { level: 9 }).length;
export async function bundle() {
const { outputFiles } = await build({ entryPoints: ['src/script.ts'], format: 'iife', bundle: true, mangleProps: /^_/, target: 'es2022', write: false, define: { SDK_VERSION: '"0.1.0"' }, absWorkingDir: import.meta.dirname });
return outputFiles[0].text.replace(/^( *)var (?=[A-Z][A-Z_]+ = )/gm, '$1const '); }
export const base = { ecma: 2020, toplevel: true, compress: { passes: 3, unsafe_arrows: true, unsafe_methods: true, pure_getters: true, keep_fargs: false, hoist_funs: true }, format: { ascii_only: true } };
export const min = async (text, o = {}) => (await minify(text, { ...base, ...o, compress: { ...base.compress, ...(o.compress ?? {}) } })).code;
