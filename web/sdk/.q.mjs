import { bundle, gz, min } from './.m.mjs';
const c = (await min(await bundle(), { compress: { unsafe: true, unsafe_comps: true, lhs_constants: false } })).replace(/\bconst(?=[ {\[])/g, 'let');
console.log(gz(c), c.length);
