import type { Life } from './life';

const CHARS_MAX = 4_000;
const NODES_MAX = 200;
/** Words of a class list that name a passing look. */
const PASSING = /ripple|press|push|down$|click|touch|tap|hover|focus|pulse|shake|flash|animat/i;
const TELLING = /^(class|style|src|href|hidden|disabled|open|checked|aria-.*|data-state|data-checked|d)$/;

/**
 * What an element looks like, as far as a change of it could be an answer:
 * without empty decorations, passing class names and parts that change by
 * themselves.
 */
export function fingerprint(root: Element, life: Life): string {
  let text = '';
  let nodes = 0;
  const walk = (node: Node): void => {
    if (text.length > CHARS_MAX || ++nodes > NODES_MAX) return;
    if (node instanceof Text) {
      text += node.data.trim();
      return;
    }
    if (!(node instanceof Element) || life.moves(node)) return;
    if (node !== root && decorates(node)) return;
    text += `<${node.localName}`;
    for (const { name, value } of Array.from(node.attributes)) {
      const told = TELLING.test(name) ? lasting(name, value) : null;
      // A class list that was emptied again is as good as none.
      if (told !== null && (told || !/^(class|style)$/.test(name))) text += ` ${name}=${told}`;
    }
    node.childNodes.forEach(walk);
    text += '>';
  };
  walk(root);
  return text;
}

/** An element without text or picture, as a ripple or a glow is. */
function decorates(element: Element): boolean {
  const pictures = 'svg,img,picture,canvas,video,input';
  return (
    !(element.textContent ?? '').trim() && !element.closest('svg') && !element.matches(pictures) && !element.querySelector(pictures)
  );
}

/** An attribute without what effects leave behind in it. */
function lasting(name: string, value: string): string {
  if (name === 'style') return value.replace(/--[\w-]+\s*:[^;]*;?/g, '').trim();
  if (name !== 'class') return value;
  return value
    .split(/\s+/)
    .filter((word) => word && !PASSING.test(word))
    .sort()
    .join(' ');
}
