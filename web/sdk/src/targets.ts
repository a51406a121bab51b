import { hashOf } from './hash';
import type { Hash, Writer } from './writer';

export const enum TargetKind {
  Button = 1,
  Link = 2,
  LinkAway = 3,
  TextField = 4,
  Check = 5,
  Select = 6,
  Date = 7,
  File = 8,
  Slider = 9,
  InputLabel = 10,
  Canvas = 11,
  Video = 12,
  Frame = 13,
  Image = 14,
  Text = 15,
  Other = 16,
}

/** An element as the wire names it. */
export interface Target {
  hash: Hash;
  selector: string;
  label: string;
  kind: TargetKind;
  interactive: boolean;
  looksInteractive: boolean;
  ignore: number[];
}

const LABEL_CHARS_MAX = 40;
const NAME_CHARS_MAX = 40;
const SELECTOR_CHARS_MAX = 160;
const CONTROL =
  'button,a[href],input,select,textarea,summary,label,option,video,audio,canvas,iframe,[contenteditable=""],[contenteditable=true],' +
  '[role=button],[role=link],[role=tab],[role=checkbox],[role=radio],[role=switch],[role=option],[role=slider],' +
  '[role^=menuitem],[role=combobox],[role=textbox],[onclick],[onpointerdown],[onmousedown]';
const IGNORE: Record<string, number> = { rage: 1, dead: 2, all: 3 };

/** Elements to which a listener for presses was added; see `wraps.ts`. */
export const listening = new WeakSet<EventTarget>();

/**
 * What was meant to be pressed: the control around the element that was hit,
 * else the outermost element that shows the pointer's hand, else the element.
 */
export function pressed(hit: Element): Element {
  for (let element: Element | null = hit; element && element !== document.body; element = up(element)) {
    if (element.matches(CONTROL)) return element;
  }
  let outermost = hit;
  if (showsHand(hit)) {
    for (let parent = up(hit); parent && showsHand(parent) && parent !== document.body; parent = up(parent)) {
      outermost = parent;
    }
  }
  return outermost;
}

export function describe(element: Element, labels: boolean): Target {
  const masked = !!element.closest('[data-furrow-mask]');
  const kind = kindOf(element);
  const control = element.matches(CONTROL);
  return {
    hash: identity(element),
    selector: masked ? tagOf(element) : selectorOf(element),
    label: masked || !labels ? '' : labelOf(element, kind),
    kind,
    interactive: control || listens(element),
    looksInteractive: control ? !looksDisabled(element) : showsHand(element) || element.hasAttribute('tabindex'),
    ignore: ignoreOf(element),
  };
}

/** Whether it has a listener for presses, or looks pressable below one that may be meant for it. */
function listens(element: Element): boolean {
  if (listening.has(element)) return true;
  for (let at = showsHand(element) ? up(element) : null; at; at = up(at)) if (listening.has(at)) return true;
  return false;
}

/** Stable across page loads and visitors: the path down from the nearest name. */
export function identity(element: Element): Hash {
  const steps: string[] = [];
  for (let at: Element | null = element; at; at = up(at)) {
    const name = nameOf(at);
    if (name) {
      steps.push(tagOf(at) + name);
      break;
    }
    let position = 1;
    for (let before = at.previousElementSibling; before; before = before.previousElementSibling) {
      if (before.tagName === at.tagName) position++;
    }
    steps.push(`${tagOf(at)}:${position}`);
  }
  return hashOf(steps.reverse().join('>'));
}

export function writeTarget(writer: Writer, target: Target): void {
  writer
    .fixed64(1, target.hash)
    .string(2, target.selector)
    .string(3, target.label)
    .uint(4, target.kind)
    .bool(5, target.interactive)
    .bool(6, target.looksInteractive)
    .packed(7, target.ignore);
}

/** The parent, also from within a shadow tree. */
export function up(element: Element): Element | null {
  if (element.parentElement) return element.parentElement;
  const root = element.getRootNode();
  return root instanceof ShadowRoot ? root.host : null;
}

/** Where an event began, also inside open shadow trees. */
export function origin(event: Event): Element | null {
  const first = event.composedPath()[0];
  if (first instanceof Element) return first;
  return first instanceof Node ? first.parentElement : null;
}

const tagOf = (element: Element): string => element.localName.slice(0, NAME_CHARS_MAX);

/** An author's name for the element; generated and personal ones are left out. */
function nameOf(element: Element): string {
  const own = element.getAttribute('data-furrow-name') || element.id;
  if (own && plain(own)) return `#${own}`;
  const named = element.getAttribute('data-testid') || element.getAttribute('name');
  return named && plain(named) ? `[${named}]` : '';
}

/** Looks like a word of the author's, not like a number, an address or a hash. */
function plain(name: string): boolean {
  return name.length <= NAME_CHARS_MAX && /^[A-Za-z][\w-]*$/.test(name) && !/\d{3}|\d\D+\d\D+\d/.test(name);
}

function selectorOf(element: Element): string {
  const own = tagOf(element) + (nameOf(element) || classOf(element));
  for (let around = up(element); around; around = up(around)) {
    const name = nameOf(around);
    if (name || /^(main|nav|header|footer|aside|form|dialog|article|section)$/.test(tagOf(around))) {
      return `${tagOf(around)}${name || classOf(around)} ${own}`.slice(0, SELECTOR_CHARS_MAX);
    }
  }
  return own;
}

/** The first class that names what the element is, not what state it is in. */
function classOf(element: Element): string {
  for (const name of Array.from(element.classList)) {
    if (plain(name) && !/\d|^(is|has|js|css)-|^(active|open|on|off|selected|current|hover|focus|show|hidden)$/.test(name)) {
      return `.${name}`;
    }
  }
  return '';
}

function labelOf(element: Element, kind: TargetKind): string {
  const button = element instanceof HTMLInputElement && /^(button|submit|reset)$/.test(element.type);
  if (kind !== TargetKind.Button && kind !== TargetKind.Link && kind !== TargetKind.LinkAway) return '';
  const text = element.getAttribute('aria-label') || (button ? element.value : element.textContent) || '';
  return text
    .replace(/\s+/g, ' ')
    .replace(/\S+@\S+|\d[\d ./-]{4,}\d/g, '…')
    .trim()
    .slice(0, LABEL_CHARS_MAX);
}

function kindOf(element: Element): TargetKind {
  const role = element.getAttribute('role');
  if (element instanceof HTMLAnchorElement && element.href) {
    const away = element.target && element.target !== '_self';
    return away || element.hasAttribute('download') || !/^https?:$/.test(element.protocol)
      ? TargetKind.LinkAway
      : TargetKind.Link;
  }
  if (element instanceof HTMLInputElement) return inputKind(element.type);
  if (element instanceof HTMLLabelElement) return labelKind(element);
  if (element instanceof HTMLElement && element.isContentEditable) return TargetKind.TextField;
  switch (tagOf(element)) {
    case 'button':
    case 'summary':
      return role === 'switch' || role === 'checkbox' || role === 'radio' ? TargetKind.Check : TargetKind.Button;
    case 'textarea':
      return TargetKind.TextField;
    case 'select':
    case 'option':
      return TargetKind.Select;
    case 'canvas':
      return TargetKind.Canvas;
    case 'video':
    case 'audio':
      return TargetKind.Video;
    case 'iframe':
    case 'embed':
    case 'object':
      return TargetKind.Frame;
    case 'img':
    case 'picture':
    case 'svg':
      return TargetKind.Image;
  }
  switch (role) {
    case 'button':
    case 'tab':
    case 'option':
    case 'menuitem':
      return TargetKind.Button;
    case 'link':
      return TargetKind.Link;
    case 'checkbox':
    case 'radio':
    case 'switch':
    case 'menuitemcheckbox':
    case 'menuitemradio':
      return TargetKind.Check;
    case 'slider':
      return TargetKind.Slider;
    case 'textbox':
    case 'combobox':
      return TargetKind.TextField;
  }
  const texts = Array.from(element.childNodes).some((node) => node instanceof Text && node.data.trim());
  return texts && !showsHand(element) ? TargetKind.Text : TargetKind.Other;
}

function inputKind(type: string): TargetKind {
  switch (type) {
    case 'button':
    case 'submit':
    case 'reset':
    case 'image':
      return TargetKind.Button;
    case 'checkbox':
    case 'radio':
      return TargetKind.Check;
    case 'range':
      return TargetKind.Slider;
    case 'file':
      return TargetKind.File;
    case 'date':
    case 'time':
    case 'month':
    case 'week':
    case 'datetime-local':
      return TargetKind.Date;
    default:
      return TargetKind.TextField;
  }
}

function labelKind(label: HTMLLabelElement): TargetKind {
  const control = label.control;
  if (control instanceof HTMLInputElement) {
    const kind = inputKind(control.type);
    return kind === TargetKind.Check || kind === TargetKind.Button ? kind : TargetKind.InputLabel;
  }
  return control ? TargetKind.InputLabel : TargetKind.Text;
}

const showsHand = (element: Element): boolean => getComputedStyle(element).cursor === 'pointer';

/** A disabled control that looks it invites nobody. */
function looksDisabled(element: Element): boolean {
  if (!element.matches(':disabled,[aria-disabled=true]')) return false;
  const style = getComputedStyle(element);
  return style.cursor === 'not-allowed' || Number(style.opacity) < 0.7 || style.color === 'rgba(16, 16, 16, 0.3)';
}

function ignoreOf(element: Element): number[] {
  const found = new Set<number>();
  for (let at: Element | null = element; at; at = up(at)) {
    for (const word of (at.getAttribute('data-furrow-ignore') ?? '').split(/\s+/)) {
      const number = IGNORE[word];
      if (number) found.add(number);
    }
  }
  return Array.from(found);
}
