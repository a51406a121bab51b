import { lineOf } from './browser';
import { settings } from './settings';
import { hashOf, indexIn, message, words, type Fixed, type Message } from './wire';

/** An element as the wire names it. */
export interface Target {
  readonly _message: Message;
  /** It looks as if it could be pressed. */
  readonly _invites: boolean;
}

export const enum TargetKind {
  Button = 1,
  Link = 2,
  LinkAway = 3,
  TextField = 4,
  Check = 5,
  File = 8,
  InputLabel = 10,
  Image = 14,
  Text = 15,
  Other = 16,
}

/** By the numbers of `TargetKind`: types of input, roles and tags. */
const KINDS = words(
  'button summary submit reset image tab option menuitem|link|-|input textarea textbox combobox|' +
    'checkbox radio switch menuitemcheckbox menuitemradio|select|date time month week datetime-local|file|' +
    'range slider|-|canvas|video audio|iframe embed object|img picture svg',
);
const IGNORE = ['rage', 'dead', 'all'];
const NAME_CHARS_MAX = 40;
/** A label is made of no more of an element's text. */
const LABEL_READ_CHARS_MAX = 200;

/** Elements to which a listener for presses was added; see `calls.ts`. */
export const listening = new WeakSet<EventTarget>();

const attribute = (element: Element, name: string): string => element.getAttribute(name) ?? '';
const tagOf = (element: Element): string => element.localName.slice(0, NAME_CHARS_MAX);
const showsHand = (element: Element): boolean => getComputedStyle(element).cursor == 'pointer';

/** Whether the site wants nothing of it named. */
export const masked = (line: Element[]): boolean => line.some((element) => element.hasAttribute('data-furrow-mask'));

/**
 * What was meant to be pressed: the control around the element that was hit,
 * else the outermost element that shows the pointer's hand, else the element.
 */
export function pressed(hit: Element): Element {
  let shown = hit;
  let hand = true;
  for (const at of lineOf(hit)) {
    if (at.contains(at.ownerDocument.body)) break;
    if (isControl(at)) return at;
    hand &&= showsHand(at);
    if (hand) shown = at;
  }
  return shown;
}

/** What was meant there, as the wire names it. */
export const meant = (hit: Element | null): Target | null => hit && describe(pressed(hit));

function isControl(element: Element): boolean {
  const kind = kindOf(element);
  // A design system's control may tell nothing of itself but that it takes the focus.
  const own = element.localName.includes('-') && element.hasAttribute('tabindex');
  return own || !!(element as HTMLElement).onclick || (kind > 0 && kind < TargetKind.Image);
}

export function describe(element: Element): Target {
  const line = lineOf(element);
  const named = !masked(line);
  const kind = kindOf(element);
  const control = isControl(element);
  const hand = showsHand(element);
  const { opacity, color } = getComputedStyle(element);
  // A disabled control that looks it invites nobody.
  const disabled = element.matches(':disabled,[aria-disabled=true]') && (+opacity < 0.7 || color == 'rgba(16, 16, 16, 0.3)');
  const invites = control ? !disabled : hand || element.hasAttribute('tabindex');
  // Below something that listens, what shows the hand is meant.
  const listens = (hand ? line : [element]).some((around) => listening.has(around));
  const ignored = line.flatMap((around) => attribute(around, 'data-furrow-ignore').split(' '));
  const text = [...element.childNodes].some((node) => node.nodeType == 3 && node.nodeValue!.trim());
  return {
    _invites: invites,
    _message: message(
      identity(element),
      named ? selectorOf(line) : tagOf(element),
      named && settings.labels !== false && kind > 0 && kind <= TargetKind.LinkAway && labelOf(element),
      kind || (text && !hand ? TargetKind.Text : TargetKind.Other),
      control || listens,
      invites,
      IGNORE.flatMap((word, i) => (ignored.includes(word) ? i + 1 : [])),
    ),
  };
}

/** Stable across page loads and visitors: the path down from the nearest name. */
export function identity(element: Element): Fixed {
  let path = '';
  for (const at of lineOf(element)) {
    const name = nameOf(at);
    let alike = 0;
    for (let one: Element | null = at; (one = one.previousElementSibling) && !name; ) alike += +(one.localName == at.localName);
    path += tagOf(at) + (name || alike) + '<';
    if (name) break;
  }
  return hashOf(path);
}

/** An author's name for the element; generated and personal ones are left out. */
function nameOf(element: Element): string {
  const name = ['data-furrow-name', 'id', 'data-testid', 'name'].map((one) => attribute(element, one)).find(plain);
  return name ? `#${name}` : '';
}

/** Looks like a word of the author's, not like a number, an address or a hash. */
const plain = (name: string): boolean =>
  name.length <= NAME_CHARS_MAX && /^[a-z][\w-]*$/i.test(name) && !/\d{3}|\d\D+\d\D+\d/.test(name);

/** What it is, within the nearest part of the page that has a name. */
function selectorOf([element, ...line]: Element[]): string {
  const around = line.find((at) => nameOf(at) || /^(main|nav|header|footer|aside|form|dialog|article|section)$/.test(tagOf(at)));
  return [around, element].flatMap((at) => (at ? tagOf(at) + (nameOf(at) || classOf(at)) : [])).join(' ');
}

/** The first class that names what the element is, not what state it is in. */
function classOf(element: Element): string {
  const state = /\d|^(is|has|js)-|^on$|active|open|select|current|hover|focus|show|hid/;
  const name = [...element.classList].find((one) => plain(one) && !state.test(one));
  return name ? `.${name}` : '';
}

function labelOf(element: Element): string {
  const { localName, value, textContent } = element as HTMLInputElement;
  const text = (attribute(element, 'aria-label') || (localName == 'input' ? value : textContent!)).slice(0, LABEL_READ_CHARS_MAX);
  // A proposal repeats what has been typed.
  const fields = [...element.ownerDocument.querySelectorAll('input,textarea')] as HTMLInputElement[];
  const typed = fields.some((field) => kindOf(field) == TargetKind.TextField && field.value.length > 2 && text.includes(field.value));
  if (typed) return '';
  return text
    .replace(/\s+/g, ' ')
    .replace(/\S+@\S+|\d[\d ./-]{4,}\d/g, '…')
    .trim()
    .slice(0, NAME_CHARS_MAX);
}

/** 0 when it is nothing in particular. */
export function kindOf(element: Element): number {
  const { localName, type, href, target, protocol, control, isContentEditable } = element as HTMLAnchorElement & HTMLInputElement & HTMLLabelElement;
  if (isContentEditable) return TargetKind.TextField;
  if (href && localName == 'a') {
    const away = (target && target != '_self') || element.hasAttribute('download') || !/^http/.test(protocol);
    return away ? TargetKind.LinkAway : TargetKind.Link;
  }
  if (localName == 'label') {
    const kind = control ? kindOf(control) : TargetKind.Text;
    return kind == TargetKind.Check || kind == TargetKind.Button || !control ? kind : TargetKind.InputLabel;
  }
  return indexIn(KINDS, localName == 'input' ? type : attribute(element, 'role')) || indexIn(KINDS, localName);
}
