import { SESSION_IDLE_MS, SESSION_MS_MAX, type Settings } from './settings';

type Bytes = Uint8Array<ArrayBuffer>;

/** What is stored, and only with consent. Ids are hex. */
interface Stored {
  session: string;
  started: number;
  active: number;
  visitor: string;
}

const STORAGE_KEY = 'furrow';

/**
 * Who is here: the session, the visitor when they agreed, and this page load
 * as a sender that numbers its batches.
 *
 * With consent the session is shared by the tabs and pages of a site through
 * local storage; without, it lives in this page's memory and ends with it.
 */
export class Session {
  id: Bytes = new Uint8Array();
  visitor: Bytes = new Uint8Array();
  sender: Bytes = new Uint8Array();
  sequence = 0;
  consent: boolean;
  /** Unix time at the zero of `performance.now()`, fixed for the sender, ms. */
  epoch = 0;

  private started = 0;
  private active = 0;

  constructor(settings: Settings) {
    this.consent = settings.consent === true;
    this.open(this.consent ? load() : null);
    if (!this.consent) forget();
  }

  /** Whether the next interaction must begin a new session. */
  get expired(): boolean {
    const time = Date.now();
    if (!gone({ started: this.started, active: this.active }, time)) return false;
    // Another tab may have kept it alive.
    const active = (this.consent && load()?.active) || this.active;
    return gone({ started: this.started, active }, time);
  }

  /** Begins a new session, or joins the one that another tab has begun. */
  renew(): void {
    this.open(this.consent ? load() : null);
  }

  /** Calls `act` when another tab has withdrawn the visitor's consent. */
  onForgotten(act: () => void): void {
    addEventListener('storage', ({ key, newValue }) => {
      if (this.consent && newValue === null && (key === STORAGE_KEY || key === null)) act();
    });
  }

  touch(): void {
    this.active = Date.now();
  }

  /** Writes down how long the session has been active. Called once per batch. */
  store(): void {
    if (!this.consent) return;
    save({
      session: hex(this.id),
      started: this.started,
      active: this.active,
      visitor: hex(this.visitor),
    });
  }

  /** With consent the visitor gets an id; when it is withdrawn, everything is forgotten. */
  decide(consent: boolean): void {
    this.consent = consent;
    if (consent) {
      this.visitor = unhex(load()?.visitor ?? '') ?? random(16);
      this.store();
    } else {
      forget();
      this.open(null);
    }
  }

  private open(stored: Stored | null): void {
    const time = Date.now();
    const known = stored && !gone(stored, time) ? unhex(stored.session) : null;
    this.id = known ?? uuid7(time);
    this.started = known && stored ? stored.started : time;
    this.active = time;
    this.visitor = this.consent ? (unhex(stored?.visitor ?? '') ?? random(16)) : new Uint8Array();
    this.sender = random(8);
    this.sequence = 0;
    this.epoch = time - performance.now();
    this.store();
  }
}

function gone(times: { started: number; active: number }, time: number): boolean {
  return time - times.active > SESSION_IDLE_MS || time - times.started > SESSION_MS_MAX;
}

function random(length: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(length));
}

/** RFC 9562: 48 bits of Unix ms, version, variant, the rest random. */
function uuid7(time: number): Bytes {
  const id = random(16);
  for (let i = 5, rest = time; i >= 0; i--, rest = Math.floor(rest / 256)) id[i] = rest % 256;
  id[6] = (id[6]! & 0x0f) | 0x70;
  id[8] = (id[8]! & 0x3f) | 0x80;
  return id;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function unhex(text: string): Bytes | null {
  const pairs = /^[0-9a-f]{32}$/.test(text) ? text.match(/../g) : null;
  return pairs && Uint8Array.from(pairs, (pair) => parseInt(pair, 16));
}

// Storage may be blocked or full; then the visitor is simply not recognised.

function load(): Stored | null {
  try {
    return JSON.parse(localStorage.getItem(STORAGE_KEY) ?? 'null') as Stored | null;
  } catch {
    return null;
  }
}

function save(stored: Stored): void {
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(stored));
  } catch {
    // As above.
  }
}

function forget(): void {
  try {
    localStorage.removeItem(STORAGE_KEY);
  } catch {
    // As above.
  }
}
