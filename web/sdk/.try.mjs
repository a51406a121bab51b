import { bundle, gz, min } from './.m.mjs';
const text = await bundle();
const show = (n, c) => console.log(gz(c), c.length, n);
const c = await min(text); show('hoist', c);
const l = c.replace(/\bconst(?=[ {\[])/g, 'let'); show('let', l);
show('all let first', await min(text.replace(/^( *)(const|var) /gm, '$1let ')));
show('let first then', (await min(text.replace(/^( *)(const|let) /gm, '$1var '))).replace(/\bconst(?=[ {\[])/g, 'let'));
for (const [k, v] of [['unsafe_comps',true],['lhs_constants',false],['inline',1],['inline',2],['booleans_as_integers',true],['sequences',false],['passes',6],['collapse_vars',false], ['if_return', false],['ecma',2022],['unsafe',true],['reduce_funcs',false]]) { const x = await min(text, { compress: { [k]: v } }); show(k + v + ' let', x.replace(/\bconst(?=[ {\[])/g, 'let')); }
const x = await min(text, { compress: { unsafe_comps: true, lhs_constants: false, unsafe: true } }); show('combo', x.replace(/\bconst(?=[ {\[])/g, 'let'));
