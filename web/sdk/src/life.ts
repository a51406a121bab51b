import { cause, Cause } from './cause';
import { now } from './clock';
import { Fact } from './facts';
import type { Press } from './presses';
import { up } from './targets';

/** A node that has changed by itself. */
interface Habit {
  changes: number;
  /** When a change was last counted. */
  counted: number;
  last: number;
  gap: number;
  /** It replaces its children, so what is inside changes with it. */
  children: boolean;
}

/** Changes of one node within this time are one change, ms. */
const TOGETHER_MS = 25;
/** A node is taken to stand still again after this long, ms; slower habits get 2.5 periods. */
const HABIT_MS = 10_000;
/** How often a node must have changed by itself until it counts as moving. */
const CHANGES_TEXT = 2;
const CHANGES_TREE = 3;
const INSIDE_NODES_MAX = 60;
/** A time of day or a countdown: digits that only ever change by themselves. */
const CLOCK = /\d:\d\d|\d\s*[smh]\b/;
/** Help that shows itself to whoever rests on something, pressed or not. */
const TIP = '[role=tooltip],[class*=tooltip i]';
const UNSEEN = /^(script|style|link|meta|noscript|template|title|base)$/;
/** Attributes that say how a page is used, not what it shows. */
const UNSEEN_ATTRIBUTE = /^(data-what|data-focus|data-furrow|data-gtm|data-track|nonce|tabindex$|aria-describedby$)/;

/** What the page module tells about a press, as far as this one needs it. */
interface Watch {
  latest(): Press | null;
  note(fact: Fact, at: number, press: Press | null): void;
}

/**
 * The page's own life: which nodes change while nobody presses, so that a
 * clock or a ticker is never taken for an answer. What changes after a press
 * is told by place: inside the target, in a part that moves anyway, elsewhere.
 */
export class Life {
  /** When something last changed by itself that was not known to do so, ms. */
  disturbed = -Infinity;
  watch: Watch = { latest: () => null, note: () => {} };

  private readonly habits = new WeakMap<Node, Habit>();
  private readonly observer = new MutationObserver((records) => this.read(records));

  constructor() {
    this.observe(document);
    // Observers do not look into shadow trees; each is observed as it is made,
    // and those made before or by the parser when a press goes through them.
    const attach = Element.prototype.attachShadow;
    const life = this;
    Element.prototype.attachShadow = function (init) {
      const root = attach.call(this, init);
      life.observe(root);
      return root;
    };
  }

  observe(root: Node): void {
    this.observer.observe(root, {
      subtree: true,
      childList: true,
      attributes: true,
      attributeOldValue: true,
      characterData: true,
      characterDataOldValue: true,
    });
  }

  /** Reads what has changed so far, before something new begins. */
  catchUp(): void {
    const records = this.observer.takeRecords();
    if (records.length) this.read(records, Cause.Page);
  }

  /** Whether this node, or a part around it that rebuilds itself, changes by itself. */
  moves(node: Node | null): boolean {
    let at = node;
    for (let height = 0; at && height < 3; height++, at = at.parentNode) {
      const habit = this.habits.get(at);
      if (!habit || at === document.body) continue;
      const enough = habit.children ? CHANGES_TREE : CHANGES_TEXT;
      const fresh = now() - habit.last <= Math.max(HABIT_MS, 2.5 * habit.gap);
      if (habit.changes >= enough && fresh && (height === 0 || habit.children)) return true;
    }
    return false;
  }

  /** Whether "inside this element" says anything; it does not for half a page. */
  smallEnough(element: Element): boolean {
    return element.getElementsByTagName('*').length <= INSIDE_NODES_MAX && element !== document.body;
  }

  private read(records: MutationRecord[], by = cause()): void {
    if (by === Cause.Visitor) return;
    const at = now();
    const press = this.watch.latest();
    for (const record of records) {
      if (!seen(record)) continue;
      const node = record.type === 'characterData' ? (record.target.parentNode ?? record.target) : record.target;
      const own = press !== null && by === Cause.Press;
      if (!own && (ticks(record) || this.moves(node))) {
        this.learn(node, at, record, true);
        this.watch.note(Fact.MutationMoving, at, press);
      } else if (!press) {
        this.learn(node, at, record, false);
        this.disturbed = at;
      } else if (press.element && this.smallEnough(press.element) && within(node, press.element)) {
        press.inside ??= at;
      } else {
        this.watch.note(Fact.MutationStill, at, press);
      }
    }
  }

  private learn(node: Node, at: number, record: MutationRecord, certain: boolean): void {
    const habit = this.habits.get(node) ?? { changes: 0, counted: -Infinity, last: -Infinity, gap: 0, children: false };
    if (at - habit.counted > TOGETHER_MS) {
      habit.changes++;
      habit.counted = at;
      if (habit.last > 0) habit.gap = at - habit.last;
    }
    habit.last = at;
    habit.children ||= record.type === 'childList' && elements(record).length > 0;
    if (certain && ticks(record)) habit.changes = Math.max(habit.changes, CHANGES_TREE);
    this.habits.set(node, habit);
  }
}

/** Whether a visitor could notice the change. */
function seen(record: MutationRecord): boolean {
  const target = record.target;
  const element = target instanceof Element ? target : target.parentElement;
  if (element && (UNSEEN.test(element.localName) || element.closest(`head,${TIP}`))) return false;
  switch (record.type) {
    case 'attributes': {
      const name = record.attributeName ?? '';
      return (target as Element).getAttribute(name) !== record.oldValue && !UNSEEN_ATTRIBUTE.test(name);
    }
    case 'characterData':
      return target instanceof Text && target.data !== record.oldValue;
    case 'childList':
      return texts(record).some((text) => text.data.trim()) || elements(record).some(shows);
  }
}

/** Whether the change is a clock's. */
function ticks(record: MutationRecord): boolean {
  const [before, after] =
    record.type === 'characterData'
      ? [record.oldValue ?? '', (record.target as Text).data]
      : [textOf(record.removedNodes), textOf(record.addedNodes)];
  const shape = (text: string) => text.replace(/\d+/g, '0');
  return CLOCK.test(after) && shape(before) === shape(after) && record.type !== 'attributes';
}

const textOf = (nodes: NodeList): string =>
  Array.from(nodes, (node) => (node.textContent ?? '').slice(0, 40)).join('');

const changed = (record: MutationRecord): Node[] => [...Array.from(record.addedNodes), ...Array.from(record.removedNodes)];

const texts = (record: MutationRecord): Text[] =>
  changed(record).filter((node): node is Text => node instanceof Text);

const elements = (record: MutationRecord): Element[] =>
  changed(record).filter((node): node is Element => node instanceof Element);

/** Elements without a picture of their own, hidden ones and measuring pixels are no sight. */
function shows(element: Element): boolean {
  if (UNSEEN.test(element.localName) || element.matches(TIP)) return false;
  if (!element.isConnected) return !(element instanceof HTMLImageElement && element.width <= 1);
  const box = element.getBoundingClientRect();
  return box.width > 1 && box.height > 1;
}

function within(node: Node, element: Element): boolean {
  const start = node instanceof Element ? node : node.parentElement;
  for (let at = start; at; at = up(at)) if (at === element) return true;
  return false;
}
