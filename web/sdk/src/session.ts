import { SESSION_IDLE_MS, SESSION_LOADS_MAX, SESSION_MS_MAX } from './settings';

/** What is stored, and only with consent. Ids are hex; `visitor` is empty without consent. */
interface Stored {
  session: string;
  started: number;
  active: number;
  visitor: string;
  /** Senders so far. */
  loads: number;
}

const STORAGE_KEY = 'furrow';

/**
 * Who is here: the session, the visitor when they agreed, and this page load
 * as a sender that numbers its batches.
 *
 * With consent the session is shared by the tabs and pages of a site through
 * local storage; without, it lives in this page's memory and ends with it.
 */
export let session: Stored;
export let consented = false;
export let sender: string;
/** Unix time at the zero of `performance.now()`, fixed for the sender, ms. */
export let epoch: number;
let sequence: number;

/** The number of the sender's next batch. */
export const nextSequence = (): number => sequence++;

export const bytesOf = (hex: string): number[] => (hex.match(/../g) ?? []).map((pair) => parseInt(pair, 16));

/** Begins a session, or joins the one that another page or tab has begun. */
export function begin(): void {
  const time = Date.now();
  const stored = load();
  // RFC 9562: 48 bits of Unix ms, version 7, the variant's two bits, the rest random.
  const fresh = { session: `0${time.toString(16)}7${random(3)}a${random(15)}`, started: time, loads: 0 };
  const joined = stored && !gone(stored, time) && stored.loads < SESSION_LOADS_MAX ? stored : fresh;
  session = {
    ...joined,
    loads: joined.loads + 1,
    active: time,
    visitor: consented ? stored?.visitor || random(32) : '',
  };
  sender = random(16);
  sequence = 0;
  epoch = time - performance.now();
  write();
}

/** Whether the next interaction must begin a new session. Another tab may have kept it alive. */
export function expired(): boolean {
  const time = Date.now();
  if (!gone(session, time)) return false;
  const stored = load();
  return stored?.session != session.session || gone(stored, time);
}

export const touch = (): unknown => (session.active = Date.now());

/** Whether the visitor's browser says, by Global Privacy Control, that they agree to nothing. */
export const withheld = (): boolean => !!(navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl;

/** Begins as the site says. What was stored earlier stays until the visitor is known to disagree. */
export function open(consent: boolean): void {
  consented = consent && !withheld();
  if (withheld()) forget();
  begin();
}

/** The visitor agrees, and gets an id. Says whether there is a session of theirs that this page must go on in. */
export function agree(): boolean {
  consented = true;
  const stored = load();
  if (stored && !gone(stored, Date.now())) return true;
  session.visitor = stored?.visitor || random(32);
  write();
  return false;
}

/** The visitor no longer agrees: everything is forgotten, and another session begins. */
export function withdraw(): void {
  consented = false;
  forget();
  begin();
}

export function forget(): void {
  store('localStorage', '');
  store('sessionStorage', '');
}

/** Calls `act` when another tab has withdrawn the visitor's consent. */
export function onForgotten(act: () => void): void {
  addEventListener('storage', ({ key, newValue }) => {
    if (consented && newValue === null && (key === STORAGE_KEY || key === null)) act();
  });
}

/** Writes down how long the session has been active. Called once per batch. A session that another tab has begun since is left alone. */
export function keep(): void {
  const stored = load();
  const same = stored?.session == session.session;
  if (same) session.loads = stored!.loads;
  if (same || !stored || gone(stored, Date.now())) write();
}

const write = (): unknown => store('localStorage', JSON.stringify(session));

/**
 * Reads what is stored there, or writes it; an empty text forgets it. Nothing
 * is read or written without consent. Storage may be blocked or full; then the
 * visitor is simply not recognised.
 */
export function store(place: 'localStorage' | 'sessionStorage', text?: string): string | null | undefined {
  try {
    const storage = window[place];
    if (text === undefined) return consented ? storage.getItem(STORAGE_KEY) : null;
    if (!text) storage.removeItem(STORAGE_KEY);
    else if (consented) storage.setItem(STORAGE_KEY, text);
  } catch {
    // As above.
  }
}

function load(): Stored | null {
  if (!consented) return null;
  try {
    const stored = JSON.parse(store('localStorage')!) as Stored;
    return /^\w{32}$/.test(stored.session) ? stored : null;
  } catch {
    return null;
  }
}

const gone = (times: { started: number; active: number }, time: number): boolean =>
  time - times.active > SESSION_IDLE_MS || time - times.started > SESSION_MS_MAX;

/** Hexadecimal digits. */
const random = (digits: number): string =>
  [...crypto.getRandomValues(new Uint8Array(digits))].map((byte) => (byte % 16).toString(16)).join('');
