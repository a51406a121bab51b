import type { Hash } from './writer';

/** FNV-1a over UTF-16 units with two seeds, finished so that every bit counts. */
export function hashOf(text: string): Hash {
  return [fnv(text, 0x811c9dc5), fnv(text, 0x9747b28c)];
}

function fnv(text: string, seed: number): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
