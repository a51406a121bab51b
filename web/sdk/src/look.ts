/** Words of a class list that name a passing look. */
const PASSING = /ripple|press|push|down$|click|touch|tap|hover|focus|pulse|shake|flash|animat/i;
/** Attributes other than those that a visitor sees the effect of, and clocks. */
const UNTOLD = / (?!(class|style|src|href|hidden|disabled|open|checked|aria-[\w-]+|data-state|data-checked|d)=)[\w:.-]+="[^"]*"|\d:\d\d/g;
/** An element without text or picture, as a ripple or a glow is. */
const DECORATION = /<(?!svg|img|canvas|video|input|path)([\w-]+)[^>]*>\s*<\/\1>/g;

/**
 * What an element looks like, as far as a change of it could be an answer:
 * without empty decorations, passing class names and running clocks.
 */
export const look = (element: Element): string =>
  element.outerHTML
    .replace(UNTOLD, '')
    .replace(/ style="([^"]*)"/g, (_all, style: string) => style.replace(/--[\w-]+\s*:[^;]*;?|\s/g, ''))
    .replace(/ class="([^"]*)"/g, (_all, words: string) => words.split(/\s+/).filter((word) => !PASSING.test(word)).sort().join())
    .replace(DECORATION, '');
