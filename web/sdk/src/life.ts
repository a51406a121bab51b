import { elementOf, enterShadow, lineOf, now, onView } from './browser';
import { cause, Cause } from './cause';
import { Fact } from './facts';
import { look } from './look';
import { at, latest, note, type Watched } from './watch';
import { around } from './wrap';

/** A node that has changed by itself. */
interface Habit {
  _changes: number;
  /** When the last change that counts was, ms. */
  _last: number;
  /** It replaces its children, so what is inside changes with it. */
  _children: boolean;
}

/** Changes of one node within this time are one change, ms. */
const TOGETHER_MS = 25;
/** A node is taken to stand still again after this long, ms. */
const HABIT_MS = 10_000;
/** How often a node must have changed by itself until it counts as moving. */
const CHANGES_TEXT = 2;
const CHANGES_TREE = 3;
const INSIDE_NODES_MAX = 60;
/** A node that changes so often, with no more time between, is moved by a script, ms. */
const FRAMES_MIN = 4;
const FRAME_MS_MAX = 90;
/** A time of day or a countdown: digits that only ever change by themselves. */
const CLOCK = /\d:\d\d|\d\s*[smh]\b/;
/** Help that shows itself to whoever rests on something, pressed or not. */
const TIP = '[role=tooltip],[class*=tooltip i]';
/** Elements that nobody sees. */
const UNSEEN = 'script,style,link,meta,noscript,template,title,base';
/** Attributes that say how a page is used, not what it shows. */
const UNSEEN_ATTRIBUTE = /^(data-(what|focus|furrow|gtm|track)|nonce|tabindex|aria-describedby)/;

/** When something last changed by itself that was not known to do so, ms. */
export let disturbed = -Infinity;
/** Whether anything has changed since somebody asked. */
let news = true;
const habits = new WeakMap<Node, Habit>();
let observer: MutationObserver;

/**
 * Learns the page's own life: which nodes change while nobody presses, so that
 * a clock or a ticker is never taken for an answer. What changes after a press
 * is told by place: inside the target, in a part that moves anyway, elsewhere.
 */
export function watchLife(): void {
  observer = new MutationObserver((records) => read(records, cause()));
  onView(({ document }) => live(document));
  // Observers do not look into shadow trees; each is observed as it is made,
  // and those made before or by the parser when a press goes through them.
  around('Element', /^attachSh/, () => liveShadow as (root: unknown) => void);
}

/** Watches what lives in a shadow tree, too. */
export function liveShadow(root: Node): void {
  enterShadow(root);
  live(root);
}

function live(root: Node): void {
  observer.observe(root, { subtree: true, childList: true, attributeOldValue: true, characterDataOldValue: true });
}

/** Reads what has changed so far, before something new begins. */
export const catchUp = (): void => read(observer.takeRecords(), Cause.Page);

/** Whether the page has changed since this was last asked. */
export function changed(): boolean {
  const was = news;
  news = false;
  return was;
}

/** Whether this node, or a part around it that rebuilds itself, changes by itself. */
export function moves(node: Node | null | undefined): boolean {
  if (node?.nodeType == 3) node = node.parentNode;
  for (let height = 0; node && height < 3; height++, node = node.parentNode) {
    const habit = node.nodeName != 'BODY' && habits.get(node);
    if (!habit) continue;
    const { _changes, _children, _last } = habit;
    const enough = _changes >= (_children ? CHANGES_TREE : CHANGES_TEXT);
    if (enough && now() - _last <= HABIT_MS && (!height || _children)) return true;
  }
  return false;
}

/** Whether "inside this element" says anything; it does not for half a page. */
export const small = (element: Element): boolean =>
  element.getElementsByTagName('*').length <= INSIDE_NODES_MAX && element.localName != 'body';

function read(records: MutationRecord[], by: Cause): void {
  if (by == Cause.Visitor) return;
  const time = now();
  const press = latest();
  for (const record of records) {
    if (!seen(record)) continue;
    const { target, type } = record;
    const node = (type == 'characterData' && target.parentNode) || target;
    const clock = ticks(record);
    news = true;
    const own = press && by == Cause.Press;
    if (!own && (clock || moves(node))) {
      learn(node, time, clock, record);
      note(Fact.MutationMoving, time, press);
    } else if (!press) {
      learn(node, time, false, record);
      disturbed = time;
    } else {
      // What another press before has set off is still that one's.
      const around = latest((one) => one._look !== null && inside(elementOf(node), one));
      if (around && (around == press || !own)) around._inside ??= time;
      else {
        note(Fact.MutationStill, time, press);
        frame(node, time, press);
      }
    }
  }
}

/** A part that stood still and now changes frame after frame is being moved, by a script instead of a style. */
function frame(node: Node, time: number, press: Watched): void {
  const run = press._run;
  if (run?._node != node || time - run._last > FRAME_MS_MAX) press._run = { _node: node, _last: time, _frames: 1 };
  else if (time > run._last) {
    run._last = time;
    if (++run._frames >= FRAMES_MIN) note(Fact.Transition, time, press);
  }
}

/** Whether a change of this element is a matter of the pressed one's own look. */
function inside(element: Element | null, { _element }: Watched): boolean {
  const line = lineOf(element);
  if (line.includes(_element)) return true;
  // A design system's control has its ripple and its focus ring beside it, as elements of their own without content.
  const { host } = _element.getRootNode() as ShadowRoot;
  const height = line.indexOf(host!);
  return height > 0 && !look(element!) && line.slice(0, height).some(({ localName }) => localName.includes('-'));
}

/** Whether the element is the pressed one, or lies in or around it. */
export const related = (element: Element | null, press: Watched | undefined): boolean =>
  !!press && (inside(element, press) || lineOf(press._element).includes(element!));

/** Something moves or changes its look by degrees. The pressed element's own look, and what moves anyway, is no answer. */
export function moved(element: Element | null, time: number, press = at(time)): void {
  if (!press) learn(element!, time, false);
  else if (!moves(element) && !related(element, press)) note(Fact.Transition, time, press);
}

/** This node has changed by itself. */
export function learn(node: Node, time: number, clock: boolean, record?: MutationRecord): void {
  const habit = habits.get(node) ?? { _changes: 0, _last: -Infinity, _children: false };
  if (time - habit._last > TOGETHER_MS) {
    habit._changes += clock ? CHANGES_TREE : 1;
    habit._last = time;
  }
  habit._children ||= !!record && changedNodes(record).some((one) => one.nodeType == 1);
  habits.set(node, habit);
}

const changedNodes = ({ addedNodes, removedNodes }: MutationRecord): Node[] => [...addedNodes, ...removedNodes];

/** Whether a visitor could notice the change. */
function seen(record: MutationRecord): boolean {
  const { target, oldValue, attributeName } = record;
  if (elementOf(target)?.closest(`head,${UNSEEN},${TIP}`)) return false;
  if (attributeName) return (target as Element).getAttribute(attributeName) !== oldValue && !UNSEEN_ATTRIBUTE.test(attributeName);
  return target.nodeType == 3 ? target.nodeValue !== oldValue : changedNodes(record).some(shows);
}

/** Whether the change is a clock's. */
function ticks({ target, oldValue, addedNodes, removedNodes }: MutationRecord): boolean {
  const textOf = (nodes: NodeList) => [...nodes].map((node) => node.textContent!.slice(0, 40)).join('');
  const after = target.nodeValue ?? textOf(addedNodes);
  const shape = (text: string) => text.replace(/\d+/g, '0');
  return CLOCK.test(after) && shape(oldValue ?? textOf(removedNodes)) == shape(after);
}

/** Elements without a picture of their own, hidden ones and measuring pixels are no sight; nor is empty text. */
function shows(node: Node): boolean {
  if (node.nodeType != 1) return node.nodeType == 3 && !!node.nodeValue!.trim();
  const element = node as Element;
  const { width, height } = element.getBoundingClientRect();
  return !element.matches(`${UNSEEN},${TIP}`) && (!element.isConnected || (width > 1 && height > 1));
}
