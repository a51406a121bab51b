/** The shop's pages. Each control that the tests and the curious press has an id. */
import { art } from './art';
import { basket, clear, cost, pieces, put } from './basket';
import { GOODS, good, money } from './goods';
import { deals, search, tile, tryAll, workshop } from './more';

declare const furrow: {
  conversion(goal: { orderId: string; valueMinor: number; currency: string }): void;
  consent(given: boolean): void;
};

const at = <T extends Element = HTMLElement>(selector: string): T => document.querySelector<T>(selector)!;
const press = (selector: string, act: () => void) => at(selector).addEventListener('click', act);

const PAGES: Record<string, () => void> = { index: list, product, cart, checkout, search, deals, workshop, try: tryAll };
PAGES[document.body.dataset['page'] ?? '']?.();
chrome();

function chrome(): void {
  count();
  const dashboard = document.querySelector<HTMLMetaElement>('meta[name=furrow-dashboard]')?.content;
  document.querySelectorAll<HTMLAnchorElement>('[data-dashboard]').forEach((link) => dashboard && (link.href = dashboard));
  document.querySelectorAll<HTMLElement>('[data-art]').forEach((box) => {
    const { id, tint } = good(box.dataset['art'] ?? '');
    box.innerHTML = art(id, tint, 1);
  });
  const memory = at('#memory');
  const show = (on: boolean) => {
    memory.setAttribute('aria-checked', String(on));
    at('#memory b').textContent = on ? 'on' : 'off';
  };
  show(localStorage.getItem('shop-memory') !== 'off');
  press('#memory', () => {
    const on = memory.getAttribute('aria-checked') !== 'true';
    if (on) localStorage.removeItem('shop-memory');
    else localStorage.setItem('shop-memory', 'off');
    furrow.consent(on);
    show(on);
  });
}

function count(): void {
  const badge = at('#cart-count');
  badge.textContent = String(pieces());
  badge.hidden = pieces() === 0;
}

function list(): void {
  at('#products').innerHTML = GOODS.map(tile).join('');
}

function product(): void {
  const shown = good(new URLSearchParams(location.search).get('p'));
  document.title = `${shown.name} · Till & Tine`;
  at('#crumb').textContent = at('#name').textContent = shown.name;
  at('#lead').textContent = shown.lead;
  at('#price').textContent = money(shown.price);

  const pictures = [0, 1, 2];
  at('#carousel-track').innerHTML = pictures.map((turn) => `<div>${art(shown.id, shown.tint, turn)}</div>`).join('');
  at('#carousel-dots').innerHTML = pictures.map(() => '<i></i>').join('');
  let picture = 0;
  const turnTo = (next: number) => {
    picture = (next + pictures.length) % pictures.length;
    at('#carousel-track').style.transform = `translateX(${-100 * picture}%)`;
    document.querySelectorAll('#carousel-dots i').forEach((dot, i) => dot.classList.toggle('on', i === picture));
  };
  turnTo(0);
  press('#carousel-next', () => turnTo(picture + 1));
  press('#carousel-previous', () => turnTo(picture - 1));

  let quantity = 1;
  const step = (by: number) => {
    quantity = Math.min(99, Math.max(1, quantity + by));
    at('#quantity').textContent = String(quantity);
  };
  press('#stepper-plus', () => step(1));
  press('#stepper-minus', () => step(-1));
  press('#add', () => {
    put(shown.id, quantity);
    count();
    at('#add').textContent = `In your basket (${basket()[shown.id]})`;
  });
  press('#toggle', () => {
    const on = at('#toggle').getAttribute('aria-pressed') !== 'true';
    at('#toggle').setAttribute('aria-pressed', String(on));
  });

  // The request waits a moment for further presses, as careful pages do.
  let asked = 0;
  press('#slow', () => {
    clearTimeout(asked);
    asked = setTimeout(async () => {
      await fetch('/shop/api/slow');
      const day = new Date(Date.now() + 3 * 86_400_000).toLocaleDateString('en', { weekday: 'long' });
      at('#delivery').textContent = `Ordered now, it is with you on ${day}.`;
    }, 40);
  });
  press('#error', async () => {
    const answer = await fetch('/shop/api/error');
    const stores = (await answer.json()) as { nearest?: { name: string } };
    at('#delivery').textContent = `In stock at ${stores.nearest!.name}.`;
  });
  press('#compare', () => {
    throw new RangeError('nothing to compare with');
  });
  // "Apply voucher", "Hold this price" and the colours have no listeners. That is their job.

  const end = Date.now() + 15 * 60_000;
  setInterval(() => {
    const left = Math.max(0, Math.round((end - Date.now()) / 1_000));
    const two = (value: number) => String(value).padStart(2, '0');
    at('#countdown').textContent = `${two(Math.floor(left / 60))}:${two(left % 60)}`;
  }, 1_000);

  const panels: Record<string, string> = {
    '': `<p>${shown.lead}</p><ul><li>Made in batches of sixty</li><li>Five years of free repair</li><li>Weighs 1.2 kg</li></ul>`,
    '/care': '<p>Rinse, dry, hang up. Oil the wood once a year, the metal when it asks. Do not leave it in the rain to make a point.</p>',
    '/reviews': '<p><b>“Outlived my marriage.”</b> — Ines</p><p><b>“Bought one, then three.”</b> — Tomas</p><p><b>“The voucher button is another matter.”</b> — Noor</p>',
  };
  // The spares are gone from the server; the tab still leads there.
  const spares = async () => {
    const answer = await fetch('/shop/api/error');
    at('#panel').innerHTML = answer.ok ? '<p>A brass rose, a handle.</p>' : '<p>We cannot find this page.</p>';
  };
  const view = () => {
    const name = location.pathname.replace(/^\/product(\.html)?/, '');
    document.querySelectorAll<HTMLElement>('[role=tab]').forEach((tab) => {
      tab.setAttribute('aria-selected', String(tab.dataset['view'] === name));
    });
    if (name === '/spares') void spares();
    else at('#panel').innerHTML = panels[name] ?? panels['']!;
  };
  view();
  addEventListener('popstate', view);
  document.querySelectorAll<HTMLElement>('[role=tab]').forEach((tab) => {
    tab.addEventListener('click', () => {
      history.pushState(null, '', `/product${tab.dataset['view']}?p=${shown.id}`);
      view();
    });
  });
}

function cart(): void {
  const show = () => {
    const held = Object.entries(basket());
    at('#lines').innerHTML = held.length
      ? held
          .map(([id, many]) => {
            const { name, price, tint } = good(id);
            return `<li><div class="thumb">${art(id, tint)}</div><div><b>${name}</b><span>${many} × ${money(price)}</span></div><button class="plain" type="button" data-remove="${id}">Remove</button></li>`;
          })
          .join('')
      : '<li class="empty">Nothing here yet. <a href="/">Have a look around.</a></li>';
    at('#goods').textContent = at('#total').textContent = money(cost());
    document.querySelectorAll<HTMLElement>('[data-remove]').forEach((button) =>
      button.addEventListener('click', () => {
        const id = button.dataset['remove']!;
        put(id, -(basket()[id] ?? 0));
        count();
        show();
      }),
    );
  };
  show();
}

function checkout(): void {
  const view = () => {
    const done = location.pathname.endsWith('/done');
    at('#form-view').hidden = done;
    at('#done-view').hidden = !done;
    at('#order').textContent = sessionStorage.getItem('shop-order') ?? '';
  };
  view();
  addEventListener('popstate', view);
  at('#total').textContent = money(cost());
  const form = at<HTMLFormElement>('#checkout');
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (!form.checkValidity()) {
      at('#fault').textContent = 'Please fill in every field.';
      return;
    }
    const order = `TT-${Date.now().toString(36).toUpperCase()}`;
    sessionStorage.setItem('shop-order', order);
    furrow.conversion({ orderId: order, valueMinor: cost(), currency: 'EUR' });
    clear();
    count();
    history.pushState(null, '', '/checkout/done');
    view();
  });
}
